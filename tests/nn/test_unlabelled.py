"""Rows without a label: whose classes are believed, and that they help where they must."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.model import FitJob, TrainingPlan
from rebal_core.nn.course import Course
from rebal_core.nn.courses.unlabelled import Consistency, NoisyStudent, believed
from rebal_core.rows import Layout, TypedRows

#: Few epochs show what a course does, not what it ends with.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
COURSES = [Consistency, NoisyStudent]


def drawn(n: int, seed: int = 0, share: float = 0.2) -> TypedRows:
    """Two lumps side by side in three columns, and a category that says nothing."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < share).astype(np.int64)
    x = (rng.normal(size=(n, 3)) + 1.2 * y[:, None]).astype(np.float32)
    layout = Layout(("a", "b", "c"), ("d",), (3,), players=("a", "b", "c"))
    return TypedRows(x, rng.integers(0, 3, (n, 1)).astype(np.int32), y, layout)


def without_label(n: int) -> TypedRows:
    rows = drawn(n, seed=9)
    rows.y[:] = -1
    return rows


def fitted(course, rows: TypedRows, net: str = "mlp", epochs: int = 12, **more):
    story: list[dict] = []
    more.setdefault("progress", lambda **told: story.append(told))
    model = CLASSIFIERS[net].build({"epochs": epochs}, seed=3)
    model.fit(FitJob(rows, None, 2, training=TrainingPlan(course=course), **more))
    return model, story


def test_each_class_is_believed_by_its_share_and_not_by_one_threshold() -> None:
    """No row is of the rare class with .95, or even .5: a threshold would take none of it."""
    rng = np.random.default_rng(0)
    rare = rng.random(1000) * 0.3
    p = torch.tensor(np.column_stack([1 - rare, rare]))
    places, labels = believed(p, torch.tensor([0.9, 0.1]), 0.5)
    assert torch.bincount(labels).tolist() == [450, 50]
    assert p[places[labels == 1], 1].min() >= np.sort(rare)[-50]
    assert p[places[labels == 0], 0].min() >= np.sort(1 - rare)[-450]
    assert (p > 0.95)[:, 1].sum() == 0


def test_a_row_of_two_claims_has_one_label_and_small_tables_none() -> None:
    p = torch.tensor([[0.5, 0.5], [0.5, 0.5], [0.9, 0.1]])
    places, labels = believed(p, torch.tensor([0.5, 0.5]), 1.0)
    assert places.tolist() == sorted(set(places.tolist()))
    assert len(labels) == len(places)
    places, _ = believed(p[:1], torch.tensor([0.9, 0.1]), 0.1)
    assert len(places) == 0


@pytest.mark.parametrize("settings", [{"part": 0.0}, {"weight": 0.0}])
@pytest.mark.parametrize("kind", COURSES)
def test_neutral_settings_teach_plainly(kind, settings) -> None:
    rows, free = drawn(300), without_label(200)
    plain, _ = fitted(Course, rows)
    same, _ = fitted(partial(kind, **settings), rows, unlabelled=free)
    np.testing.assert_array_equal(same.predict_proba(rows), plain.predict_proba(rows))


@pytest.mark.parametrize("kind", COURSES)
def test_their_labels_are_never_read(kind) -> None:
    rows = drawn(200)
    models = []
    for label in (-1, 1):
        free = without_label(300)
        free.y[:] = label
        models.append(fitted(kind, rows, unlabelled=free)[0].predict_proba(rows))
    np.testing.assert_array_equal(*models)


@pytest.mark.parametrize("kind", COURSES)
def test_it_fits_without_such_rows_and_tells_of_them_where_they_are(kind) -> None:
    rows = drawn(300)
    _, story = fitted(kind, rows)
    assert all("believed" not in told for told in story)
    model, story = fitted(kind, rows, unlabelled=without_label(400))
    shares = np.bincount(rows.y) / 300
    told = [epoch["believed"] for epoch in story if "believed" in epoch]
    assert 0 < len(told) < len(story), "nothing is believed at first"
    for counts in told:
        np.testing.assert_allclose(counts, 0.5 * 400 * shares, atol=3)
    assert roc_auc_score(rows.y, model.predict_proba(rows)[:, 1]) > 0.8


@pytest.mark.parametrize("kind", COURSES)
def test_a_solver_is_handed_labels_of_a_taught_network(kind) -> None:
    rows, tested = drawn(60), drawn(3000, seed=5)
    plain, _ = fitted(Course, rows, "torch_logistic", 100)
    more, _ = fitted(kind, rows, "torch_logistic", 100, unlabelled=without_label(3000))
    areas = [roc_auc_score(tested.y, m.predict_proba(tested)[:, 1]) for m in (plain, more)]
    assert areas[1] > areas[0] - 0.02


def test_a_student_begins_as_its_teacher_did() -> None:
    begun = []

    class Watched(NoisyStudent):
        def __init__(self) -> None:
            super().__init__(sd=0.0, swaps=0.0)

        def start(self, epoch: int) -> None:
            if not epoch:
                first = self.teacher.first_state
                now = self.taught.net.state_dict()
                begun.append(all(torch.equal(now[name], first[name]) for name in first))

    fitted(Watched, drawn(200), unlabelled=without_label(200))
    assert begun == [True]


class Killed(Exception):
    """Stands for a worker's end."""


class Kept:
    """A memory that outlives its fit."""

    state = None

    def load(self):
        return self.state

    def save(self, state) -> None:
        self.state = {name: np.array(array) for name, array in state.items()}


@pytest.mark.parametrize("last", [1, 2, 5])
@pytest.mark.parametrize("kind", COURSES)
def test_a_resumed_fit_is_an_undisturbed_one(kind, last, monkeypatch) -> None:
    """Killed under the teacher, too: what the network was at first must come back."""
    monkeypatch.setattr("rebal_core.nn.kept.SAVE_EVERY", 0.0)
    rows, free = drawn(200), without_label(300)

    def progress(epoch, loss, **values):
        if epoch == last + 1:
            raise Killed

    whole, story = fitted(kind, rows, epochs=24, unlabelled=free)
    memory = Kept()
    with pytest.raises(Killed):
        fitted(kind, rows, epochs=24, unlabelled=free, memory=memory, progress=progress)
    resumed, again = fitted(kind, rows, epochs=24, unlabelled=free, memory=memory)
    np.testing.assert_array_equal(resumed.predict_proba(rows), whole.predict_proba(rows))
    told = [[(e["epoch"], e["loss"], e.get("believed")) for e in s] for s in (story, again)]
    assert told[0] == told[1]
