"""The tree of commands: words, options, help. It imports nothing of the library but its errors."""

from __future__ import annotations

import argparse
import csv
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from rebal_core.cli.settings import owned_setting, setting
from rebal_core.wording import UserError

#: Bytes of a file's name that file systems allow.
_MOST_NAME = 255
#: Bytes of what may stand between two fields.
_MOST_DELIMITER = 4
_COMMANDS = "rebal_core.cli"
_EXAMPLES = """examples:
  rebal profile visits.csv --target bought
  rebal compare visits.csv --target bought --json result.json
  rebal balance visits.csv --target bought --strategy smote --holdout 0.2 --out visits.parquet
  rebal export 1 --to handover        rebal predict handover/model.rebal new.csv --out scored.csv

DATA is .csv, .tsv (also .gz) or .parquet. `rebal COMMAND --help` tells more."""


class _Parser(argparse.ArgumentParser):
    """argparse that raises its complaint as one sentence and never guesses abbreviations."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        raise UserError(
            "{program}: {complaint}; `{program} --help` tells more.",
            program=self.prog,
            complaint=message.rstrip("."),
        )


class _Version(argparse.Action):
    """``--version``, read from the installed package only when asked."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"rebal {version('rebal')}\n")
        parser.exit(0)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of ``rebal``; ``command`` of its answer is ``module:function``."""
    parser = _Parser(
        prog="rebal",
        description="Tells whether rebalancing your data helps, by how much, with what certainty.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and stop")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (_app, _profile, _strategies, _compare, _balance, _predict, _recommend):
        add(commands)
    for add in (_runs, _export, _trash, _engine):
        add(commands)
    return parser


def _app(commands: Any) -> None:
    p = _add(commands, "app", "serve:app", "open the dashboard in the browser")
    p.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    p.add_argument("--port", type=_whole(1, 65535), default=8501, help="default %(default)s")
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
    p = _add(commands, "profile", "look:profile", "tell how skewed a table is", example)
    _add_table(p)
    _add_json(p)


def _strategies(commands: Any) -> None:
    p = _add(commands, "strategies", "look:strategies", "list the remedies and their parameters")
    _add_json(p)


def _compare(commands: Any) -> None:
    example = "rebal compare visits.csv --target bought --strategies smote,random_under --folds 5"
    p = _add(commands, "compare", "compare:compare", "judge remedies on held-out rows", example)
    _add_table(p)
    p.add_argument("--positive", metavar="LABEL", help="class in focus (default: the rarest)")
    p.add_argument(
        "--strategies",
        type=_words,
        default=["quick"],
        metavar="a,b,c|quick|all",
        help="remedies to try beside the always-on ones (default quick)",
    )
    p.add_argument(
        "--classifiers",
        type=_words,
        metavar="x,y",
        help="default logistic,hist_gradient_boosting",
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
    p.add_argument("--folds", type=_whole(2, 50), default=5, help="default %(default)s")
    p.add_argument("--repeats", type=_whole(1, 50), default=1, help="default %(default)s")
    p.add_argument("--tune", type=_whole(0), default=0, help="trials of tuning; only 0 for now")
    p.add_argument(
        "--split",
        choices=("rows", "group", "time"),
        help="default: by a column that looks like customers, patients, orders ..., else by rows",
    )
    _add_split(p)
    p.add_argument("--drop", type=_words, default=[], metavar="c1,c2", help="columns to leave out")
    p.add_argument(
        "--trust",
        type=_words,
        default=[],
        metavar="c1,c2",
        help="columns known before the event, however well they tell a class",
    )
    p.add_argument("--metric", metavar="NAME", help="score that decides (default by the task)")
    p.add_argument(
        "--false-alarm",
        type=_price,
        default=1.0,
        metavar="COST",
        help="what a false alarm costs, in the unit of --value (default 1)",
    )
    _add_seed(p)
    _add_json(p)


def _balance(commands: Any) -> None:
    example = (
        "rebal balance visits.csv --target bought --strategy smote --set k_neighbors=7 "
        "--holdout 0.2 --out visits.parquet"
    )
    p = _add(commands, "balance", "balance:balance", "write a balanced table", example)
    _add_table(p)
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
        type=_label_pair(_whole(1)),
        action="append",
        default=[],
        metavar="LABEL=N",
        help="rows that a class shall have; may be repeated",
    )
    p.add_argument(
        "--holdout",
        type=_share,
        metavar="SHARE",
        help="keep this share untouched for testing and write two files",
    )
    _add_split(p)
    _add_seed(p)
    _add_out(p, "a .parquet or .csv file")


def _predict(commands: Any) -> None:
    example = "rebal predict handover/model.rebal new.csv --out scored.csv --prior yes=0.03"
    p = _add(commands, "predict", "handover:predict", "score new rows with a model", example)
    p.add_argument("model", type=_path, metavar="MODEL", help="a model.rebal from `rebal export`")
    p.add_argument("data", type=_path, metavar="DATA", help="rows to score")
    _add_text(p)
    _add_out(p, "a .parquet or .csv file")
    p.add_argument(
        "--prior",
        type=_label_pair(_share),
        action="append",
        default=[],
        metavar="LABEL=P",
        help="share of a class in the new population; may be repeated",
    )


def _recommend(commands: Any) -> None:
    p = _add(commands, "recommend", "serve:recommend", "not available yet")
    p.add_argument("log", type=_path, metavar="LOG")
    for name in ("user", "item", "time"):
        p.add_argument(f"--{name}", required=True, metavar="COL")
    p.add_argument("--event", metavar="COL")
    p.add_argument("--models", type=_words, metavar="a,b")
    p.add_argument("--strategies", type=_words, metavar="a,b")
    p.add_argument("--k", type=_whole(1), default=10)
    _add_json(p)


def _runs(commands: Any) -> None:
    p = _add(commands, "runs", "look:runs", "list the comparisons of this home")
    _add_json(p)


def _export(commands: Any) -> None:
    example = "rebal export 3 --to handover --arm smote/logistic"
    about = "hand over the data and the model of a run"
    p = _add(commands, "export", "handover:export", about, example)
    p.add_argument("run", type=_whole(1), metavar="RUN", help="number from `rebal runs`")
    p.add_argument("--to", type=_path, required=True, metavar="DIR", help="folder to write into")
    p.add_argument("--arm", metavar="STRATEGY/CLASSIFIER", help="default: the best arm")
    p.add_argument("--refit", action="store_true", help="add a model fitted on all rows")


def _trash(commands: Any) -> None:
    about = "tell what no list names any more, or remove it for good"
    p = _add(commands, "trash", "trash:trash", about, "rebal trash --empty")
    p.add_argument("--empty", action="store_true", help="remove what lies there for good")


def _engine(commands: Any) -> None:
    p = _add(commands, "engine", "serve:engine", "the background process that does the work")
    p.add_argument("action", choices=("status", "stop"))


def _add(commands: Any, name: str, address: str, about: str, example: str = "") -> _Parser:
    p: _Parser = commands.add_parser(
        name,
        help=about,
        description=about[0].upper() + about[1:] + ".",
        epilog=f"example:\n  {example}" if example else None,
    )
    p.set_defaults(command=f"{_COMMANDS}.{address}")
    return p


def _add_table(p: _Parser) -> None:
    p.add_argument("data", type=_path, metavar="DATA", help=".csv, .tsv (also .gz) or .parquet")
    p.add_argument("--target", metavar="COL", help="column that holds the classes; needed")
    p.add_argument(
        "--value", metavar="COL", help="amount at risk of a row: what it costs to miss it"
    )
    p.add_argument(
        "--na", type=_words, default=[], metavar="TOKENS", help="more words for a missing value"
    )
    p.add_argument(
        "--decimal", choices=("point", "comma"), help="what parts decimals, where it is in doubt"
    )
    _add_text(p)


def _add_text(p: _Parser) -> None:
    p.add_argument("--encoding", metavar="NAME", help="of a text file, instead of what is found")
    p.add_argument("--delimiter", type=_delimiter, metavar="CHAR", help="as --encoding; or tab")


def _add_split(p: _Parser) -> None:
    p.add_argument("--group", metavar="COL", help="rows of one value stay on one side of a split")
    p.add_argument("--time", metavar="COL", help="train on earlier rows, test on later ones")


def _add_seed(p: _Parser) -> None:
    p.add_argument("--seed", type=_whole(0, 2**32 - 1), default=0, help="default %(default)s")


def _add_json(p: _Parser) -> None:
    p.add_argument(
        "--json", type=_json, metavar="FILE", help="write the result as JSON; - is standard output"
    )


def _add_out(p: _Parser, what: str) -> None:
    p.add_argument("--out", type=_path, required=True, metavar="FILE", help=what)


def _whole(low: int, high: int | None = None) -> Any:
    span = f"from {low} to {high}" if high is not None else f"of at least {low}"

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low or (high is not None and value > high):
            raise argparse.ArgumentTypeError(f"“{text}” is not a whole number {span}")
        return value

    return read


def _path(text: str) -> Path:
    if "\0" in text or any(len(os.fsencode(part)) > _MOST_NAME for part in Path(text).parts):
        start = text[:40].replace("\0", "?")
        raise argparse.ArgumentTypeError(
            f"“{start}...” is no name of a file: each part has at most {_MOST_NAME} bytes and no "
            "NUL"
        )
    if not _is_utf8(text):
        raise argparse.ArgumentTypeError(
            f"“{ascii(text[:40])[1:-1]}” is not written in UTF-8; rename the file or its folder"
        )
    return Path(text)


def _is_utf8(text: str) -> bool:
    try:
        return os.fsencode(os.path.abspath(text)) == os.path.abspath(text).encode()
    except (UnicodeError, OSError):
        return False


def _json(text: str) -> str:
    # The other ways in which a name is none are told where outputs are checked.
    if "\0" not in text and not _is_utf8(text):
        _path(text)
    return text


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number between 0 and 1")
    return value


def _price(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"“{text}” is not a number above 0")
    return value


def _words(text: str) -> list[str]:
    """Split at commas; a column whose name holds one is written in double quotes."""
    words = [word.strip() for word in next(csv.reader([text], skipinitialspace=True), [])]
    if not all(words) or not words:
        raise argparse.ArgumentTypeError(f"“{text}” holds an empty name between its commas")
    return words


def _delimiter(text: str) -> str:
    """Take one sign, or few as in ``::``; a tab may be written in words."""
    mark = {"tab": "\t", "\\t": "\t"}.get(text.lower(), text)
    if not 0 < len(os.fsencode(mark)) <= _MOST_DELIMITER or set(mark) & set('"\r\n\0'):
        raise argparse.ArgumentTypeError(
            f"“{text[:40]}” is no delimiter: give one character such as “;”, or tab"
        )
    return mark


def _label_pair(number: Any) -> Any:
    def read(text: str) -> tuple[str, Any]:
        # A label may hold the sign itself, a number never does.
        label, sign, value = text.rpartition("=")
        if not label or not sign:
            raise argparse.ArgumentTypeError(f"“{text}” is not of the form LABEL=NUMBER")
        return label, number(value)

    return read
