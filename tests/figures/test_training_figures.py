"""Curves of a network that learns: what is drawn, in which order, and how much of it."""

import numpy as np
import pandas as pd
import pytest

from rebal_core.figures.compare import confusion
from rebal_core.figures.looks import CONTRAST, contrast, looks
from rebal_core.figures.theme import DARK, LIGHT, palette
from rebal_core.figures.training import (
    MOST_LINES,
    MOST_POINTS,
    best_epoch,
    by_class,
    confused,
    generator_losses,
    is_held,
    losses,
    of_all,
    sought_from,
    told_by_course,
    worth,
)


def epochs(n=10, k=3, best=4, **more):
    rng = np.random.default_rng(0)
    story = [
        {
            "epoch": e,
            "loss": 0.3 + 0.01 * abs(e - best),
            "training_loss": 1 / e,
            "learning_rate": 1e-3,
            "mix": [1 / k] * k,
            "recall": [(c + 1) / (k + 1) for c in range(k)],
            "confusion": rng.integers(0, 9, (k, k)).tolist(),
            "kept": e <= best,
            **more,
        }
        for e in range(1, n + 1)
    ]
    return pd.DataFrame(story)


def named(figure):
    return {trace.name: trace for trace in figure.data}


def points(figure):
    return sum(len(trace.x) for trace in figure.data)


def test_losses_of_one_measure_have_one_axis_and_others_say_that_they_are_none():
    for same, axis, title in ((True, "y", "loss"), (False, "y2", "loss on rows set aside")):
        figure = losses(epochs(), color="#0F6B63", same=same)
        drawn = named(figure)
        assert drawn["loss on rows set aside"].yaxis == "y"
        assert drawn["loss in training"].yaxis == axis
        assert figure.layout.yaxis.title.text == title
    assert figure.layout.yaxis2.title.text == "loss in training, another measure"


def test_both_losses_are_drawn_and_the_best_epoch_is_marked():
    shown = epochs()
    assert best_epoch(shown) == 4
    drawn = named(losses(shown, [epochs(5), epochs(7)], color="#0F6B63"))
    held, training = drawn["loss on rows set aside"], drawn["loss in training"]
    assert held.line.dash != training.line.dash
    assert list(drawn["best epoch"].x) == [4]
    assert list(drawn["best epoch"].y) == [0.3]
    pale = drawn["other folds"]
    assert np.isnan(np.array(pale.x, dtype=float)).sum() == 2, "a gap after each fold"
    assert [shape.x0 for shape in losses(shown, color="#0F6B63").layout.shapes] == [4]


def test_where_no_rows_are_set_aside_there_is_one_loss_and_no_best():
    shown = epochs(kept=False).drop(columns=["recall", "confusion"])
    for story in (shown, shown[["epoch", "loss"]]):
        figure = losses(story, color="#0F6B63")
        assert [trace.name for trace in figure.data] == ["loss in training"]
        assert not figure.layout.shapes
    assert confused(shown, 3, {}) is None


@pytest.mark.parametrize("same", [True, False])
def test_before_an_epoch_is_kept_the_loss_of_rows_set_aside_is_called_so(same):
    """Of what changes late in its course, such as LDAM with deferred weights."""
    figure = losses(epochs(kept=False), color="#0F6B63", same=same)
    drawn = named(figure)
    assert set(drawn) == {"loss on rows set aside", "loss in training"}
    assert list(drawn["loss in training"].y) == [1 / e for e in range(1, 11)]
    assert figure.layout.yaxis.title.text == ("loss" if same else "loss on rows set aside")
    assert not figure.layout.shapes


def test_it_is_known_from_which_epoch_on_the_best_is_sought():
    shown = epochs()
    assert sought_from(shown) is None
    assert sought_from(epochs(kept=False)) is None
    late = shown.assign(kept=shown["epoch"].isin([7, 9]))
    assert (sought_from(late), best_epoch(late)) == (7, 9)
    assert is_held(late)
    assert not is_held(shown[["epoch", "loss"]])


