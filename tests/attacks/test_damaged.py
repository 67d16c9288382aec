"""One damaged file hides nothing else, and what can be made again is."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from harms import cut, flip, remove

from rebal_core.cli import main
from rebal_core.evaluation.curves import CURVES
from rebal_core.experiment import results, worker
from rebal_core.experiment.arm_result import open_arm
from rebal_core.experiment.dispatch import Dispatcher
from rebal_core.experiment.in_process import OneProcess, run_here
from rebal_core.experiment.lock import EngineLock
from rebal_core.experiment.version import stamp
from rebal_core.experiment.whole import is_whole
from rebal_core.files import read_json
from rebal_core.store import Store
from rebal_core.wording import UserError

GARBAGE = (b"", b"\xff\x00garbage", b"{}", b"null", b'{"verdict": 3}')


def work(store):
    """Do what an engine would do, here."""
    lock = EngineLock(store.home.lock)
    assert lock.take()
    try:
        dispatcher = Dispatcher(store, OneProcess(store.home.path), stamp())
        for _ in range(200):
            if not any(row.live for row in store.runs(None)):
                return
            dispatcher.turn(0.0)
        raise AssertionError("it never ends")
    finally:
        lock.release()


def numbers(report):
    """A report without what differs between two runs of the same."""
    plain = {k: v for k, v in report.items() if k not in ("run", "seconds")}
    return {**plain, "arms": [{**arm, "seconds": 0} for arm in report["arms"]]}


@pytest.mark.parametrize("content", GARBAGE)
def test_a_damaged_report_is_made_again(content, store, capfd):
    path = store.home.run_folder(1) / "report.json"
    whole = results.report(store, 1)
    path.write_bytes(content)
    assert numbers(results.report(store, 1)) == numbers(whole)
    path.write_bytes(content)
    assert main(["runs", "--json", "-"]) == 0
    told = capfd.readouterr()
    assert whole["verdict"]["code"] in told.out
    assert told.err == ""


KEPT = ("evaluation/values.json", "evaluation/numbers.npy", "curves/1/values.json",
        "curves/1/numbers.npy")  # fmt: skip


@pytest.mark.parametrize("harm", [cut, remove, *GARBAGE])
@pytest.mark.parametrize("name", KEPT)
def test_a_damaged_judgement_is_made_again(name, harm, store):
    folder = store.home.run_folder(1)
    whole, drawn = results.report(store, 1), results.curves(store, 1, 1)
    expected = {kind: drawn.curve(kind, list(drawn.arms)) for kind in CURVES}
    (folder / "report.json").unlink()
    if isinstance(harm, bytes):
        (folder / name).write_bytes(harm)
    else:
        harm(folder / name)
    judged = name.startswith("evaluation")
    assert (results.stored_evaluation(store, 1) is None) == judged
    assert (results.stored_curves(store, 1, 1) is None) != judged
    assert numbers(results.report(store, 1)) == numbers(whole)
    again = results.curves(store, 1, 1)
    for kind, frame in expected.items():
        assert again.curve(kind, list(again.arms)).equals(frame)
    assert is_whole(folder / "evaluation")
    assert is_whole(folder / "curves" / "1")


def _no_arms(values):
    values["arms"] = []


def _alarm_of_before(values):
    values["facts"]["alarms"] = [{"column": "x"}]


def _one_class_less(values):
    del values["classes"][0]


def _no_decisions(values):
    values["decisions"] = {}


@pytest.mark.parametrize("change", [_no_arms, _alarm_of_before, _one_class_less, _no_decisions])
def test_a_judgement_of_another_version_is_made_again(change, store):
    """Its parts are of the right kinds, and yet nothing can be told of it."""
    folder = store.home.run_folder(1)
    whole = results.report(store, 1)
    (folder / "report.json").unlink()
    values = read_json(folder / "evaluation" / "values.json")
    change(values)
    (folder / "evaluation" / "values.json").write_text(json.dumps(values))
    assert results.stored_evaluation(store, 1) is None
    assert numbers(results.report(store, 1)) == numbers(whole)
    assert results.stored_evaluation(store, 1) is not None


def test_nothing_is_kept_of_a_run_that_is_deleted_while_it_is_judged(store):
    shutil.rmtree(store.home.run_folder(1) / "evaluation")
    with pytest.raises(UserError, match="There is no run 1"):
        results.evaluation(store, 1, lambda share: store.hide_run(1))
    assert not (store.home.run_folder(1) / "evaluation").exists()


def _table(folder):
    cut(folder / "table.parquet")


def _no_table(folder):
    (folder / "table.parquet").unlink()


def _gone(folder):
    shutil.rmtree(folder)


def _manifest(content):
    def damage(folder):
        (folder / "dataset.json").write_bytes(content)

    return damage


@pytest.mark.parametrize(
    "damage", [_table, _no_table, _gone, *map(_manifest, [*GARBAGE, b"[]", b'{"schema": {}}'])]
)
def test_a_damaged_dataset_hides_no_other_and_can_be_deleted(damage, store, capfd):
    from rebal_core.experiment.client import delete_dataset

    (two, one) = store.datasets()
    damage(store.home.datasets / one.id)
    with pytest.raises(UserError, match=r"damaged|There is no dataset"):
        store.dataset(one.id)
    (store.home.run_folder(1) / "report.json").write_text("")
    assert main(["runs"]) == 0
    told = capfd.readouterr()
    assert "damaged" in told.out
    assert told.err.startswith("Run 1: ")
    assert told.err.count("\n") == 1
    again = Store()  # the list is read anew
    assert again.datasets() == [two, one]
    assert again.dataset(two.id).rows == two.rows
    delete_dataset(again, one.id)
    assert again.datasets() == [two]
    assert again.runs(None) == []
    again.close()


RESULTS = ("cell/*.npz", "resample/*.npz", "prepare/*/train/numbers.npy", "prepare/*/arrays.npz",
           "prepare/*/about.json", "alarms/*.json")  # fmt: skip


SOME = [
    pytest.param(pattern, harm, marks=() if harm is cut or "cell" in pattern else pytest.mark.slow)
    for pattern in RESULTS
    for harm in (cut, flip, remove)
]


@pytest.mark.parametrize(("pattern", "harm"), SOME)
def test_the_same_comparison_computes_again_what_is_damaged(pattern, harm, store):
    whole = results.report(store, 1)
    files = sorted(store.home.results.glob(pattern))
    assert files
    harmed = files[0]
    before = harmed.read_bytes()
    harm(harmed)
    if harm is flip and harmed.suffix in (".npy", ".json"):
        harmed.write_bytes(b"\x00" + before)  # neither tells a changed number from another
    # All cells want their folds and rows again.
    if "cell" not in pattern:
        for cell in store.home.results.glob("cell/*.npz"):
            cell.unlink()
    plan = results.plan_of(store, 1)
    row = run_here(store, plan)
    assert row.state == "done", row
    assert numbers(results.report(store, row.run)) == numbers(whole)
    assert is_whole(harmed)


def test_a_finished_run_with_a_damaged_cell_goes_on_and_ends_equal(store):
    whole = results.report(store, 1)
    for harm in (cut, flip, remove):
        shutil.rmtree(store.home.run_folder(1) / "evaluation")
        harm(sorted(store.home.results.glob("cell/*.npz"))[1])
        with pytest.raises(UserError, match="was damaged and is computed again"):
            results.evaluation(store, 1)
        assert store.run(1).live
        work(store)
        assert store.run(1).state == "done"
        assert numbers(results.report(store, 1)) == numbers(whole)


@pytest.mark.parametrize("harm", [cut, flip, remove])
def test_a_damaged_model_is_offered_to_be_fitted_again(harm, store, monkeypatch):
    whole = open_arm(store, 1, "smote/logistic").metrics()
    for file in store.home.results.glob("model/*/model.*"):
        harm(file)
    for _ in range(2):  # the second time it is gone
        with pytest.raises(UserError, match=r"smote/logistic in run 1 is gone or damaged; compare"):
            open_arm(store, 1, "smote/logistic")
    fitted = []
    monkeypatch.setattr(worker, "_function", noting(worker._function, fitted))
    row = run_here(store, results.plan_of(store, 1))
    assert fitted == ["cell", "decide"], "nothing but the one cell is computed again"
    for run in (1, row.run):
        assert open_arm(store, run, "smote/logistic").metrics() == whole


def noting(real, kinds):
    def noted(kind):
        kinds.append(kind)
        return real(kind)

    return noted


def test_what_stays_damaged_ends_in_a_sentence(store, monkeypatch):
    """A disk that damages every cell is no reason to compute for ever."""
    from rebal_core.experiment.tasks import learning

    def broken(path, result):
        path.parent.mkdir(exist_ok=True)
        np.savez(path, nothing=np.zeros(1))

    monkeypatch.setattr(learning, "save_cell", broken)
    for cell in store.home.results.glob("cell/*.npz"):
        cell.unlink()
    row = run_here(store, results.plan_of(store, 1))
    assert row.state == "failed"
    assert "damaged" in str(row.error)


def test_a_damaged_answer_of_a_task_is_a_sentence(store):
    from rebal_core.experiment.client import result

    run = store.add_run("profile", {}, dataset=None, version="")
    for content in (None, b"", b"\xff", b"{"):
        if content is not None:
            store.home.run_folder(run).mkdir(exist_ok=True)
            (store.home.run_folder(run) / "result.json").write_bytes(content)
        with pytest.raises(UserError, match="ask for it again"):
            result(store, run)
