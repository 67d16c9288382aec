"""Several strategies beside each other on the Plan page, on the rows of one class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.components import plan_side_by_side
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.planning import make_plan
from rebal_core.figures.side_by_side import Side, side_by_side
from rebal_core.preview import makers, panel, rows_for, training_part


@pytest.fixture
def part(tmp_path):
    rng = np.random.default_rng(0)
    y = np.where(rng.random(700) < 0.1, "rare", "common")
    frame = pd.DataFrame(
        {"a": rng.normal(size=700), "b": rng.normal(size=700) + 2 * (y == "rare"), "y": y}
    )
    dataset = from_frame(frame, tmp_path / "d", target="y")
    return training_part(dataset, make_plan(dataset).protocol)


def test_a_panel_holds_made_rows_of_the_class_alone(part) -> None:
    rare = part.labels.classes.index("rare")
    some = rows_for(part, rare, others=200)
    assert some.counts[rare] == part.counts[rare]
    assert sum(some.counts) == part.counts[rare] + 200
    made = panel(some, "smote", rare, 50)
    assert made.marks["kind"].tolist() == ["interpolated"] * 50
    own = some.places[some.typed.y == rare]
    for name, side in (("x", 0), ("y", 1)):
        assert made.marks[name].between(own[:, side].min() - 1e-6, own[:, side].max() + 1e-6).all()
    assert set(panel(some, "copula", rare, 50).marks["kind"]) == {"generated"}
    assert {"smote", "copula", "rose"} <= {spec.name for spec in makers()}
    assert not {"random_over", "random_under", "smote_enn"} & {spec.name for spec in makers()}


def test_the_page_draws_a_panel_for_each(page, dataset, monkeypatch) -> None:
    monkeypatch.setattr(plan_side_by_side, "PATIENCE", 60)
    app = page("plan", ds=dataset)
    assert not [c for c in app.caption if "The same training rows" in c.value]
    next(t for t in app.toggle if t.key == "plan_side").set_value(True).run()
    assert not app.exception
    assert [c for c in app.caption if "The same training rows" in c.value]
    next(m for m in app.multiselect if m.key == "plan_side_strategies").set_value([]).run()
    assert [c for c in app.caption if c.value == "Choose at least one strategy."]


@pytest.mark.parametrize("dark", [False, True])
def test_no_mark_is_cut_at_the_edge_and_each_kind_is_named_once(dark) -> None:
    real = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 2.0], "inside": [False, True]})
    sides = [
        Side(name, pd.DataFrame({"x": [x], "y": [1.0], "kind": [kind]}))
        for name, x, kind in (
            ("one", 5.0, "interpolated"),
            ("two", -3.0, "generated"),
            ("three", 0.5, "generated"),
        )
    ]
    figure = side_by_side(real, sides, own="rare", dark=dark)
    (left, right), (low, high) = figure.layout.xaxis.range, figure.layout.yaxis.range
    assert left < -3.0 < 5.0 < right
    assert low < 0.0 < 2.0 < high
    symbols = {t.name: t.marker.symbol for t in figure.data if t.showlegend}
    assert symbols == {
        "other classes": "circle",
        "interpolated": "diamond-open",
        "rare": "circle",
        "generated": "triangle-up-open",
    }
    assert sum(t.showlegend for t in figure.data) == len(symbols)