def test_the_first_epoch_is_a_point_that_can_be_seen():
    first = epochs(1, best=1)
    assert named(losses(first, color="#0F6B63"))["loss on rows set aside"].mode == "markers"
    labels = {0: "a", 1: "b", 2: "c"}
    assert by_class(first, "recall", labels, [5, 3, 1]).data[0].mode == "markers"


def test_no_half_of_an_epoch_is_marked():
    labels = {0: "a", 1: "b", 2: "c"}
    for n, apart in ((1, 1), (4, 1), (30, None)):
        shown = epochs(n, best=1)
        figures = [losses(shown, color="#0F6B63"), by_class(shown, "recall", labels, [5, 3, 1])]
        figures.append(of_all(shown, "learning_rate"))
        assert [figure.layout.xaxis.dtick for figure in figures] == [apart] * 3, n


def test_the_rarest_class_comes_first_and_in_focus():
    labels = {0: "most", 1: "<b>few</b>", 2: "some"}
    figure = by_class(epochs(), "recall", labels, [90, 3, 20])
    assert [trace.name for trace in figure.data] == ["&lt;b&gt;few&lt;/b&gt;", "some", "most"]
    assert figure.data[0].line.color == LIGHT.focus
    assert (
        by_class(epochs(), "mix", labels, [90, 3, 20], dark=True).data[0].line.color == DARK.focus
    )
    assert list(figure.data[0].y) == [0.5] * 10
    looks = [(trace.line.color, trace.line.dash) for trace in figure.data]
    assert len(set(looks)) == 3


def test_of_many_classes_those_found_least_have_a_line_and_the_others_a_mean():
    k = 20
    labels, counts = {c: f"class {c}" for c in range(k)}, list(range(100, 100 + k))
    figure = by_class(epochs(k=k), "recall", labels, counts)
    names = [trace.name for trace in figure.data]
    assert names == [*(f"class {c}" for c in range(MOST_LINES)), "mean of the other classes"]
    assert np.allclose(figure.data[-1].y, np.mean([(c + 1) / (k + 1) for c in range(8, k)]))
    looks = [(trace.line.color, trace.line.dash) for trace in figure.data]
    assert len(set(looks)) == len(looks)


def test_classes_that_are_not_there_are_skipped_by_their_codes():
    labels = {0: "a", 1: "b", 2: "c", 3: "d"}
    shown = epochs(k=3, classes=[0, 2, 3])
    figure = by_class(shown, "recall", labels, [50, 0, 9, 7])
    assert [trace.name for trace in figure.data] == ["d", "c", "a"]
    table = confused(shown, 3, labels)
    assert list(table.index) == list(table.columns) == ["a", "c", "d"]
    assert table.to_numpy().tolist() == shown["confusion"].iloc[2]
    assert confusion({"epoch 3": table}).data[0].z.shape == (3, 3)


def test_epochs_without_recall_leave_a_gap_in_no_line():
    shown = epochs()
    shown.loc[3, "recall"] = np.nan
    figure = by_class(shown, "recall", {0: "a", 1: "b", 2: "c"}, [3, 2, 1])
    assert list(figure.data[0].x) == [1, 2, 3, 5, 6, 7, 8, 9, 10]


def test_no_chart_has_more_points_than_a_browser_draws_at_once():
    shown = epochs(400)
    figure = losses(shown, [epochs(400)] * 49, color="#0F6B63")
    assert 2_000 < points(figure) <= MOST_POINTS
    k = 20
    labels, counts = {c: f"class {c}" for c in range(k)}, list(range(k))
    assert points(by_class(epochs(400, k), "recall", labels, counts)) <= MOST_POINTS
    assert list(of_all(shown, "learning_rate").data[0].y) == [1e-3] * 400


def test_a_course_tells_one_thing_more_or_nothing():
    assert told_by_course(epochs()) is None
    late = epochs(weights=[1.0, 2.0, 5.0])
    late.loc[:2, "weights"] = np.nan
    assert told_by_course(late) == "weights"
    figure = by_class(late, "weights", {0: "a", 1: "b", 2: "c"}, [9, 5, 2])
    assert figure.layout.yaxis.type == "log"
    assert list(figure.data[0].x) == list(range(4, 11)), "from where it is told"
    assert list(figure.data[0].customdata) == [5.0] * 7


