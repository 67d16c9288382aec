"""The real tasks, run one after the other without an engine."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from rebal_core.arm import Arm
from rebal_core.classifiers.net import NetModel
from rebal_core.data.reading.load import from_frame
from rebal_core.evaluation import build_report
from rebal_core.experiment import results
from rebal_core.experiment.epochs import epochs_of
from rebal_core.experiment.files import load_cell, load_rows, save_rows
from rebal_core.experiment.graph import cell_node, comparison
from rebal_core.experiment.live_run import LiveRun, take_up
from rebal_core.experiment.neighbours import shared_graphs
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.splits import splits_of
from rebal_core.experiment.worker import execute
from rebal_core.export.run import export_run
from rebal_core.figures.training import best_epoch, losses
from rebal_core.files import write_once
from rebal_core.rows import Layout, TypedRows, Unseen
from rebal_core.samplers import Graphs, neighbors
from rebal_core.store import Store
from rebal_core.store.ledger import Ledger
from rebal_core.strategies import load_arm, resample


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "home")
    yield store
    store.close()


def perform(store, node):
    return execute(str(store.home.path), asdict(node), str(store.home.flags / "x"), lambda r: None)


def run_all(store, plan):
    run = store.add_run("compare", plan.to_dict(), dataset=plan.dataset, version="")
    job = LiveRun(run, "compare", comparison(plan, run))
    ledger = Ledger(store)
    rows = [
        {"key": n.key, "kind": n.kind, "path": n.path, "state": "done", "seconds": None}
        for n in job.nodes.values()
    ]
    grid = [
        {"arm": a, "repeat": r, "fold": f, "key": n.key}
        for n in job.nodes.values()
        for a, r, f in n.answers
    ]
    ledger.add_tasks(run, rows, grid)
    while not job.over:
        node = next(job.ready())
        answer = perform(store, node)
        assert answer["outcome"] == "done", answer
        job.done.add(node.key)
    ledger.set_run(run, state="done")
    return run, job


def test_rows_without_a_label_are_learned_from_and_are_no_test_rows(
    store, tiny_binary, tmp_path, monkeypatch
):
    frame = tiny_binary.copy()
    free = np.arange(0, 300, 4)
    frame.loc[free, "label"] = None
    _, folder = store.new_dataset_folder()
    dataset = from_frame(frame, folder, target="label")
    store.add_dataset(dataset)
    plan = make_plan(
        dataset,
        strategies="consistency",
        classifiers="mlp",
        folds=3,
        params={"mlp": {"epochs": 30}},
    )
    run, job = run_all(store, plan)
    arms = {arm.name.split("/")[0]: arm for arm in results.load_cells(store, run)}
    folds = [node for node in job.nodes.values() if node.kind == "prepare"]
    assert len(folds) == 3
    for node in folds:
        held = load_rows(store.home.path / node.path / "unlabelled")
        np.testing.assert_array_equal(held.y, np.full(len(free), -1))
    for cell in arms["consistency"].cells:
        assert not set(cell.rows) & set(free.tolist())
        assert any(sum(epoch.get("believed", (0,))) > 20 for epoch in cell.history)
    assert all("believed" not in e for c in arms["none"].cells for e in c.history)
    more = f"Besides the labelled rows it learned from {len(free)} rows without a label."
    assert {more in cell.notes for cell in arms["consistency"].cells} == {True}
    assert {more in cell.notes for cell in arms["none"].cells} == {False}
    facts = results.evaluation(store, run).facts
    assert facts["unlabelled"] == len(free)

    handed: list[TypedRows] = []
    fit = NetModel.fit
    monkeypatch.setattr(
        NetModel, "fit", lambda m, job: [handed.append(job.unlabelled), fit(m, job)]
    )
    export_run(store, run, tmp_path / "out", arm=arms["consistency"].name, refit=True)
    assert [len(rows) for rows in handed] == [len(free)], "the model of all rows learns from them"


def test_a_value_of_a_column_is_known_to_the_cells_by_its_name(store, tiny_binary):
    _, folder = store.new_dataset_folder()
    dataset = from_frame(tiny_binary, folder, target="label")
    store.add_dataset(dataset)
    city = sorted(tiny_binary["city"].dropna().unique())[-1]
    first = {"pretraining": "domain", "domain": "city", "value": city}
    plan = make_plan(
        dataset,
        strategies="transfer",
        classifiers="mlp",
        folds=2,
        params={"transfer": first, "mlp": {"epochs": 6}},
    )
    run, job = run_all(store, plan)
    assert next(a for a in results.report(store, run)["arms"] if a["strategy"] == "transfer")[
        "params"
    ] == {**first, "epochs": 6}
    arm = next(arm for arm in plan.arms if arm.strategy == "transfer")
    lost = replace(arm, params=tuple({**dict(arm.params), "value": "Atlantis"}.items()))
    fold = next(n for n in job.nodes.values() if n.kind == "prepare")
    node = cell_node(plan, lost, fold, None, None)
    answer = perform(store, node)
    assert answer["outcome"] != "done"
    assert "no value “Atlantis” in the training rows; it has " in str(answer)
    assert city in str(answer)


def test_run_on_a_real_table(store, tiny_binary):
    identifier, folder = store.new_dataset_folder()
    dataset = from_frame(tiny_binary, folder, target="label")
    store.add_dataset(dataset)
    plan = make_plan(dataset, strategies="random_over,smote", classifiers="logistic", folds=3)
    assert plan.dataset == identifier
    run, job = run_all(store, plan)
    report = results.report(store, run)
    assert [a["arm"] for a in report["arms"]] == [arm.name for arm in plan.arms]
    assert {a["status"] for a in report["arms"]} == {"done"}
    json.dumps(report, allow_nan=False)

    cells = {arm.name: arm for arm in results.load_cells(store, run)}
    tested = np.sort(np.concatenate([c.rows for c in cells["smote/logistic"].cells]))
    assert np.array_equal(tested, np.arange(len(tiny_binary)))
    assert cells["none/logistic"].untreated
    assert not cells["smote/logistic"].untreated
    one, two = cells["none/logistic"].cells[0], cells["threshold/logistic"].cells[0]
    assert np.array_equal(one.proba, two.proba)

    fitted, preparation = load_arm(results.model_of(store, run, "smote/logistic"))
    split = splits_of(dataset, plan.protocol)[0]
    test = preparation.transform(dataset.frame(rows=split.test))
    stored = next(c for c in cells["smote/logistic"].cells if (c.repeat, c.fold) == (0, 0))
    assert np.allclose(fitted.predict_proba(test), stored.proba, atol=1e-6)
    told = build_report(results.evaluation(store, run), run=run, seconds=0)
    assert told["arms"] == report["arms"]

    # The same work once more, elsewhere, gives the same numbers to the last bit.
    before = {k: load_cell(store.home.path / n.path) for k, n in job.nodes.items() if n.answers}
    for node in job.nodes.values():
        if node.answers:
            (store.home.path / node.path).unlink()
            assert perform(store, node)["outcome"] == "done"
            again = load_cell(store.home.path / node.path)
            assert np.array_equal(again.proba, before[node.key].proba)


def test_task_ends(store, tmp_path, monkeypatch):
    module = tmp_path / "few_tasks.py"
    module.write_text(
        "TASKS = {k: f'few_tasks:{k}' for k in ('bug', 'nothing', 'patient')}\n"
        "def bug(params, context): raise KeyError('no such thing')\n"
        "def nothing(params, context): pass\n"
        "def patient(params, context): context.progress(0.5)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("REBAL_TASKS", "few_tasks")
    flag = tmp_path / "flag"

    def outcome(kind):
        node = {"kind": kind, "key": "k", "path": "results/k", "params": {}}
        return execute(str(store.home.path), node, str(flag), lambda report: None)

    assert "KeyError" in outcome("bug")["error"]
    assert outcome("nothing")["outcome"] == "failed"
    flag.touch()
    assert outcome("patient")["outcome"] == "cancelled"
    (store.home.path / "results/k").touch()
    assert outcome("bug")["outcome"] == "done"  # the result is there: nothing is run


def test_results_are_there_completely_or_not_at_all(tmp_path):
    def fails(path):
        path.mkdir()
        (path / "half").write_text("x")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_once(tmp_path / "result", fails)
    assert list(tmp_path.iterdir()) == []

    def works(path):
        path.mkdir()
        (path / "whole").write_text("x")

    write_once(tmp_path / "result", works)
    write_once(tmp_path / "result", works)  # another process had the same idea
    assert [p.name for p in tmp_path.iterdir()] == ["result"]


def some_rows():
    rng = np.random.default_rng(0)
    return TypedRows(
        numbers=rng.normal(size=(60, 3)).astype(np.float32),
        codes=rng.integers(0, 2, (60, 1)).astype(np.int32),
        y=np.repeat([0, 1], [40, 20]),
        layout=Layout(
            numbers=("a", "b", "c"), codes=("d",), cardinalities=(2,), players=("a", "b", "c")
        ),
        weight=rng.random(60),
        unseen=(
            Unseen("who", "group", np.arange(60.0) // 3),
            Unseen("时间", "time", rng.random(60)),
        ),
    )


def test_rows_come_back_as_they_were(tmp_path):
    rows = some_rows()
    save_rows(tmp_path / "rows", rows)
    back = load_rows(tmp_path / "rows")
    assert back.layout == rows.layout
    for name in ("numbers", "codes", "y", "weight"):
        assert np.array_equal(getattr(back, name), getattr(rows, name))
    assert back.text is None
    assert [(c.name, c.role) for c in back.unseen] == [("who", "group"), ("时间", "time")]
    for own, other in zip(back.unseen, rows.unseen, strict=True):
        assert np.array_equal(own.values, other.values)


def test_graphs_are_searched_once(tmp_path, monkeypatch):
    rows = some_rows()
    shared = shared_graphs(tmp_path / "fold", rows)
    for (d, p), (e, q) in (
        (shared.within(1, 5), Graphs.of(rows).within(1, 5)),
        (shared.all(4), Graphs.of(rows).all(4)),
    ):
        assert np.array_equal(p, q)
        assert np.array_equal(d, e)
    expected = Graphs.of(rows)
    inside, among = expected.within(1, 3)[1], expected.all(11)[1]
    monkeypatch.setattr(neighbors, "space_of", lambda _: pytest.fail("searched again"))
    again = shared_graphs(tmp_path / "fold", rows)
    assert np.array_equal(again.within(1, 3)[1], inside)
    assert np.array_equal(again.all(11)[1], among)


def test_smote_and_enn_share_their_rows_with_smote_and_tomek(tmp_path, monkeypatch):
    """Of one SMOTE step the made rows are the same, and so are their neighbours."""
    rows = some_rows()
    arms = [Arm(name, "logistic") for name in ("smote_enn", "smote_tomek", "smote")]
    alone = [resample(arm, rows, None, seed=3) for arm in arms]
    asked = []
    search = neighbors.among_grown
    monkeypatch.setattr(neighbors, "among_grown", lambda *a: asked.append(1) or search(*a))
    for arm, recipe in zip(arms, alone, strict=True):
        found = resample(arm, rows, shared_graphs(tmp_path / "fold", rows), seed=3)
        for name, array in recipe.to_arrays().items():
            assert np.array_equal(getattr(found, name), array)
    assert len(asked) == 1, "made rows of the table's, all rows of the made ones: once"


def test_every_epoch_of_a_network_stays_in_its_result(store, tiny_binary):
    """The last reports may be left out; the result holds them all, finite or not."""
    _, folder = store.new_dataset_folder()
    dataset = from_frame(tiny_binary, folder, target="label")
    store.add_dataset(dataset)
    plan = make_plan(dataset, strategies="none", classifiers="mlp", folds=2)
    run, _ = run_all(store, plan)
    cells = {arm.name: arm.cells for arm in results.load_cells(store, run)}
    for cell in cells["none/mlp"]:
        assert [e["epoch"] for e in cell.history] == list(range(1, len(cell.history) + 1))
        assert np.isfinite([e["loss"] for e in cell.history]).all()
        assert all(len(e["recall"]) == len(e["mix"]) == 2 for e in cell.history)
        shown = epochs_of(store, run, *place_of(store, run, "none/mlp", cell.fold), done=True)
        assert shown.to_dict("records") == list(cell.history)
        assert best_epoch(shown) == int(np.argmin(shown["loss"])) + 1
        assert set(shown["device"]) <= {"cpu", "cuda"}
        assert shown["memory"].is_monotonic_increasing
        assert shown["memory"].between(1, 200_000).all(), "in MB"
    assert cells["dummy/prior"][0].history == ()


def place_of(store, run, arm, fold):
    cells = store.cells(run).set_index(["arm", "fold"])
    return cells.loc[(arm, fold), "key"], cells.loc[(arm, fold), "path"]


def begun(store, table):
    """A comparison with a network that has begun: its number, and key and path of one cell."""
    _, folder = store.new_dataset_folder()
    dataset = from_frame(table, folder, target="label")
    store.add_dataset(dataset)
    plan = make_plan(dataset, strategies="none", classifiers="mlp", folds=2)
    run = store.add_run("compare", plan.to_dict(), dataset=plan.dataset, version="")
    assert take_up(store, Ledger(store), run, gpus=False) is not None
    key, path = place_of(store, run, "none/mlp", 1)
    return run, key, path


def test_epochs_that_are_told_stand_in_for_a_result_that_is_not_there(store, tiny_binary):
    run, key, path = begun(store, tiny_binary)
    assert store.heard(run) == set()
    assert len(epochs_of(store, run, key, path, done=False)) == 0
    told = [
        {"key": key, "epoch": n, "at": 0.0, "fraction": None, "values": {"loss": 1 / (n + 1)}}
        for n in range(3)
    ]
    Ledger(store).write_events(told)
    assert store.heard(run) == {key}
    for done in (False, True):
        shown = epochs_of(store, run, key, path, done=done)
        assert shown.to_dict("records") == [
            {"epoch": 1, "loss": 1 / 2},
            {"epoch": 2, "loss": 1 / 3},
        ]


def test_a_network_whose_loss_never_was_a_number_is_drawn(store, tiny_binary):
    run, key, path = begun(store, tiny_binary)
    values = {"learning_rate": 10.0, "mix": [0.9, 0.1], "kept": False}
    told = {"key": key, "epoch": 1, "at": 0.0, "fraction": None, "values": values}
    Ledger(store).write_events([told])
    shown = epochs_of(store, run, key, path, done=False)
    assert shown["loss"].isna().tolist() == [True]
    assert len(losses(shown, [shown], color="#123456").data) == 2
