"""The tree of commands: words, options, help. It imports nothing of the library but its errors."""

from __future__ import annotations

import argparse
from typing import Any

from rebal_core.cli.arguments import (
    label_pair,
    path,
    price,
    renaming,
    saving,
    share,
    whole,
    words,
)
from rebal_core.cli.commands import Parser, Version, add_command
from rebal_core.cli.log_commands import add_lists, add_past, add_recommend
from rebal_core.cli.options import (
    add_columns,
    add_json,
    add_out,
    add_seed,
    add_split,
    add_table,
    add_text,
)
from rebal_core.cli.settings import owned_setting, setting

_EXAMPLES = """examples:
  rebal profile visits.csv --target bought
  rebal compare visits.csv --target bought --json result.json
  rebal balance visits.csv --target bought --strategy smote --holdout 0.2 --out visits.parquet
  rebal export 1 --to handover        rebal predict handover/model.rebal new.csv --out scored.csv

DATA is .csv, .tsv (also .gz) or .parquet. `rebal COMMAND --help` tells more."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of ``rebal``; ``command`` of its answer is ``module:function``."""
    parser = Parser(
        prog="rebal",
        description="Tells whether rebalancing your data helps, by how much, with what certainty.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("--version", action=Version, nargs=0, help="print the version and stop")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (_app, _profile, _strategies, _compare, _balance, _predict, _generate):
        add(commands)
    for add in (add_past, add_recommend, add_lists, _runs, _export, _trash, _engine):
        add(commands)
    return parser


def _app(commands: Any) -> None:
    p = add_command(commands, "app", "serve:app", "open the dashboard in the browser")
    p.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    p.add_argument("--port", type=whole(1, 65535), default=8501, help="default %(default)s")
    p.add_argument("--no-browser", action="store_true", help="do not open a browser")
    p.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="answer under this host name too; needed with another --host; may be repeated",
    )
    who = p.add_mutually_exclusive_group()
    who.add_argument(
        "--auth",
        choices=("token",),
        help="ask for a token: that of REBAL_TOKEN, else a fresh one, shown at the start",
    )
    who.add_argument("--no-auth", action="store_true", help="let in whoever reaches the address")


def _profile(commands: Any) -> None:
    example = "rebal profile visits.csv --target bought --json -"
    p = add_command(commands, "profile", "look:profile", "tell how skewed a table is", example)
    add_table(p)
    add_json(p)


def _strategies(commands: Any) -> None:
    words = "list the remedies, the models and their parameters; save remedies of your own"
    example = "rebal strategies --save mine=tomek+smote --set smote.k_neighbors=9"
    p = add_command(commands, "strategies", "look:strategies", words, example)
    p.add_argument(
        "name", nargs="?", metavar="NAME", help="tell of one remedy or model what it does and takes"
    )
    one = p.add_mutually_exclusive_group()
    one.add_argument(
        "--save",
        type=saving,
        metavar="NAME=a+b",
        help="save remedies, combined in this order, under a name; use it like any other",
    )
    one.add_argument(
        "--rename", type=renaming, metavar="OLD=NEW", help="give what is saved another name"
    )
    one.add_argument("--remove", metavar="NAME", help="forget what is saved under a name")
    p.add_argument(
        "--set",
        dest="params",
        type=setting,
        action="append",
        default=[],
        metavar="PARAM=VALUE",
        help="a parameter to save with it; may be repeated",
    )
    add_json(p)


def _compare(commands: Any) -> None:
    example = "rebal compare visits.csv --target bought --strategies smote,random_under --folds 5"
    p = add_command(
        commands, "compare", "compare:compare", "judge remedies on held-out rows", example
    )
    add_table(p)
    p.add_argument("--positive", metavar="LABEL", help="class in focus (default: the rarest)")
    p.add_argument(
        "--strategies",
        type=words,
        default=["quick"],
        metavar="a,b,c|quick|all",
        help="remedies to try beside the always-on ones (default quick)",
    )
    p.add_argument(
        "--classifiers",
        type=words,
        metavar="x,y",
        help="default logistic,hist_gradient_boosting; see `rebal strategies`",
    )
    p.add_argument(
        "--set",
        dest="params",
        type=owned_setting,
        action="append",
        default=[],
        metavar="OWNER.PARAM=VALUE",
        help="a parameter of a strategy or classifier; may be repeated",
    )
    p.add_argument("--folds", type=whole(2, 50), default=5, help="default %(default)s")
    p.add_argument("--repeats", type=whole(1, 50), default=1, help="default %(default)s")
    p.add_argument("--tune", type=whole(0), default=0, help=argparse.SUPPRESS)  # not there yet
    p.add_argument(
        "--split",
        choices=("rows", "group", "time"),
        help="default: by a column that looks like customers, patients, orders ..., else by rows",
    )
    add_split(p)
    add_columns(p)
    p.add_argument("--metric", metavar="NAME", help="score that decides (default by the task)")
    p.add_argument(
        "--false-alarm",
        type=price,
        default=1.0,
        metavar="COST",
        help="what a false alarm costs, in the unit of --value (default 1)",
    )
    add_seed(p)
    add_json(p)


