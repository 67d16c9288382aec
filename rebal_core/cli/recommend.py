"""Commands around rankings: judge models by a log, hand one over, order a catalogue by it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from rebal_core.cli.output import Bar, answer, check_json, columns, note, tell
from rebal_core.cli.settings import by_owner
from rebal_core.cli.tables import read_beside, read_untargeted, reading_notes
from rebal_core.outputs import require_folder, require_output, written_folder
from rebal_core.ranking.foretold import JUDGED as JUDGED_CHANCES
from rebal_core.ranking.scored import OVER
from rebal_core.ranking.segments import JUDGED
from rebal_core.scratch import scratch
from rebal_core.wording import UserError, listed

if TYPE_CHECKING:
    from rebal_core.export.recommender import SavedRecommender
    from rebal_core.ranking.compare import RankingComparison
    from rebal_core.ranking.log import EventLog
    from rebal_core.ranking.reading import LogColumns
    from rebal_core.schema import Schema

#: What is handed over.
LISTS, RECOMMENDER = HANDED = ("lists.parquet", "recommender.rebal")
#: Columns of a context that are named; there may be a thousand.
_TOLD = 5


def recommend(arguments: argparse.Namespace) -> int:
    """Judge models and remedies by the last event of each user; 1 when no model could be fitted."""
    check_json(arguments.json, arguments.data)
    if arguments.item_key is not None and arguments.items is None:
        raise UserError("--item-key names a column of a table of items; give --items FILE with it.")
    if arguments.arm is not None and arguments.to is None:
        raise UserError("--arm says what --to hands over; name a folder by --to, too.")
    if arguments.to is not None:
        require_folder(arguments.to, HANDED, "--to")
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
        windows=arguments.windows,
    )
    if arguments.arm is not None:
        plan.arm(arguments.arm)  # an hour later would be late to say that there is none
    of = LogColumns(arguments.user, arguments.item, tuple(arguments.time), arguments.event)
    with scratch() as folder, scratch() as second:
        dataset = read_untargeted(arguments, folder)
        table = None
        if arguments.items is not None:
            table = ItemTable(read_beside(arguments, second), arguments.item_key or arguments.item)
        read = read_log(dataset, of, plan.columns, plan.item_columns, table)
        bar = Bar("Fitting")

        try:
            found = compare_rankings(read.log, plan, lambda share, **_: bar.show(share, 1.0))
        finally:
            bar.clear()
        result = report(found, read, of)
        answer(result, arguments.json, lambda: _text(result))
        tables = [dataset, *([] if table is None else [table.dataset])]
        for sentence in chain.from_iterable(map(reading_notes, tables)):
            note(sentence)
        for text in read.notes:
            note(text.render())
        _tell_event(dataset.schema, of)
        if arguments.to is not None:
            _hand_over(arguments, dataset.fingerprint, read.log, of, found)
    return 0 if any(arm["status"] == "done" for arm in result["arms"]) else 1


def _hand_over(
    arguments: argparse.Namespace,
    fingerprint: str,
    log: EventLog,
    of: LogColumns,
    found: RankingComparison,
) -> None:
    """Fit the chosen arm, or the best untreated one, on all events; write its lists and itself."""
    from rebal_core.export.recommender import hand_over, recommender_of

    if found.best is None:
        reasons = dict.fromkeys(str(o.reason) for o in found.outcomes if o.reason is not None)
        note(f"Nothing was written to {arguments.to}: no arm was fitted. {' '.join(reasons)}")
        return
    arm = found.plan.arm(arguments.arm or f"none/{found.best.model}")
    tau = next(o.tau for o in found.outcomes if o.arm is arm)
    bar = Bar("Handing over")
    try:
        saved = recommender_of(
            *(arm, log, of, found.plan),
            tau=tau,
            fingerprint=fingerprint,
            progress=lambda share, **_: bar.show(0.7 * share, 1.0),
        )
        with written_folder(arguments.to, HANDED) as parts:
            hand_over(
                saved,
                log,
                [parts[LISTS]],
                progress=lambda share: bar.show(0.7 + 0.3 * share, 1.0),
            )
            saved.save(parts[RECOMMENDER])
    finally:
        bar.clear()
    _tell_context(saved, log)
    for name in HANDED:
        note(f"Wrote {arguments.to / name}: {arm.name}, fitted on all events.")


def _tell_event(schema: Schema, of: LogColumns) -> None:
    """Tell of a column that looks like the kind of an event, where none is named."""
    from rebal_core.data.log_columns import event_by_name

    if of.event is None and (column := event_by_name(schema, (of.user, of.item, *of.time))):
        note(
            f"Every row counts as an event, also what was only shown; if “{column}” tells which it "
            f'is, add --event "{column}".'
        )


def _tell_context(saved: SavedRecommender, log: EventLog) -> None:
    """Tell where lists have from what was known when the judged ones were asked for."""
    if not saved.manifest["context"]:
        return
    known = listed([f"“{name}”" for name in saved.manifest["context"]], _TOLD)
    told = f"Judged was what the model finds when {known} is known"
    if saved.known_when_asked(log) is None:
        note(f"{told}; the log has not all of it, so these lists do without it.")
    else:
        note(f"{told}; these lists take it from the last event of each user.")


def lists(arguments: argparse.Namespace) -> int:
    """Order the catalogue of a saved model for each user of a log."""
    from rebal_core.export.recommender import hand_over, load_recommender
    from rebal_core.export.tables import check_suffix
    from rebal_core.ranking.reading import read_log

    check_suffix(arguments.out)
    require_output(arguments.out, "--out", [arguments.recommender, arguments.data])
    saved = load_recommender(arguments.recommender)
    with scratch() as folder:
        dataset = read_untargeted(arguments, folder)
        context = saved.manifest["context"]
        whole = set(context) <= {column.name for column in dataset.schema.columns}
        read = read_log(dataset, saved.columns, context if whole else (), judged=False)
        bar = Bar("Ordering")
        try:
            unknown = hand_over(
                *(saved, read.log, [arguments.out], arguments.k),
                progress=lambda share: bar.show(share, 1.0),
            )
        finally:
            bar.clear()
        for sentence in (*reading_notes(dataset), *(text.render() for text in read.notes)):
            note(sentence)
    _tell_context(saved, read.log)
    if unknown:
        note(f"{unknown:,} events are of items that the model does not know; they are left out.")
    tell(f"Wrote the lists of {len(read.log.users):,} users to {arguments.out}")
    return 0


def _text(told: dict[str, Any]) -> str:
    """Return the table of arms, what is said of each, and of the whole."""
    protocol, log = told["protocol"], told["log"]
    k = protocol["k"]
    bands = protocol["bands"]
    cold = protocol["cold"]
    over = (*OVER, "cold") if cold["visits"] else OVER
    lines = [
        f"{log['events']:,} events of {log['users']:,} users on {log['items']:,} items; judged by "
        f"the last event of {protocol['visits']:,} users.",
        "  ".join(
            f"{name}: {band['items']:,} items, {band['visits']:,} visits"
            for name, band in {**bands, **({"cold": cold} if cold["visits"] else {})}.items()
        ),
        "",
        columns(
            [_row(arm, over) for arm in told["arms"]],
            ("arm", f"NDCG@{k}", *(f"recall@{k} {band}" for band in over), f"coverage@{k}"),
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
    lines += [_segments(arm, k) for arm in told["arms"] if arm["segments"]]
    lines += [_heads(arm) for arm in told["arms"] if arm["heads"]]
    lines += ["", told["verdict"]]
    repeats = protocol["repeats"]
    lines += [repeats["sentence"]] if repeats and repeats["sentence"] else []
    lines += [told["windows"]["sentence"]] if told["windows"] else []
    return "\n".join(lines)


def _segments(arm: dict[str, Any], k: int) -> str:
    """Return what an arm that is aimed at a segment does to each."""
    told = arm["segments"]
    rows = [
        (
            one["value"] + (" (the aim)" if one["value"] == told["target"] else ""),
            one["visits"],
            *(round(one[m][what], 3) for m in JUDGED for what in ("untreated", "arm")),
            "worse" if one["value"] in told["worse"] else None,
        )
        for one in told["values"]
    ]
    names = (f"recall@{k}", "treated", f"NDCG@{k}", "treated")
    table = columns(rows, (told["column"], "users", *names, ""))
    left = f"\n{told['left_out']:,} more are not judged." if told["left_out"] else ""
    return f"\n{arm['arm']}, by segment:\n{table}{left}"


def _heads(arm: dict[str, Any]) -> str:
    """Return how well chances are what happens, and a sentence on each."""
    told = arm["heads"]
    if told["reason"]:
        return f"\n{arm['arm']}, chances: {told['reason']}"
    rows = [
        (
            name,
            one["shown"],
            one["happened"],
            *(round(one["scores"][metric], 3) for metric in JUDGED_CHANCES[:3]),
            round(one["rate"], 3),
            round(one["scores"]["roc_auc"], 3),
        )
        for name, one in told["tasks"].items()
    ]
    names = ("shown", "happened", "E/O", "norm. entropy", "AP", "rate", "AUC")
    said = "\n".join(f"{name}: {one['sentence']}" for name, one in told["tasks"].items())
    table = columns(rows, ("chance of", *names))
    return f"\n{arm['arm']}, chances in the last fifth of the time:\n{table}\n{said}"


def _row(arm: dict[str, Any], over: Sequence[str]) -> list[Any]:
    if arm["metrics"] is None:
        return [arm["arm"], *[None] * (len(over) + 2)]
    recall = {**arm["metrics"]["recall"], "cold": (arm["cold"] or {}).get("recall")}
    cells = [arm["metrics"]["ndcg"]["all"], *(recall[band] for band in over)]
    return [arm["arm"], *(round(v, 3) for v in (*cells, arm["catalogue"]["coverage"]))]
