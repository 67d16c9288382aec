"""Curves and comparison figures: their points, words and marks; never pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fake_runs import binary_run, many_run
from hypothesis import given
from hypothesis import strategies as some
from sklearn.metrics import auc, average_precision_score, roc_auc_score

from rebal_core.evaluation import build_report, evaluate
from rebal_core.evaluation.curves import CURVES, ArmCurves, class_curves
from rebal_core.evaluation.decided import decide_arms
from rebal_core.figures import compare, curves
from rebal_core.figures.curves import ticks
from rebal_core.figures.looks import contrast, looks, tone
from rebal_core.figures.theme import FAMILIES, palette
from rebal_core.metrics import METRICS

FAMILY = {
    "threshold/logistic": "reference",
    "remedy0/logistic": "over",
    "remedy1/logistic": "over",
}
ARMS = list(FAMILY)
EVERY = FAMILY | {"remedy2/logistic": "under"}


@pytest.fixture(scope="module")
def run():
    return binary_run(n=3_000, positives=300, better=0.6, repeats=2)


@pytest.fixture(scope="module")
def binary(run):
    return evaluate(*run)


@pytest.fixture(scope="module")
def decided(run):
    arms, protocol, classes, positive = run
    return decide_arms(arms, protocol, len(classes), positive)


@pytest.fixture(scope="module")
def drawn(decided):
    return class_curves(decided, 1)


@pytest.fixture(scope="module")
def many():
    return evaluate(*many_run(sizes=(400, 200, 90, 40, 20)))


def pooled(decided, arm):
    """Truth and repaired probability of “yes” over all out-of-fold rows of an arm."""
    cells = decided[arm].cells
    return (
        np.concatenate([d.cell.y for d in cells]) == 1,
        np.concatenate([d.proba[:, 1] for d in cells]),
    )


def test_curves_hold_the_scores(decided, drawn):
    truth, p = pooled(decided, ARMS[0])
    assert truth.size == 6_000
    roc = drawn.curve("roc", ARMS[:1])
    assert auc(roc.false_alarms, roc.recall) == pytest.approx(roc_auc_score(truth, p), abs=2e-3)
    pr = drawn.curve("precision_recall", ARMS[:1])
    area = (np.diff(np.append(0.0, pr.recall)) * pr.precision).sum()
    assert area == pytest.approx(average_precision_score(truth, p), abs=5e-3)
    for name in CURVES:
        frame = drawn.curve(name, ARMS)
        assert frame.groupby("arm").size().max() <= 1_001
        assert set(frame.arm) == set(ARMS)
    capture = drawn.curve("capture", ARMS[:1])
    assert capture.iloc[-1][["acted", "recall"]].tolist() == [1_000.0, 1.0]
    bins = drawn.curve("calibration", ARMS[:1])
    assert bins.rows.sum() == 6_000
    assert ((bins.low <= bins.happened) & (bins.happened <= bins.high)).all()


def test_curves_of_a_class_without_rows_are_empty():
    for name in ("roc", "precision_recall", "capture"):
        counted = ArmCurves.of(np.zeros(5, dtype=bool), np.linspace(0, 1, 5))
        assert len(CURVES[name](counted)) == 0


def test_grid_counts_the_rows_from_each_cut_off_on(decided, drawn):
    grid = drawn.grid(ARMS[1])
    assert 100 <= len(grid) <= 200
    assert 0.5 in grid.t.to_numpy()
    assert grid.t.is_monotonic_increasing
    assert (grid[["tp", "fp", "fn", "tn"]].sum(axis=1) == 3_000).all()
    truth, p = pooled(decided, ARMS[1])
    for row in grid.itertuples():
        assert (truth & (p >= row.t)).sum() == 2 * row.tp
        assert (~truth & (p >= row.t)).sum() == 2 * row.fp


def test_the_slider_stands_exactly_where_the_rule_decides(run, binary, decided):
    for label in (0, 1):
        own = binary.cutoffs(label)
        for arm, t in own.items():
            grid = class_curves(decided, label, own).grid(arm)
            assert t in grid.t.to_numpy()
            assert len(grid) == len(class_curves(decided, label).grid(arm)) + 1
    # A rule's best cut-off, chosen on these rows, is beaten by no step beside it.
    arm, t = ARMS[0], binary.cutoffs(1)[ARMS[0]]
    grid = class_curves(decided, 1, {arm: t}).grid(arm)
    f1 = 2 * grid.tp / (2 * grid.tp + grid.fp + grid.fn)
    assert binary.protocol.rule == "f1"
    assert f1[grid.t == t].item() == f1.max()


def test_grid_of_ties():
    grid = ArmCurves.of(np.arange(30) < 3, np.full(30, 0.2)).grid()
    assert grid.t.tolist() == [0.2, 0.5]
    assert grid.tp.tolist() == [3.0, 0.0]


def test_confusion_matches_the_displayed_recall(binary):
    for rule in ("default", "tuned"):
        matrix = binary.confusion(ARMS[0], rule)
        recall = matrix.loc["yes", "yes"] / matrix.loc["yes"].sum()
        assert recall == pytest.approx(binary.scores[ARMS[0]].series("recall", rule).mean)


def test_curve_figures_wear_the_families(drawn):
    more = {"prevalence": 0.1, "points": {ARMS[0]: (0.5, 0.4)}}
    figure = curves.precision_recall(drawn.curve("precision_recall", ARMS), FAMILY, **more)
    names = [t.name for t in figure.data if t.mode == "lines"]
    assert names == [*ARMS, "guessing"]
    assert figure.data[0].line.dash == FAMILIES["reference"].dash
    assert figure.data[1].line.color == FAMILIES["over"].light
    assert figure.layout.xaxis.title.text == "found"
    roc = curves.roc(drawn.curve("roc", ARMS), FAMILY, dark=True)
    assert roc.data[1].line.color == FAMILIES["over"].dark
    capture = curves.capture(drawn.curve("capture", ARMS), FAMILY, acted=30, prevalence=0.1)
    assert capture.layout.shapes[0].x0 == 30
    calibration = curves.calibration(drawn.curve("calibration", ARMS), FAMILY)
    assert calibration.layout.xaxis.type == "log"
    assert [t.marker.symbol for t in calibration.data[:3]] == ["square", "circle", "circle-open"]


def test_forest_draws_whiskers_in_the_colour_of_their_direction(binary):
    frame = binary.differences()
    assert frame.gain.is_monotonic_decreasing
    assert frame.code[0] == "HELPS"
    figure = compare.forest(frame, EVERY, margin=0.01, labels={"remedy0/logistic": "<b>mine</b>"})
    *whiskers, marks = figure.data
    tones = [compare.palette(False).better, compare.palette(False).mute]
    assert [trace.line.color for trace in whiskers] == tones
    assert marks.x == pytest.approx(frame.gain)
    assert marks.y[0] == "&lt;b&gt;mine&lt;/b&gt;"
    assert marks.hovertemplate[0].startswith("&lt;b&gt;mine&lt;/b&gt;<br>+")
    assert figure.layout.yaxis.categoryarray == marks.y
    assert figure.layout.shapes[0].x1 == 0.01
    drawn = {}
    for trace in whiskers:
        for k in range(0, len(trace.x), 3):  # from, to, and a gap
            low, high, gap = trace.x[k : k + 3]
            assert gap is None
            drawn[trace.y[k], low, high] = trace.line.color
    for row, name in zip(frame.itertuples(), marks.y, strict=True):
        assert drawn.pop((name, row.low, row.high)) == tones[row.code != "HELPS"]
    assert not drawn
    missing = frame.assign(gain=np.nan)
    assert len(compare.forest(missing, EVERY, margin=0.01).data) == 0


def test_folds_are_drawn_one_by_one(binary):
    folds = binary.folds()
    some = folds[folds.metric == "roc_auc"]
    assert len(some) == 5 * 10
    figure = compare.fold_spread(some, FAMILY, title="ROC AUC")
    assert len(figure.data[0].x) == 10
    assert figure.layout.xaxis.title.text == "ROC AUC"


def test_confusion_matrices_stand_side_by_side(binary):
    matrices = {arm: binary.confusion(arm) for arm in ARMS}
    figure = compare.confusion(matrices)
    assert [a.text for a in figure.layout.annotations] == ARMS
    assert len(figure.data) == 3
    assert np.asarray(figure.data[0].z).sum(1) == pytest.approx([1, 1])
    assert figure.data[0].texttemplate
    large = pd.DataFrame(np.eye(9), index=list("abcdefghi"), columns=list("abcdefghi"))
    assert compare.confusion({"x": large}).data[0].texttemplate is None


def test_rare_errors_among_many_classes_are_seen():
    names = list("abcdefghi")
    counts = pd.DataFrame(99.0 * np.eye(9), index=names, columns=names)
    counts.loc["a", "b"] = 1.0
    heat = compare.confusion({"x": counts}, dark=True).data[0]
    assert heat.z[0][1] == pytest.approx(0.1)
    first = heat.colorscale[1]
    assert 0 < first[0] < 0.01
    assert first[1] != compare.palette(True).panel


def test_class_heat_shows_values_and_deltas(many):
    table = many.by_class("recall")
    assert table.shape == (5, 4)
    support = dict(zip(many.classes, many.support.astype(int), strict=True))
    figure = compare.class_heat(table, reference="threshold/logistic", support=support)
    heat = figure.data[0]
    assert heat.x[0] == "threshold/logistic (ref.)"
    assert heat.y[0].startswith("c0")
    assert np.asarray(heat.z)[:, 0].tolist() == [0.0] * 5
    assert "%" in heat.text[0][0]
    assert "(" not in heat.text[0][0]
    assert "(" in heat.text[0][1]
    undefined = table.assign(**{"remedy0/logistic": np.nan})
    shown = compare.class_heat(undefined, reference="threshold/logistic", support=support)
    column = list(shown.data[0].x).index("remedy0/logistic")
    assert shown.data[0].text[0][column] == "–"


def test_bands_and_price(many):
    band = {"c0": "head", "c1": "head", "c2": "mid", "c3": "tail", "c4": "tail"}
    figure = compare.bands(many.by_class("recall"), FAMILY, band_of=band,
                           order=("tail", "mid", "head"))  # fmt: skip
    assert list(figure.data[0].x) == ["tail", "mid", "head"]
    arms = pd.DataFrame({"arm": ARMS, "seconds": [1.0, 0.0, 9.0],
                         "value": [0.5, 0.6, 0.7]})  # fmt: skip
    figure = compare.price(arms, FAMILY, title="Macro F1")
    assert figure.layout.xaxis.type == "log"
    assert len(figure.data) == 3
    low, high = figure.layout.yaxis.range
    assert low < 0.5 - 0.02
    assert high > 0.7 + 0.02, "a label above the highest mark is not cut"


def test_an_arm_wears_one_mark_in_every_figure(binary, drawn):
    second = "remedy1/logistic"
    forest = compare.forest(binary.differences().iloc[::-1], EVERY, margin=0.01)
    arms = pd.DataFrame({"arm": [second], "seconds": [1.0], "value": [0.5]})
    folds = binary.folds()
    spread = compare.fold_spread(folds[folds.arm == second], FAMILY)
    alone = curves.calibration(drawn.curve("calibration", [second]), FAMILY)
    (marks,) = (trace for trace in forest.data if trace.mode == "markers")
    assert marks.marker.symbol[marks.y.index(second)] == "circle-open"
    for figure in (compare.price(arms, FAMILY), spread, alone):
        (mark,) = {t.marker.symbol for t in figure.data if t.name == second}
        assert mark == "circle-open"
    assert looks(FAMILY)[second].mark == "○"
    assert list(looks(FAMILY, drawn=[second])) == [second]


@pytest.mark.parametrize("dark", [False, True])
def test_no_two_arms_of_a_run_look_alike(dark):
    families = {f"{family}{k}": family for k in range(20) for family in FAMILIES}
    page = palette(dark).page
    worn = looks(families, dark)
    assert len({look.mark for look in worn.values()}) == len(families)
    for part in ("symbol", "dash"):
        assert len({(getattr(look, part), look.color) for look in worn.values()}) == len(families)
    assert min(contrast(look.color, page) for look in worn.values()) >= 3.0
    assert worn["over0"].color == FAMILIES["over"].color(dark)


def test_tones_of_a_family_are_told_apart():
    shades = [tone(FAMILIES["over"].light, k, palette(False).page) for k in range(4)]
    for k, one in enumerate(shades):
        assert all(contrast(one, other) > 1.25 for other in shades[:k])


@given(some.floats(1e-9, 0.9977))
def test_an_axis_of_shares_has_labels_enough(low):
    shown = ticks(low)
    assert 3 <= len(shown) <= 7
    assert shown == sorted(set(shown))
    assert shown[0] >= low * (1 - 1e-6)
    assert shown[-1] == 1.0
    assert len({f"{100 * t:g}%" for t in shown}) == len(shown)


def test_the_common_class_has_labels_on_both_axes_too(decided):
    figure = curves.calibration(class_curves(decided, 0).curve("calibration", ARMS), FAMILY)
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        inside = [t for t in axis.tickvals if np.log10(t) >= axis.range[0]]
        assert len(inside) >= 3


def test_the_best_remedy_is_marked(binary):
    best = binary.run.best_remedy
    figure = compare.forest(binary.differences(), EVERY, margin=0.01, best=best)
    marked = {name for name in figure.data[-1].y if "best remedy" in name}
    assert marked == {f"<b>{best}</b><br>best remedy"}


def test_labels_beside_each_other_do_not_meet():
    arms = pd.DataFrame({"arm": [*ARMS, "remedy2/logistic"], "seconds": [1.0, 1.0, 1.1, 90.0],
                         "value": [0.5, 0.5, 0.501, 0.1]})  # fmt: skip
    figure = compare.price(arms, EVERY)
    assert [t.text[0] for t in figure.data] == [", ".join(ARMS[:2]), "", ARMS[2], arms.arm[3]]
    places = [t.textposition for t in figure.data]
    assert places[0] == "middle right"
    assert places[2] in ("top right", "bottom right")
    assert places[3] == "middle left"
    assert not compare.price(arms.head(0), EVERY).data


@pytest.mark.parametrize("metric", ["average_precision", "f1", "mcc", "log_loss", "brier"])
@pytest.mark.parametrize("seed", range(3))
def test_no_gain_is_shown_that_the_metric_cannot_have(metric, seed):
    """Two customers have all rows of the class: the interval of one degree of freedom is huge."""
    rule = "none" if metric in ("log_loss", "brier") else "f1"
    run, protocol, *rest = binary_run(seed, n=200, positives=20, metric=metric, rule=rule)
    protocol = replace(protocol, split="group", group="customer")
    e = evaluate(run, protocol, *rest, {"units": np.arange(200) % 2})
    assert e.run.code == "NO_VERDICT"
    floor = {"mcc": -1.0, "log_loss": -np.inf, "brier": -np.inf}.get(metric, 0.0)
    shown, wider = e.differences(), 0
    for row in shown.itertuples():
        base = float(METRICS[metric].utility(e.scores[row.reference].series(metric).mean))
        top = 0.0 if rule == "none" else 1.0
        assert floor - base - 1e-12 <= row.low <= row.gain <= row.high <= top - base + 1e-12
        v = e.verdicts[row.arm]
        wider += v.difference.interval(v.level)[1] > row.high
        told = next(a for a in build_report(e)["arms"] if a["arm"] == row.arm)["verdict"]
        sign = -1 if rule == "none" else 1
        assert sorted((sign * told["low"], sign * told["high"])) == [row.low, row.high]
    assert wider
    if rule != "none":
        figure = compare.forest(shown, EVERY, margin=0.01)
        assert max(np.abs(figure.layout.xaxis.range)) <= 1.08 * (2.0 if metric == "mcc" else 1.0)


def test_the_axis_says_what_is_gained_over(binary):
    figure = compare.forest(binary.differences(), EVERY, margin=0.01)
    assert "than its own untreated" in figure.layout.xaxis.title.text
