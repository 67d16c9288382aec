"""From a run to its tasks: pure, cheap, and the same every time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.data.dataset import Dataset
from rebal_core.experiment import keys
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.sizes import facts_of
from rebal_core.experiment.task import Node, Seat
from rebal_core.facts import TableFacts
from rebal_core.ranking.item_table import ItemTable
from rebal_core.ranking.plan import RankingPlan, plan_rankings
from rebal_core.ranking.reading import LogColumns
from rebal_core.samplers.neighbors import searched_on_gpu
from rebal_core.seeding import content_key
from rebal_core.step import Step
from rebal_core.store.rows import RunRow
from rebal_core.store.store import Store
from rebal_core.strategies import attacks_own_network, fit_signature, strategy_of
from rebal_core.wording import Names, Text, UserError

#: Every worker has one thread; results may differ with another number, so keys tell it.
THREADS = 1

#: Why an arm is left out that somebody stopped.
STOPPED = Text("Stopped by the user.").render()


@dataclass(frozen=True)
class Graph:
    """The tasks of a run.

    Parameters
    ----------
    nodes : dict of str to Node
        By key, each after those it needs.
    last : str
        Key of the task whose end is the run's.
    arms : dict of str to tuple of str
        Keys of the cells of each arm; empty for a single task.
    plan : Plan or None
        None for a single task.
    into : str
        Where an ingest puts the dataset, relative to the home.
    """

    nodes: dict[str, Node]
    last: str
    arms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    plan: Plan | None = None
    into: str = ""


def build(row: RunRow, store: Store, gpus: bool) -> Graph:
    """Return the tasks of a run; ``gpus`` says whether a worker with a GPU is there."""
    if row.kind == "synthetic":
        node = synthetic_node(store, row.plan["run"], row.plan["arm"])
        return Graph({node.key: node}, node.key)
    if row.kind == "rank":
        node = rank_node(store, row.plan)
        return Graph({node.key: node}, node.key)
    if row.kind != "compare":
        return single(row)
    plan = Plan.from_dict(row.plan)
    known = facts_of(store.dataset(plan.dataset), plan.schema, plan.rows) if gpus else None
    return comparison(plan, row.run, known)


def single(row: RunRow) -> Graph:
    """Return the graph of one task of its own: ingest, profile, explain, export."""
    key = content_key(row.kind, row.run, dict(row.plan))
    node = Node(key, row.kind, f"runs/{row.run}/result.json", row.plan)
    return Graph({key: node}, key, into=str(row.plan.get("into", "")))


def comparison(plan: Plan, run: int, gpu_for: TableFacts | None = None) -> Graph:
    """Return split -> prepare(fold) -> resample(fold, strategy) -> cell(arm, fold) -> decide(run).

    Folds come first, arms second: so a worker finds the fold that it used last in its memory, and
    every arm has a first number early.

    Parameters
    ----------
    plan : Plan
    run : int
    gpu_for : TableFacts, optional
        What is known of the table, where a worker with a GPU is there.
    """
    nodes: dict[str, Node] = {}
    answers: dict[str, list[tuple[str, int, int]]] = {}
    arms: dict[str, list[str]] = {arm.name: [] for arm in plan.arms}
    for repeat in range(plan.protocol.repeats):
        cut = split_node(plan, repeat)
        nodes[cut.key] = cut
        for fold in range(plan.protocol.folds):
            prepared = prepare_node(plan, cut, fold)
            nodes[prepared.key] = prepared
            for arm in plan.arms:
                made = resample_node(plan, arm, prepared, gpu_for)
                if made is not None:
                    nodes.setdefault(made.key, made)
                cell = cell_node(plan, arm, prepared, made, gpu_for)
                nodes.setdefault(cell.key, cell)
                answers.setdefault(cell.key, []).append((arm.name, repeat, fold))
                arms[arm.name].append(cell.key)
    nodes = {k: replace(n, answers=tuple(answers.get(k, ()))) for k, n in nodes.items()}
    checked = alarms_node(plan)
    nodes[checked.key] = checked
    last = content_key("decide", run, plan.to_dict(), keys.of_judging())
    nodes[last] = Node(last, "decide", f"runs/{run}/report.json", {}, (checked.key,))
    return Graph(nodes, last, {name: tuple(cells) for name, cells in arms.items()}, plan)


def split_node(plan: Plan, repeat: int) -> Node:
    """Return the task that cuts the splits of one repeat.

    They follow from the table, the columns that are split by and the split's settings, but not
    from the number of repeats, so more repeats find the old ones done.
    """
    p = plan.protocol
    asked = (plan.schema.target, p.group, p.time)
    roles = [[c.name, c.kind, asked.index(c.name)] for c in plan.schema.columns if c.name in asked]
    settings = [p.split, p.folds, p.seed, plan.rows, repeat]
    key = content_key("split", plan.fingerprint, roles, settings, keys.of_splits())
    return Node(key, "split", f"results/split/{key}.npz", {**_of_table(plan), "repeat": repeat})


def prepare_node(plan: Plan, cut: Node, fold: int) -> Node:
    """Return the task that takes the rows of one fold and fits the preparation on its training."""
    roles = [[c.name, c.kind, c.role, c.fill, c.constant] for c in plan.schema.columns]
    shaped = keys.of_preparing(any(c.kind == "text" for c in plan.schema.features))
    rates = [] if plan.schema.rates is None else [asdict(plan.schema.rates), plan.schema.positive]
    key = content_key("prepare", cut.key, roles, fold, shaped, *rates)
    params = {**cut.params, "split": cut.path, "fold": fold}
    return Node(key, "prepare", f"results/prepare/{key}", params, (cut.key,))


def alarms_node(plan: Plan) -> Node:
    """Return the task that looks for leaks across the splits of the first repeat."""
    cut = split_node(plan, 0)
    roles = [[c.name, c.kind, c.role] for c in plan.schema.columns]
    key = content_key("alarms", cut.key, roles, plan.schema.positive, keys.of_alarms())
    params = {**_of_table(plan), "split": cut.path}
    return Node(key, "alarms", f"results/alarms/{key}.json", params, (cut.key,))


def _seat(gpu_for: TableFacts | None, steps: Sequence[Step], capable: bool = False) -> Seat:
    """Return where work runs: on a GPU that is there and that a step, or the model, is worth."""
    if gpu_for is None:
        return "cpu"
    far = searched_on_gpu(gpu_for)
    worth = capable or any("gpu" in s.needs or (far and s.searches(gpu_for)) for s in steps)
    return "gpu" if worth else "cpu"


def resample_node(
    plan: Plan, arm: Arm, prepared: Node, gpu_for: TableFacts | None = None
) -> Node | None:
    """Return the task that all classifiers of a strategy share; None where no row changes.

    Those that hold rows out to stop early share one of their own: its steps see fewer rows. Of
    networks that a step attacks each has its own.
    """
    steps = strategy_of(arm).samplers
    if not steps:
        return None
    values = [[[step.name, step.settings()] for step in steps], plan.protocol.seed]
    shaped, spec = [keys.of_resampling(steps)], CLASSIFIERS[arm.classifier]
    attacked = attacks_own_network(arm)
    if attacked:
        own = [spec.name, spec.identity(dict(arm.settings))]
        shaped += [own, keys.of_fit(steps, spec.name)]
    seat = _seat(gpu_for, steps, attacked and spec.device == "gpu-capable")
    key = content_key("resample", prepared.key, values, spec.holds_out, shaped, seat)
    params = {
        "arm": asdict(arm),
        "seed": plan.protocol.seed,
        "fold_folder": prepared.path,
        "repeat": prepared.params["repeat"],
        "fold": prepared.params["fold"],
    }
    path, needs = f"results/resample/{key}.npz", (prepared.key,)
    # The neighbours of a fold are searched by one and read by the others.
    return Node(key, "resample", path, params, needs, seat, shares=prepared.key)


def cell_node(
    plan: Plan, arm: Arm, prepared: Node, made: Node | None, gpu_for: TableFacts | None = None
) -> Node:
    """Return the task that fits and predicts one arm on one fold."""
    strategy = strategy_of(arm)
    fitting = [step for step in strategy.steps if step not in strategy.samplers]
    seat = _seat(gpu_for, fitting, CLASSIFIERS[arm.classifier].device == "gpu-capable")
    seed, rows = plan.protocol.seed, prepared.key if made is None else made.key
    shaped = keys.of_fit(strategy.steps, arm.classifier)
    key = content_key("cell", rows, fit_signature(arm), seed, shaped, THREADS, seat)
    fold = (prepared.params["repeat"], prepared.params["fold"])
    model = model_path(key) if fold == plan.protocol.handed_over else None
    params = {
        "arm": asdict(arm),
        "seed": seed,
        "fold_folder": prepared.path,
        "recipe": None if made is None else made.path,
        "repeat": fold[0],
        "fold": fold[1],
        "model_folder": model,
    }
    needs = (prepared.key,) if made is None else (prepared.key, made.key)
    beside = () if model is None else (model,)
    return Node(key, "cell", f"results/cell/{key}.npz", params, needs, seat, beside=beside)


def model_path(key: str) -> str:
    """Return where the fitted arm of a cell of the fold that is handed over lies."""
    return f"results/model/{key}"


def synthetic_node(store: Store, run: int, arm: str) -> Node:
    """Return the task that judges the rows that an arm made in the fold that is handed over.

    Whoever asks twice, or for a run that found this fold done, has the first answer.
    """
    key = content_key("synthetic", handed_over(store, run, arm), keys.of_synthetic())
    return Node(key, "synthetic", f"results/synthetic/{key}", {"run": run, "arm": arm})


def rank_node(store: Store, params: Mapping[str, Any]) -> Node:
    """Return the task that ranks the items of a log for each user and judges the lists.

    Whoever asks twice has the first answer.

    Raises
    ------
    UserError
        When there is no such dataset, model or remedy.
    """
    dataset, plan = store.dataset(params["dataset"]), rankings_of(params)
    beside = params.get("items")
    columns: list[Any] = _looked_at(dataset)
    if beside is not None:
        table = store.dataset(beside["dataset"])
        columns = [columns, beside["key"], table.fingerprint, _looked_at(table)]
    arms = [[arm.name, dict(arm.model_params), dict(arm.remedy_params)] for arm in plan.arms]
    asked = [params["columns"], arms, plan.k, plan.unseen, plan.seed, plan.windows]
    key = content_key("rank", dataset.fingerprint, columns, asked, keys.of_ranking(plan), THREADS)
    return Node(key, "rank", f"results/rank/{key}", params)


def _looked_at(dataset: Dataset) -> list[Any]:
    """Return what a ranking takes of the schema of a table."""
    return [[c.name, c.kind, c.role == "ignore"] for c in dataset.schema.columns]


def rankings_of(params: Mapping[str, Any]) -> RankingPlan:
    """Return the plan that the wishes of a ranking describe.

    Raises
    ------
    UserError
        When they name no model or remedy.
    """
    settings = {name: params[name] for name in ("k", "unseen", "seed")}
    settings["windows"] = params.get("windows", 0)
    return plan_rankings(params["models"], params["strategies"], params["params"], **settings)


def columns_of(params: Mapping[str, Any]) -> LogColumns:
    """Return the columns that the wishes of a ranking name."""
    told = params["columns"]
    return LogColumns(told["user"], told["item"], tuple(told["time"]), told["event"])


def item_table_of(params: Mapping[str, Any], folder: Path) -> ItemTable | None:
    """Return the table of items that the wishes of a ranking name, or None.

    Parameters
    ----------
    folder : Path
        Where the datasets lie.
    """
    told = params.get("items")
    return None if told is None else ItemTable(Dataset.open(folder / told["dataset"]), told["key"])


def handed_over(store: Store, run: int, arm: str) -> str:
    """Return the key of an arm's cell in the fold that is handed over, as it was computed then.

    Raises
    ------
    UserError
        When the run has no such arm.
    """
    cells = store.cells(run)
    repeat, fold = Plan.from_dict(store.run(run).plan).protocol.handed_over
    mine = cells[(cells["arm"] == arm) & (cells["repeat"] == repeat) & (cells["fold"] == fold)]
    if mine.empty:
        raise UserError(
            "Run {run} has no arm “{arm}”; it has {arms}.",
            run=run,
            arm=arm,
            arms=Names(cells["arm"].unique()),
        )
    return str(mine["key"].item())


def outcomes_of(
    graph: Graph, failed: Mapping[str, str], stopped: Collection[str] = ()
) -> dict[str, Any]:
    """Return what judging must know: which cells there are, and why some arms have none."""
    arms: dict[str, Any] = {}
    for name, cells in graph.arms.items():
        reason = next((failed[key] for key in cells if key in failed), None)
        if name in stopped:
            arms[name] = arm_outcome("skipped", STOPPED)
        elif reason is not None:
            arms[name] = arm_outcome("failed", reason)
        else:
            arms[name] = arm_outcome("done", None, [graph.nodes[key].path for key in cells])
    assert graph.plan is not None
    return {"arms": arms, "alarms": alarms_node(graph.plan).path}


def arm_outcome(status: str, reason: str | None, paths: Sequence[str] = ()) -> dict[str, Any]:
    """Return what judging must know of one arm."""
    return {"status": status, "reason": reason, "paths": list(paths)}


def _of_table(plan: Plan) -> dict[str, Any]:
    """Return what a task needs to open the table and to split it."""
    return {
        "dataset": plan.dataset,
        "schema": plan.schema.to_dict(),
        "protocol": asdict(plan.protocol),
        "rows": plan.rows,
    }
