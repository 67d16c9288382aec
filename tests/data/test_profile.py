import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebal_core.data.profile import (
    band_of,
    bands,
    class_counts,
    effective_classes,
    gini,
    imbalance_ratio,
    item_counts,
    lorenz,
    profile,
    task_of,
    visible_effect,
)
from rebal_core.data.reading.load import from_frame
from rebal_core.wording import UserError

COUNTS = st.lists(st.integers(1, 10_000), min_size=1, max_size=50).map(np.array)


def test_profile_against_plain_pandas(tiny_multiclass, tmp_path):
    found = profile(from_frame(tiny_multiclass, tmp_path / "d", target="label"))
    counts = np.array([280, 90, 24, 6])
    p = counts / 400
    assert [c["label"] for c in found.classes] == ["a", "b", "c", "d"]
    assert [c["count"] for c in found.classes] == counts.tolist()
    assert [c["share"] for c in found.classes] == pytest.approx(p.tolist())
    assert found.imbalance_ratio == pytest.approx(280 / 6)
    pairs = np.abs(counts[:, None] - counts[None, :]).sum()
    assert found.gini == pytest.approx(pairs / (2 * 4 * counts.sum()))
    assert found.effective_classes == pytest.approx(np.exp(-(p * np.log(p)).sum()))
    assert (found.rows, found.columns, found.task) == (400, 5, "multiclass")
    assert found.roles["label"] == "target"


def test_profile_is_json_without_nan(tiny_binary, tmp_path):
    dataset = from_frame(tiny_binary, tmp_path / "d")
    values = profile(dataset.with_schema(dataset.schema)).to_dict()
    assert values["target"] is None
    assert values["classes"] == []
    assert [values[k] for k in ("task", "imbalance_ratio", "gini", "effective_classes")] == [
        None
    ] * 4
    json.dumps(values, allow_nan=False)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([True] * 3 + [False] * 5, ["False", "True"]),
        ([1.0, 1.0, 0.0, None], ["1", "0"]),
        (["x", "x", "y", None], ["x", "y"]),
        (pd.to_datetime(["2026-01-02", "2026-01-02", "2026-01-03"]), ["2026-01-02", "2026-01-03"]),
    ],
)
def test_labels_agree_with_the_dataset(values, labels, tmp_path):
    frame = pd.DataFrame({"f": np.arange(len(values)), "t": values})
    dataset = from_frame(frame, tmp_path / "d", target="t")
    counted = class_counts(dataset)
    assert counted["label"].tolist() == labels == list(dataset.labels().classes)
    assert counted["count"].tolist() == list(dataset.labels().counts)


def test_no_target_is_told(tiny_binary, tmp_path):
    with pytest.raises(UserError, match="no target"):
        class_counts(from_frame(tiny_binary, tmp_path / "d"))


def test_item_counts_keep_items_that_never_hit(tmp_path):
    frame = pd.DataFrame({"i": list("aaabbc"), "t": ["y", "y", "n", "y", "n", "n"], "x": range(6)})
    dataset = from_frame(frame, tmp_path / "d", target="t")
    assert item_counts(dataset, "i").tolist() == [3, 2, 1]
    assert item_counts(dataset, "i", "y").tolist() == [2, 1, 0]


@given(COUNTS)
@settings(max_examples=50, deadline=None)
def test_gini_is_the_area_of_the_lorenz_curve(counts):
    curve = lorenz(counts)
    area = np.trapezoid(curve["rows"], curve["classes"])
    assert gini(counts) == pytest.approx(1 - 2 * area, abs=1e-9)
    assert np.diff(curve["rows"]).min() >= 0


@given(COUNTS)
@settings(max_examples=50, deadline=None)
def test_effective_classes_lie_between_one_and_all(counts):
    assert 1 - 1e-9 <= effective_classes(counts) <= len(counts) + 1e-9
    assert effective_classes(np.full(7, 5)) == pytest.approx(7)


def test_undefined_numbers_are_none():
    nothing, one = np.array([], dtype=int), np.array([7])
    assert (imbalance_ratio(nothing), gini(nothing), effective_classes(nothing)) == (None,) * 3
    assert (imbalance_ratio(one), gini(one), effective_classes(one)) == (None, 0.0, 1.0)


def test_ten_thousand_classes_are_thinned():
    counts = np.arange(1, 10_001)
    curve = lorenz(counts)
    assert len(curve) == 200
    assert curve.iloc[0].tolist() == [0, 0]
    assert curve.iloc[-1].tolist() == [1, 1]
    assert lorenz(np.array([], dtype=int)).empty


def test_bands_cover_every_class():
    counts = np.array([40, 30, 10, 8, 6, 4, 2])
    # Shares before each: 0, .4, .7, .8, .88, .94, .98.
    assert band_of(counts).tolist() == [0, 0, 1, 2, 2, 2, 2]
    table = bands(counts)
    assert table["band"].tolist() == ["head", "mid", "tail"]
    assert table["classes"].tolist() == [2, 1, 4]
    assert table["rows"].tolist() == [70, 10, 20]
    assert bands(np.array([98, 2]))["classes"].tolist() == [1, 0, 1]


def test_task():
    assert [task_of(k) for k in (1, 2, 3)] == ["binary", "binary", "multiclass"]


def test_visible_effect():
    assert visible_effect(9) is None
    # 300 positives: (1.96 + .84) * 1.5 * sqrt(2) * .027.
    assert visible_effect(300) == pytest.approx(0.1605, abs=0.001)
    assert visible_effect(4_000) == pytest.approx(visible_effect(1_000) / 2)
    assert visible_effect(300, factor=1.2) < visible_effect(300)
    falling = [visible_effect(n) for n in (10, 20, 50, 61, 100, 300, 1_000, 10_000)]
    assert falling == sorted(falling, reverse=True)
