"""TabICL: rows read as they are, only by the checkpoint that was named, and nothing is fetched."""

from __future__ import annotations

import pickle
import shutil
import socket
import warnings

import numpy as np
import pytest

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS, TabICLModel
from rebal_core.classifiers.tabicl import (
    NAMED,
    VARIABLE,
    absent,
    checkpoint,
    drawn,
    name_checkpoint,
)
from rebal_core.experiment.arms import read_classifiers
from rebal_core.facts import TableFacts
from rebal_core.files import put_arrays, put_json, read_arrays
from rebal_core.model import FitJob, FitNote
from rebal_core.rows import Layout, TypedRows
from rebal_core.strategies import STRATEGIES, fit_arm, fit_signature
from rebal_core.wording import UserError

SMALL = {
    "max_classes": 3,
    "embed_dim": 8,
    "col_num_blocks": 1,
    "col_nhead": 2,
    "col_num_inds": 4,
    "row_num_blocks": 1,
    "row_nhead": 2,
    "row_num_cls": 2,
    "icl_num_blocks": 1,
    "icl_nhead": 2,
    "zero_init": False,
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Two checkpoints that were never taught, one of a classifier and one of a regression."""
    pytest.importorskip("tabicl", reason="needs the extra “tabicl”")
    import torch
    from tabicl._model.tabicl import TabICL

    folder = tmp_path_factory.mktemp("checkpoints")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for name, changed in {"own": {}, "regression": {"max_classes": 0}}.items():
            config = SMALL | changed
            state = TabICL(**config).state_dict()
            torch.save({"config": config, "state_dict": state}, folder / name)
    return folder


@pytest.fixture
def named(tiny, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tiny / "own"))
    return tiny / "own"


def test_a_home_remembers_the_file(tiny, monkeypatch, tmp_path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("REBAL_HOME", str(tmp_path))
    assert "needs its checkpoint" in str(absent())
    for wrong in ("", "own", str(tmp_path), str(tmp_path / "none"), str(tiny / "regression")):
        with pytest.raises(UserError, match="is no checkpoint of a TabICL classifier"):
            name_checkpoint(wrong)
    for _ in range(2):  # another name takes the place of the first
        name_checkpoint(f" {tiny / 'own'} ")
    assert absent() is None
    assert checkpoint()[0] == tiny / "own"
    (tmp_path / NAMED).write_text("{")
    assert "needs its checkpoint" in str(absent())


def test_the_environment_comes_first(named, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("REBAL_HOME", str(tmp_path))
    with pytest.raises(UserError, match="comes first"):
        name_checkpoint(str(named.with_name("regression")))
    (tmp_path / NAMED).write_text('{"checkpoint": "/elsewhere"}')
    assert checkpoint()[0] == named


def rows_of(n: int, classes: int) -> TypedRows:
    """Return rows of two numbers and a category that every other row lacks."""
    rng = np.random.default_rng(0)
    y = np.where(np.arange(n) < n // 2, 0, np.arange(n) % classes)
    numbers = (rng.normal(size=(n, 2)) + y[:, None]).astype(np.float32)
    codes = np.where(np.arange(n) % 2, rng.integers(0, 3, n), -1).astype(np.int32)[:, None]
    layout = Layout(("a", "b"), ("c",), (3,), players=("a", "b"))
    return TypedRows(numbers, codes, y, layout)


def job_of(rows, weight=None, classes=None):
    return FitJob(rows, weight, classes or int(rows.y.max()) + 1)


def fitted(rows, weight=None, classes=None, seed=0, **settings):
    model = CLASSIFIERS["tabicl"].build({"n_estimators": 2, **settings}, seed=seed)
    model.fit(job_of(rows, weight, classes))
    return model


@pytest.mark.parametrize("classes", [2, 3, 5])  # of five it reads in two goes
def test_it_reads_rows_and_is_the_same_from_its_file(classes, named, tmp_path, monkeypatch) -> None:
    def refuse(*_):
        raise AssertionError("it asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    rows = rows_of(90, classes)
    model = fitted(rows, classes=classes + 1)
    proba = model.predict_proba(rows)
    assert proba.shape == (90, classes + 1)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-12)
    assert (proba[:, :classes] > 0).all()
    assert (proba[:, classes] == 0).all()
    assert np.ptp(proba[:, 0]) > 0, "rows tell apart"
    about = model.save(tmp_path)
    assert not any(b"state_dict" in file.read_bytes() for file in tmp_path.iterdir())
    back = TabICLModel.load(tmp_path, about, ())
    np.testing.assert_array_equal(back.predict_proba(rows), proba)
    travelled = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(travelled.predict_proba(rows), proba)


def test_a_row_is_answered_whatever_stands_beside_it(named) -> None:
    rows = rows_of(60, 2)
    model = fitted(rows)
    whole = model.predict_proba(rows)
    alone = np.vstack([model.predict_proba(rows.take(np.array([k]))) for k in range(3)])
    np.testing.assert_allclose(alone, whole[:3], atol=1e-5)
    assert model.predict_proba(rows.take(np.zeros(0, dtype=np.int64))).shape == (0, 2)


def test_one_class_is_certain(named) -> None:
    rows = rows_of(40, 2)
    model = fitted(rows.take(np.flatnonzero(rows.y == 1)), classes=2)
    np.testing.assert_array_equal(model.predict_proba(rows), [[0, 1]] * 40)


def test_weights_draw_rows_and_say_so(named) -> None:
    rows = rows_of(90, 2)
    counts = np.bincount(rows.y)
    with pytest.warns(FitNote, match="takes no weights"):
        model = fitted(rows, (1 / counts)[rows.y])
    assert abs(np.diff(np.bincount(model.y_))[0]) <= 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        even = fitted(rows, np.full(90, 2.0))
    np.testing.assert_array_equal(even.y_, rows.y)
    with pytest.warns(FitNote, match="read 30 of 90 rows"):
        assert len(fitted(rows, context_rows=30).y_) == 30
    notes = fit_arm(Arm("class_weight", "tabicl"), rows, seed=0).notes
    assert notes == ("TabICL takes no weights; rows were drawn as often as they weigh.",)


def test_a_draw_keeps_the_shares_and_every_class() -> None:
    y = np.repeat([0, 1, 2], [900, 99, 1])
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(drawn(y, None, 1000, rng), np.arange(1000))
    some = drawn(y, None, 100, rng)
    assert len(np.unique(some)) == len(some)
    kept = np.bincount(y[some])
    assert abs(kept[0] - 90) <= 1
    assert kept[2] == 1
    weight = np.where(y == 0, 0.0, 1.0)
    assert set(y[drawn(y, weight, 1000, rng)]) == {1, 2}
    heavy = np.where(np.arange(1000) == 5, 500.0, 1.0)
    assert abs(np.sum(drawn(y, heavy, 1000, rng) == 5) - 1000 * 500 / 1499) <= 1


FACTS = TableFacts(1000, (900, 100), 3, 1, 0, 0)


@pytest.mark.parametrize("value", [None, " ", "/no/such/file", "/", "own"])
def test_without_its_file_it_serves_nothing_and_says_what_to_name(value, tiny, monkeypatch) -> None:
    monkeypatch.chdir(tiny)  # a path that is not whole would mean another file to the engine
    if value is None:
        monkeypatch.delenv(VARIABLE, raising=False)
    else:
        monkeypatch.setenv(VARIABLE, value)
    told = STRATEGIES["none"].unsuitable(FACTS, "tabicl")
    assert told is not None
    assert VARIABLE in str(told)
    assert "tabicl" not in read_classifiers("all")
    assert read_classifiers("tabicl") == ["tabicl"]
    assert fit_signature(Arm("none", "tabicl"))
    with pytest.raises(UserError, match=VARIABLE):
        fitted(rows_of(40, 2))


def test_without_the_package_it_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr("rebal_core.classifiers.tabicl.find_spec", lambda name: None)
    assert "extra" in str(absent())


def test_with_its_file_it_serves_and_the_file_is_in_the_key(named, tiny, monkeypatch) -> None:
    assert STRATEGIES["none"].unsuitable(FACTS, "tabicl") is None
    assert "tabicl" in read_classifiers("all")
    with_own = fit_signature(Arm("none", "tabicl"))
    monkeypatch.setenv(VARIABLE, str(tiny / "regression"))
    assert fit_signature(Arm("none", "tabicl")) != with_own


def test_no_training_of_networks_claims_it() -> None:
    assert not any("tabicl" in s.serves for s in STRATEGIES if s.training is not None)


def test_another_file_than_its_own_is_refused(named, tiny, tmp_path, monkeypatch) -> None:
    model = fitted(rows_of(40, 2))
    about = model.save(tmp_path)
    moved = shutil.copy(named, tmp_path / "moved")
    monkeypatch.setenv(VARIABLE, str(moved))
    TabICLModel.load(tmp_path, about, ())
    monkeypatch.setenv(VARIABLE, str(tiny / "regression"))
    with pytest.raises(UserError, match="checkpoint “own”"):
        TabICLModel.load(tmp_path, about, ())
    with pytest.raises(UserError, match="checkpoint “own”"):
        model.predict_proba(rows_of(40, 2))


class Code:
    """What a file of pickle would run."""

    def __reduce__(self):
        return (pytest.fail, ("code of the file was run",))


def _of_pickle(path) -> None:
    path.write_bytes(pickle.dumps(Code()))


def _of_torch(path) -> None:
    import torch

    torch.save({"config": Code(), "state_dict": {}}, path)


def _of_words(path) -> None:
    path.write_text("no checkpoint")


def _of_regression(path) -> None:
    import torch

    torch.save({"config": {"max_classes": 0}, "state_dict": {}}, path)


def _of_a_list(path) -> None:
    import torch

    torch.save([1, 2], path)


@pytest.mark.parametrize("write", [_of_pickle, _of_torch, _of_words, _of_regression, _of_a_list])
def test_a_file_that_is_no_classifier_is_refused_unrun(write, tiny, tmp_path, monkeypatch) -> None:
    write(tmp_path / "wrong.ckpt")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "wrong.ckpt"))
    assert checkpoint()[0].name == "wrong.ckpt"
    model = fitted(rows_of(40, 2))
    with pytest.raises(UserError, match="no checkpoint of a TabICL classifier"):
        model.predict_proba(rows_of(40, 2))


@pytest.mark.parametrize(
    "change",
    [
        {"n_estimators": 10**9},
        {"n_estimators": "2"},
        {"n_classes": 1},
        {"y": np.full(40, 9)},
        {"y": np.zeros(39, dtype=np.int64)},
        {"context": np.zeros((40, 3))},
        {"context": np.full((40, 3), np.nan, dtype=np.float32)},
    ],
)
def test_a_crafted_model_is_refused(change, named, tmp_path) -> None:
    about = fitted(rows_of(40, 2)).save(tmp_path)
    arrays = read_arrays(tmp_path / "model.npz")
    put_arrays(tmp_path / "model.npz", {n: change.get(n, array) for n, array in arrays.items()})
    put_json(tmp_path / "about.json", about)
    with pytest.raises(ValueError, match=r"other types|another kind|that are none"):
        TabICLModel.load(tmp_path, {n: change.get(n, value) for n, value in about.items()}, ())