def _balance(commands: Any) -> None:
    example = (
        "rebal balance visits.csv --target bought --strategy smote --set k_neighbors=7 "
        "--holdout 0.2 --out visits.parquet"
    )
    p = add_command(commands, "balance", "balance:balance", "write a balanced table", example)
    add_table(p)
    p.add_argument("--strategy", required=True, metavar="NAME", help="see `rebal strategies`")
    p.add_argument(
        "--set",
        dest="params",
        type=setting,
        action="append",
        default=[],
        metavar="PARAM=VALUE",
        help="a parameter of the strategy; may be repeated",
    )
    p.add_argument(
        "--count",
        dest="counts",
        type=label_pair(whole(1)),
        action="append",
        default=[],
        metavar="LABEL=N",
        help="rows that a class shall have; may be repeated",
    )
    p.add_argument(
        "--holdout",
        type=share,
        metavar="SHARE",
        help="keep this share untouched for testing and write two files",
    )
    p.add_argument(
        "--removed",
        action="store_true",
        help="write the rows that were taken away, and by which step, to a file of their own",
    )
    add_split(p)
    add_seed(p)
    add_out(p)


def _generate(commands: Any) -> None:
    example = "rebal generate handover/generator.rebal --count yes=1000 --out more.parquet"
    words = "draw more rows from a fitted generator"
    p = add_command(commands, "generate", "handover:generate", words, example)
    p.add_argument(
        "generator", type=path, metavar="GENERATOR", help="a generator.rebal from `rebal export`"
    )
    p.add_argument(
        "--count",
        dest="counts",
        type=label_pair(whole(1)),
        action="append",
        required=True,
        metavar="LABEL=N",
        help="rows of a class to draw; may be repeated",
    )
    p.add_argument(
        "--rule",
        dest="rules",
        action="append",
        default=[],
        metavar="RULE",
        help="what every row keeps, like “a <= b” or “a + b = c”; may be repeated",
    )
    p.add_argument(
        "--marginal",
        metavar="SHARES",
        help="shares of values of a column, like “gender: F=60, M=40”",
    )
    add_seed(p)
    add_out(p)


def _predict(commands: Any) -> None:
    example = "rebal predict handover/model.rebal new.csv --out scored.csv --prior yes=0.03"
    p = add_command(commands, "predict", "handover:predict", "score new rows with a model", example)
    p.add_argument("model", type=path, metavar="MODEL", help="a model.rebal from `rebal export`")
    p.add_argument("data", type=path, metavar="DATA", help="rows to score")
    add_text(p)
    add_out(p)
    p.add_argument(
        "--prior",
        type=label_pair(share),
        action="append",
        default=[],
        metavar="LABEL=P",
        help="share of a class in the new population; may be repeated",
    )


def _runs(commands: Any) -> None:
    p = add_command(commands, "runs", "look:runs", "list the comparisons of this home")
    add_json(p)


def _export(commands: Any) -> None:
    example = "rebal export 3 --to handover --arm smote/logistic"
    about = "hand over the data and the model of a run"
    p = add_command(commands, "export", "handover:export", about, example)
    p.add_argument("run", type=whole(1), metavar="RUN", help="number from `rebal runs`")
    p.add_argument("--to", type=path, required=True, metavar="DIR", help="folder to write into")
    p.add_argument("--arm", metavar="STRATEGY/CLASSIFIER", help="default: the best arm")
    p.add_argument("--refit", action="store_true", help="add a model fitted on all rows")
    p.add_argument(
        "--removed", action="store_true", help="add the training rows that the strategy took away"
    )


def _trash(commands: Any) -> None:
    about = "tell what no list names any more, or remove it for good"
    p = add_command(commands, "trash", "trash:trash", about, "rebal trash --empty")
    p.add_argument("--empty", action="store_true", help="remove what lies there for good")


def _engine(commands: Any) -> None:
    p = add_command(commands, "engine", "serve:engine", "the background process that does the work")
    p.add_argument("action", choices=("status", "stop"))
