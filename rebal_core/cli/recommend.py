"""``rebal recommend``: read a log, fit the models, tell what each finds in head, mid and tail."""

from __future__ import annotations

import argparse
from itertools import chain
from typing import Any

from rebal_core.cli.output import Bar, answer, check_json, columns, note
from rebal_core.cli.settings import by_owner
from rebal_core.cli.tables import read_beside, read_untargeted, reading_notes
from rebal_core.ranking.scored import OVER
from rebal_core.scratch import scratch
from rebal_core.wording import UserError


def recommend(arguments: argparse.Namespace) -> int:
    """Judge models and remedies by the last event of each user; 1 when no model could be fitted."""
    check_json(arguments.json, arguments.data)
    if arguments.item_key is not None and arguments.items is None:
        raise UserError("--item-key names a column of a table of items; give --items FILE with it.")
    params = by_owner(arguments.params)
    from rebal_core.ranking.compare import compare_rankings
    from rebal_core.ranking.item_table import ItemTable
    from rebal_core.ranking.plan import plan_rankings
    from rebal_core.ranking.reading import LogColumns, read_log
    from rebal_core.ranking.report import report

    plan = plan_rankings(
        arguments.models,
        arguments.strategies,
        params,
        k=arguments.k,
        unseen=arguments.unseen,
        seed=arguments.seed,
    )
    of = LogColumns(arguments.user, arguments.item, tuple(arguments.time), arguments.event)
    with scratch() as folder, scratch() as second:
        dataset = read_untargeted(arguments, folder)
        table = None
        if arguments.items is not None:
            table = ItemTable(read_beside(arguments, second), arguments.item_key or arguments.item)
        read = read_log(dataset, of, plan.columns, plan.item_columns, table)
        bar = Bar("Fitting")

        try:
            found = compare_rankings(read.log, plan, lambda share: bar.show(share, 1.0))
        finally:
            bar.clear()
        result = report(found, read, of)
        answer(result, arguments.json, lambda: _text(result))
        tables = [dataset, *([] if table is None else [table.dataset])]
        for sentence in chain.from_iterable(map(reading_notes, tables)):
            note(sentence)
        for text in read.notes:
            note(text.render())
    return 0 if any(arm["status"] == "done" for arm in result["arms"]) else 1


def _text(told: dict[str, Any]) -> str:
    """Return the table of arms, what is said of each, and of the whole."""
    protocol, log = told["protocol"], told["log"]
    k = protocol["k"]
    bands = protocol["bands"]
    lines = [
        f"{log['events']:,} events of {log['users']:,} users on {log['items']:,} items; asked is "
        f"the last event of {protocol['visits']:,} users.",
        "  ".join(
            f"{name}: {band['items']:,} items, {band['visits']:,} visits"
            for name, band in bands.items()
        ),
        "",
        columns(
            [_row(arm) for arm in told["arms"]],
            ("arm", f"NDCG@{k}", *(f"recall@{k} {band}" for band in OVER), f"coverage@{k}"),
        ),
    ]
    lines += [
        f"{arm['arm']}: {arm[what]}"
        for what in ("reason", "note")
        for arm in told["arms"]
        if arm[what]
    ]
    lines += [
        " ".join([f"{arm['arm']}: {arm['verdict']['sentence']}", *arm["rules"]])
        for arm in told["arms"]
        if arm["verdict"]
    ]
    against: dict[str, list[str]] = {}
    for arm in told["arms"]:
        if arm["negatives"]:
            against.setdefault(arm["negatives"], []).append(arm["arm"])
    lines += ["", *(f"{', '.join(arms)}: {words}" for words, arms in against.items())]
    return "\n".join([*lines, "", told["verdict"]])


def _row(arm: dict[str, Any]) -> list[Any]:
    if arm["metrics"] is None:
        return [arm["arm"], *[None] * (len(OVER) + 2)]
    recall = arm["metrics"]["recall"]
    cells = [arm["metrics"]["ndcg"]["all"], *(recall[band] for band in OVER)]
    return [arm["arm"], *(round(v, 3) for v in (*cells, arm["catalogue"]["coverage"]))]
