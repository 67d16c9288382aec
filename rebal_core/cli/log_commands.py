"""The commands for logs of events: words, options, help. It imports no more than the tree does."""

from __future__ import annotations

from typing import Any

from rebal_core.cli.arguments import path, whole, words
from rebal_core.cli.commands import Parser, add_command
from rebal_core.cli.options import add_json, add_out, add_reading, add_seed
from rebal_core.cli.settings import owned_setting


def add_past(commands: Any) -> None:
    """Add ``rebal past``."""
    about = "add columns that say what had happened before each row of a log"
    example = (
        "rebal past clicks.csv --time moment --by visitor,product,visitor+category "
        "--user visitor --price price --out clicks_past.parquet"
    )
    p = add_command(commands, "past", "past:past", about, example)
    p.add_argument("data", type=path, metavar="LOG", help=".csv, .tsv (also .gz) or .parquet")
    p.add_argument(
        "--time", required=True, metavar="COL", help="when; dates, or numbers of seconds"
    )
    p.add_argument(
        "--by",
        type=words,
        default=[],
        metavar="a,b,a+c",
        help="whose rows are counted: columns, or several together",
    )
    p.add_argument("--user", metavar="COL", help="whose visits: the place of each row in its visit")
    p.add_argument("--price", metavar="COL", help="set against the mean of the user so far")
    p.add_argument(
        "--pause",
        type=whole(1),
        default=30,
        metavar="MINUTES",
        help="silence that ends a visit (default %(default)s)",
    )
    p.add_argument(
        "--only", type=words, default=[], metavar="c1,c2", help="add these of the columns only"
    )
    add_reading(p)
    add_out(p)


def add_recommend(commands: Any) -> None:
    """Add ``rebal recommend``."""
    about = "judge what orders a catalogue, and what becomes of the long tail"
    example = "rebal recommend clicks.csv --user visitor --item product --time moment --event did"
    p = add_command(commands, "recommend", "recommend:recommend", about, example)
    _add_log(p)
    p.add_argument(
        "--models",
        type=words,
        metavar="a,b",
        help="default popularity,item_knn,two_tower",
    )
    p.add_argument(
        "--strategies",
        type=words,
        default=["none"],
        metavar="a,b",
        help="remedies for the tail to try beside the untreated models (default none)",
    )
    p.add_argument(
        "--set",
        dest="params",
        type=owned_setting,
        action="append",
        default=[],
        metavar="OWNER.PARAM=VALUE",
        help="a parameter of a model or strategy; may be repeated",
    )
    p.add_argument("--unseen", action="store_true", help="leave out what a user has had already")
    p.add_argument("--k", type=whole(1, 100), default=10, help="places of a list (default 10)")
    p.add_argument(
        "--windows",
        type=whole(0, 20),
        default=0,
        metavar="N",
        help="judge by N later windows of time as well; each takes as long as the run",
    )
    p.add_argument(
        "--to",
        type=path,
        metavar="DIR",
        help="folder for the lists of all users and the model, fitted on all events",
    )
    p.add_argument(
        "--arm",
        metavar="STRATEGY/MODEL",
        help="what is handed over (default: the untreated model of the best NDCG)",
    )
    add_reading(p)
    add_seed(p)
    add_json(p)


def add_lists(commands: Any) -> None:
    """Add ``rebal lists``."""
    example = "rebal lists handover/recommender.rebal clicks.csv --out lists.parquet"
    words = "order the catalogue of a saved model for each user of a log"
    p = add_command(commands, "lists", "recommend:lists", words, example)
    p.add_argument(
        "recommender",
        type=path,
        metavar="RECOMMENDER",
        help="a recommender.rebal from `rebal recommend --to`",
    )
    p.add_argument(
        "data",
        type=path,
        metavar="LOG",
        help="what the users did, in the columns of the first log; what a model takes as known "
        "when it is asked (two_tower.context) is that of the last event of each user",
    )
    p.add_argument("--k", type=whole(1, 100), help="places of a list (default: as many as judged)")
    add_reading(p)
    add_out(p)


def _add_log(p: Parser) -> None:
    """Add the log, its columns, and what tells of its items."""
    p.add_argument("data", type=path, metavar="LOG", help=".csv, .tsv (also .gz) or .parquet")
    p.add_argument(
        "--user", required=True, metavar="COL", help="who; rows without one are left out"
    )
    p.add_argument("--item", required=True, metavar="COL", help="what was clicked, bought or rated")
    p.add_argument(
        "--time",
        required=True,
        type=words,
        metavar="COL",
        help="when; several columns with commas, the coarsest first (year,month,day)",
    )
    p.add_argument("--event", metavar="COL", help="kind of event; without it every row is one")
    p.add_argument(
        "--items", type=path, metavar="FILE", help="a second table that tells of the items"
    )
    p.add_argument(
        "--item-key", metavar="COL", help="its column that names the item (default that of --item)"
    )
