"""Commands that only look: profile, strategies, runs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from rebal_core.arm import is_list
from rebal_core.cli.about import about, about_text
from rebal_core.cli.output import answer, check_json, columns, moment, note, tell
from rebal_core.cli.settings import once
from rebal_core.codes import RUN_VERDICTS, STATES
from rebal_core.families import FAMILIES
from rebal_core.wording import UserError

if TYPE_CHECKING:
    from rebal_core.data.dataset import Dataset
    from rebal_core.strategies import Strategy

#: Columns that the words of a profile list; the JSON has all.
MOST_COLUMNS = 40


def profile(arguments: argparse.Namespace) -> int:
    """Tell how skewed a table is, and what its checks found."""
    from rebal_core.checks.report import profile_report
    from rebal_core.cli.tables import opened, reading_notes, unused_notes

    check_json(arguments.json, arguments.data)
    with opened(arguments) as dataset:
        report = profile_report(dataset)
        notes = [*reading_notes(dataset), *unused_notes(report["unused"])]
        answer(report, arguments.json, lambda: _profile_text(report, dataset))
    for sentence in notes:
        note(sentence)
    return 0


def _profile_text(report: dict[str, Any], dataset: Dataset) -> str:
    shown = report["classes"][:10]
    rows = [(c["label"], c["count"], f"{c['share']:.2%}") for c in shown]
    lines = [
        f"{report['rows']:,} rows, {report['columns']:,} columns, target {report['target']} "
        f"with {len(report['classes']):,} classes, imbalance ratio {report['imbalance_ratio']:.4g}",
        "",
        columns(rows, ("class", "rows", "share")),
    ]
    if len(report["classes"]) > len(shown):
        lines.append(f"... and {len(report['classes']) - len(shown):,} more classes")
    lines += ["", *_columns_text(report, dataset)]
    found = [c for c in report["checks"] if c["severity"] != "passed"]
    lines += ["", *(f"{c['code']} {c['severity']}: {c['message']}" for c in found)]
    return "\n".join(lines).rstrip()


def _columns_text(report: dict[str, Any], dataset: Dataset) -> list[str]:
    """List the first columns with type, role and how many rows lack a value."""
    from rebal_core.checks.look import Look

    facts, names = Look(dataset).facts, [*report["roles"]]
    rows = [
        (
            name,
            report["kinds"][name],
            report["roles"][name],
            report["rows"] - facts[name].filled if name in facts else None,
        )
        for name in names[:MOST_COLUMNS]
    ]
    lines = [columns(rows, ("column", "type", "role", "missing"))]
    if len(names) > MOST_COLUMNS:
        lines.append(f"... and {len(names) - MOST_COLUMNS:,} more columns")
    return lines


def strategies(arguments: argparse.Namespace) -> int:
    """List every strategy, and in words every model too; or tell of the one that is named.

    Remedies and models of ``rebal recommend`` are of the family ``ranking``, or the last.
    """
    from rebal_core.classifiers import CLASSIFIERS
    from rebal_core.ranking.models import RECOMMENDERS
    from rebal_core.strategies import saved_strategies

    if arguments.params and not arguments.save:
        raise UserError("--set says what is saved; give --save NAME=a+b with it.")
    check_json(arguments.json)
    if arguments.save or arguments.rename or arguments.remove:
        if arguments.name is not None:
            raise UserError("Name one to be told of it, or change what is saved; not both.")
        return _change_saved(arguments)
    saved = saved_strategies()
    if arguments.name is not None:
        told = about(arguments.name, saved.beside())
        answer(told, arguments.json, lambda: about_text(told))
        return 0
    listed: list[dict[str, Any]] = [
        {
            "name": strategy.name,
            "label": strategy.label,
            "family": strategy.family,
            "reference": strategy.reference,
            "params": {**strategy.params, **strategy.preset},
            "classifiers": list(strategy.serves),
        }
        | ({"made_of": strategy.made_of} if strategy.made_of else {})
        for strategy in saved.beside()
    ]
    listed = _with_rankings(listed)
    rows = [
        (s["name"], FAMILIES[s["family"]].title, s.get("made_of", s["label"]), _params(s["params"]))
        for s in listed
    ]
    every = [*(m for m in CLASSIFIERS if m.family != "reference"), *RECOMMENDERS]
    models = [(m.name, m.label, _params(m.params)) for m in every]
    words = (
        columns(rows, ("name", "family", "label", "parameters")),
        columns(models, ("model", "label", "parameters")),
    )
    answer(listed, arguments.json, lambda: "\n\n".join(words))
    for sentence in (saved.damage, *saved.unusable.values()):
        if sentence is not None:
            note(sentence.render())
    return 0


def _with_rankings(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the list with the remedies of ``rebal recommend``: what serves both stands there once.

    Such a one has the parameters and the models of both.
    """
    from rebal_core.ranking.models import RECOMMENDERS
    from rebal_core.ranking.remedies import REMEDIES

    found = {entry["name"]: entry for entry in listed}
    models = [model.name for model in RECOMMENDERS]
    for remedy in REMEDIES:
        if remedy.untreated:
            continue
        own = found.setdefault(
            remedy.name,
            {
                "name": remedy.name,
                "label": remedy.label,
                "family": "ranking",
                "reference": remedy.reference,
                "params": {},
                "classifiers": [],
            },
        )
        own["params"] = {**remedy.params, **own["params"]}
        own["classifiers"] = [*own["classifiers"], *models]
    return [*found.values()]