def test_the_reach_of_an_attack_has_its_own_axis_beside_what_is_found():
    shown = epochs(robust_recall=[0.9, 0.5, 0.1], reach=0.1)
    drawn = named(by_class(shown, "robust_recall", {0: "a", 1: "b", 2: "c"}, [9, 5, 2]))
    assert list(drawn) == ["c", "b", "a", "reach of the attack"]
    assert {name: trace.yaxis for name, trace in drawn.items() if trace.yaxis == "y2"} == {
        "reach of the attack": "y2"
    }
    assert list(drawn["c"].y) == [0.1] * 10


def test_a_class_of_which_no_row_is_believed_is_seen_beside_one_of_many():
    labels, counts = {0: "a", 1: "b", 2: "c"}, [9, 5, 2]
    figure = by_class(epochs(believed=[9_000, 12, 0]), "believed", labels, counts)
    places = {trace.name: trace.y[0] for trace in figure.data}
    assert 0 == places["c"] < places["b"] < places["a"] <= figure.layout.yaxis.range[1]
    assert [trace.customdata[0] for trace in figure.data] == [0, 12, 9_000]
    assert list(figure.layout.yaxis.ticktext) == ["0", "10", "100", "1,000"]
    nobody = by_class(epochs(believed=[0, 0, 0]), "believed", labels, counts)
    assert nobody.layout.yaxis.range[1] > 0


def test_of_many_classes_the_worst_are_drawn_of_whatever_is_told():
    k = 40
    labels, counts = {c: f"class {c}" for c in range(k)}, list(range(100, 100 + k))
    shown = epochs(k=k, weights=[float(k - c) for c in range(k)])
    names = [trace.name for trace in by_class(shown, "weights", labels, counts).data]
    assert names == [*(f"class {c}" for c in range(MOST_LINES)), "mean of the other classes"]


def test_ticks_are_round_numbers_and_no_two_alike():
    shown = epochs(robust_recall=[0.9, 0.5, 0.1], reach=0.1)
    labels, counts = {0: "a", 1: "b", 2: "c"}, [9, 5, 2]
    attacked = by_class(shown, "robust_recall", labels, counts)
    for figure in (attacked, losses(shown, color="#0F6B63", same=False)):
        assert figure.layout.yaxis2.tickmode == "auto", "not at the heights of the left axis"
    assert by_class(shown, "mix", labels, counts).layout.yaxis.tickformat == ".3~%", "half percents"
    soft = of_all(epochs(soft=0.0013), "soft").layout.yaxis
    assert soft.tickformat == "~%", "0.05% and 0.1% are two"
    few = by_class(epochs(believed=[3, 1, 0]), "believed", labels, counts)
    assert list(few.layout.yaxis.ticktext) == ["0", "1"]


def test_after_one_epoch_the_points_can_be_told_apart():
    told = pd.DataFrame({"epoch": [1], "use": [0.5], "shape": [0.5], "right": [0.5]})
    points = worth(told, color="#0B62A8").data
    assert {point.mode for point in points} == {"markers"}
    assert len({point.marker.symbol for point in points}) == len(points) == 3


@pytest.mark.parametrize("dark", [False, True])
def test_no_line_of_a_generator_is_fainter_than_can_be_read(dark):
    told = {"epoch": [1, 2], "loss": [2, 1], "critic_loss": [1, 1], "use": [0, 1], "shape": [1, 1]}
    known = pd.DataFrame(told).assign(right=1.0, kept=True)
    families = {f"arm {k}": "synthesis" for k in range(8)}
    for look in looks(families, dark).values():
        for figure in (
            worth(known, [known], color=look.color, dark=dark),
            generator_losses(known, color=look.color, dark=dark),
        ):
            for line in (t for t in figure.data if t.mode == "lines"):
                assert contrast(line.line.color, palette(dark).page) >= CONTRAST
