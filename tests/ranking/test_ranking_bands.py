"""Which items are head, mid and tail."""

from __future__ import annotations

import numpy as np

from rebal_core.data.profile import bands
from rebal_core.ranking.bands import BANDS, HEAD, MID, TAIL, bands_of, visits_in, within_bands
from rebal_core.ranking.trial import Truth


def test_bands_by_events_are_those_of_the_profile_in_the_order_of_the_catalogue():
    popularity = np.random.default_rng(0).permutation(np.arange(1, 200) ** 2)
    found = bands_of(popularity)
    told = bands(popularity).set_index("band")
    for band, name in enumerate(BANDS):
        assert (found == band).sum() == told.loc[name, "classes"]
        assert popularity[found == band].sum() == told.loc[name, "rows"]
    assert popularity[found == HEAD].min() > popularity[found == MID].max()
    assert popularity[found == MID].min() > popularity[found == TAIL].max()


def test_of_equal_items_the_lower_code_is_nearer_to_the_head():
    assert bands_of(np.full(10, 3)).tolist() == [HEAD] * 5 + [MID] * 3 + [TAIL] * 2
    # Short arrays keep the order of equals under any sort; long ones do not.
    assert (np.diff(bands_of(np.full(5_000, 3))) >= 0).all()
    mixed = np.tile([3, 1], 2_500)
    assert (np.diff(bands_of(mixed)[0::2]) >= 0).all()
    assert (np.diff(bands_of(mixed)[1::2]) >= 0).all()
    assert bands_of(np.array([1, 8, 1])).tolist() == [TAIL, HEAD, TAIL]


def test_by_items_the_head_is_a_fifth_and_the_tail_a_half():
    found = bands_of(np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 1000]), by="items")
    assert found.tolist() == [TAIL] * 5 + [MID] * 3 + [HEAD] * 2


def test_an_item_without_events_is_tail_by_either_rule():
    for by in ("events", "items"):
        assert bands_of(np.array([5, 0, 0, 0, 0]), by=by).tolist() == [HEAD] + [TAIL] * 4
        assert bands_of(np.zeros(3, dtype=int), by=by).tolist() == [TAIL] * 3
        assert bands_of(np.array([], dtype=int), by=by).size == 0
    # By place alone it would be mid.
    assert bands_of(np.array([9, 9, 9, 0, 0, 0, 0, 0]), by="items")[3] == TAIL


def test_each_true_item_is_right_in_one_band():
    truth = Truth(np.array([0, 2, 3]), np.array([0, 2, 1]))
    parts = within_bands(truth, np.array([HEAD, TAIL, HEAD]))
    assert parts["head"].item.tolist() == [0, 2]
    assert parts["tail"].starts.tolist() == [0, 0, 1]
    assert len(parts["mid"].item) == 0


def test_a_visit_counts_once_however_many_items_of_a_band_it_comes_to():
    bands = np.array([HEAD, TAIL, TAIL])
    truth = Truth(np.array([0, 2, 4, 5, 5]), np.array([1, 2, 0, 1, 0]))
    assert [visits_in(truth, bands, band) for band in (HEAD, MID, TAIL)] == [2, 0, 2]