def _change_saved(arguments: argparse.Namespace) -> int:
    """Save a strategy of the user's, rename or forget one."""
    from rebal_core.strategies.saved import remove_strategy, rename_strategy, save_strategy

    if arguments.rename:
        rename_strategy(*arguments.rename)
        tell("Renamed {} to {}.".format(*arguments.rename))
        return 0
    if arguments.remove:
        remove_strategy(arguments.remove)
        tell(f"Removed {arguments.remove}.")
        return 0
    name, parts = arguments.save
    one = save_strategy(name, parts, once(arguments.params, "--set"))
    steps = columns(_steps(one.strategy), ("step", "settings"))
    tell(f"Saved {one.name}. Its steps, in this order:\n\n{steps}\n")
    tell(f"Use the name like any other: rebal compare DATA --target COL --strategies {one.name}")
    return 0


def _steps(strategy: Strategy) -> list[tuple[str, str]]:
    """Return each step of a strategy with its settings, by the names under which one sets them."""
    steps: list[Any] = [*strategy.steps, *filter(None, [strategy.decision])]
    places, values = strategy.places(), {**strategy.params, **strategy.preset}
    return [
        (step.name, _params({name: values[name] for name, (at, _p) in places.items() if at == k}))
        for k, step in enumerate(steps)
    ]


def _params(params: Any) -> str:
    told = {n: ",".join(map(str, v)) if is_list(v) else v for n, v in params.items()}
    return ", ".join(n if value in (None, "") else f"{n}={value}" for n, value in told.items())


def runs(arguments: argparse.Namespace) -> int:
    """List the comparisons of this home, newest first."""
    from rebal_core.cli.runs import run_rows
    from rebal_core.data.formats import seconds as took
    from rebal_core.store import Store
    from rebal_core.store.recovery import lost_sentence

    check_json(arguments.json)
    store = Store()
    (listed, damaged), lost = run_rows(store), store.lost_runs()
    rows = [
        (
            r["run"],
            STATES[r["state"]],
            r["dataset"],
            r["target"],
            moment(r["started"]),
            None if r["seconds"] is None else took(r["seconds"]),
            "damaged" if r["run"] in damaged else r["verdict"] and RUN_VERDICTS[r["verdict"]],
        )
        for r in listed
    ]
    heads = ("run", "state", "dataset", "target", "started", "time", "verdict")
    empty = "There are no runs yet; `rebal compare` makes one."
    answer(listed, arguments.json, lambda: columns(rows, heads) if rows else empty)
    for run, problem in damaged.items():
        note(f"Run {run}: {problem}")
    if lost:
        note(lost_sentence(lost, store.home).render())
    return 0
