"""Who holds the rows of a class, and as how many of equal size they count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebal_core.data.reading.load import from_frame
from rebal_core.data.units import held, held_too_unevenly


@given(st.lists(st.integers(0, 60), min_size=1, max_size=30).filter(any))
def test_who_holds_half_of_the_rows(sizes):
    who, falling = held(np.array(sizes)), sorted(sizes, reverse=True)
    assert who.values == sum(n > 0 for n in sizes)
    assert 1 - 1e-9 <= who.units <= who.values + 1e-9
    assert sum(falling[: who.top]) >= sum(sizes) / 2 > sum(falling[: who.top - 1]) - 1e-9
    assert who.share == pytest.approx(sum(falling[: who.top]) / sum(sizes))


def test_nobody_holds_nothing():
    assert held(np.zeros(3)).few
    assert held(np.zeros(0)).values == 0


def test_rows_without_a_value_are_each_of_their_own(tmp_path, tiny_binary):
    rare = tiny_binary["label"] == "rare"
    for gone, few in ((0, True), (1, False)):
        who = np.where(rare, "A", np.arange(len(tiny_binary)).astype(str)).astype(object)
        who[rare.to_numpy() & (np.arange(len(who)) % 2 < gone)] = None
        who[np.flatnonzero(rare)[0]] = "B"
        frame = tiny_binary.assign(customer=who)
        dataset = from_frame(frame, tmp_path / f"d{gone}", target="label")
        found = held_too_unevenly(dataset, "customer")
        assert (found is not None) == few
        if found:
            assert (found[0], found[1].values, found[1].top) == ("rare", 2, 1)
