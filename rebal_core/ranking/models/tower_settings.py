"""What is set of two towers, what a log has to have for it, and what an item stands against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rebal_core.data.formats import count
from rebal_core.params import Choice, ColumnNames, ItemColumn, Number
from rebal_core.ranking.about import tells_of_items, tells_the_item
from rebal_core.ranking.heads import refuses
from rebal_core.ranking.item_values import refuses_values
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.models.tower_events import beside_of, left_alone
from rebal_core.wording import Text

NEGATIVES = Choice(
    "negatives",
    "Negatives",
    "What an item that came next stands against while the net learns; how often each of these is "
    "there is corrected.",
    "all",
    (
        ("all", "All items; of more than 4,000 those of the step and some drawn"),
        ("in_batch", "Items of the step's other events"),
        ("uniform", "Items drawn alike"),
        ("popularity", "Items drawn by popularity"),
        ("impressions", "Items shown and left alone, beside those of the step"),
    ),
)
CONTEXT = ColumnNames(
    "context",
    "Known when asked",
    "Columns of what is known when a list is asked for, before anything is chosen: a query, a "
    "device, an hour, the user. Never what is known only afterwards.",
    roles=("feature", "ignore", "group", "time"),
)
ATTACK = Number(
    "attack",
    "Weight of the attack",
    "How much it counts that points stand in order also where each is moved against the net, once "
    "it has learned without; 0 for no attack.",
    0.0,
    0,
    100,
)
ATTRIBUTE = ItemColumn(
    "attribute",
    "Foretold beside",
    "Column of items, say a category: the net foretells its value of what comes next, too, and the "
    "report tells how well.",
)
ATTRIBUTE_WEIGHT = Number(
    "attribute_weight",
    "Weight of the value",
    "How much it counts that this value is foretold, beside the item itself.",
    0.1,
    0,
    100,
)
EPSILON = Number("epsilon", "Length of the attack", "How far a point is moved.", 0.1, 0, 1)


def serves(log: EventLog, params: Mapping[str, Any]) -> Text | None:
    """Return why two towers cannot learn from a log, or None."""
    for name in params["context"]:
        values = beside_of(log.beside)[name]
        if tells_the_item(log.item, values):
            return Text(
                "“{column}” says of nearly all rows which item was chosen, as only what comes "
                "afterwards does; leave it away.",
                {"column": name},
            )
        if tells_of_items(log.item, values, len(log.items)):
            return Text(
                "“{column}” says the same in all rows of an item: it tells of what is chosen, and "
                "is not known when a list is asked for.",
                {"column": name},
            )
    if params["negatives"] == "impressions" and not left_alone(log)[1].size:
        return Text(
            "Impressions as negatives are items that were shown to a user and left alone, and this "
            "log has none; choose other negatives."
        )
    if params["attribute"] and (refused := refuses_values(log, params["attribute"])) is not None:
        return refused
    return refuses(log, params)


def against(params: Mapping[str, Any], items: int) -> Text:
    """Return what an item stands against while it is learned."""
    from rebal_core.nn.negatives import EXACT

    way = params["negatives"]
    if way == "all" and items <= EXACT:
        return Text("While it learns, what came next stands against all other items.")
    templates = {
        "all": "While it learns, what came next stands against the items of the step's other "
        "events and {others} drawn alike; a correction (log q) undoes how often each is there.",
        "in_batch": "While it learns, what came next stands against the items of the step's other "
        "events; a correction (log q) undoes how often each is there.",
        "uniform": "While it learns, what came next stands against {others} items drawn alike; a "
        "correction (log q) undoes how often each is there.",
        "popularity": "While it learns, what came next stands against {others} items drawn by "
        "popularity to the power of 0.75; a correction (log q) undoes how often each is there.",
        "impressions": "While it learns, what came next stands against the items of the step's "
        "other events, corrected (log q) for how often each is there, and against items that its "
        "user was shown and left alone.",
    }
    return Text(templates[way], {"others": count(min(params["others"], items))})
