"""Options that several commands share."""

from __future__ import annotations

import argparse

from rebal_core.cli.arguments import delimiter, json_file, path, whole, words


def add_table(p: argparse.ArgumentParser) -> None:
    """Add DATA and its target."""
    p.add_argument("data", type=path, metavar="DATA", help=".csv, .tsv (also .gz) or .parquet")
    p.add_argument("--target", metavar="COL", help="column that holds the classes; needed")
    p.add_argument(
        "--value", metavar="COL", help="amount at risk of a row: what it costs to miss it"
    )
    add_reading(p)


def add_reading(p: argparse.ArgumentParser) -> None:
    """Add how a file is read."""
    p.add_argument(
        "--na", type=words, default=[], metavar="TOKENS", help="more words for a missing value"
    )
    p.add_argument(
        "--decimal", choices=("point", "comma"), help="what parts decimals, where it is in doubt"
    )
    add_text(p)


def add_text(p: argparse.ArgumentParser) -> None:
    """Add how a text file is read."""
    p.add_argument("--encoding", metavar="NAME", help="of a text file, instead of what is found")
    p.add_argument("--delimiter", type=delimiter, metavar="CHAR", help="as --encoding; or tab")


def add_split(p: argparse.ArgumentParser) -> None:
    """Add how rows are split."""
    p.add_argument("--group", metavar="COL", help="rows of one value stay on one side of a split")
    p.add_argument("--time", metavar="COL", help="train on earlier rows, test on later ones")


def add_columns(p: argparse.ArgumentParser) -> None:
    """Add which columns are left out, added or trusted."""
    p.add_argument("--drop", type=words, default=[], metavar="c1,c2", help="columns to leave out")
    p.add_argument(
        "--rates",
        type=words,
        default=[],
        metavar="a,b,a+c",
        help="add the rate of the class in focus so far, by columns or several together; each "
        "fold counts its training rows",
    )
    p.add_argument(
        "--trust",
        type=words,
        default=[],
        metavar="c1,c2",
        help="columns known before the event, however well they tell a class",
    )


def add_seed(p: argparse.ArgumentParser) -> None:
    """Add the seed."""
    p.add_argument("--seed", type=whole(0, 2**32 - 1), default=0, help="default %(default)s")


def add_json(p: argparse.ArgumentParser) -> None:
    """Add where the result goes as JSON."""
    p.add_argument(
        "--json",
        type=json_file,
        metavar="FILE",
        help="write the result as JSON; - is standard output",
    )


def add_out(p: argparse.ArgumentParser) -> None:
    """Add the file that is written."""
    p.add_argument(
        "--out",
        type=path,
        required=True,
        metavar="FILE",
        help="a .parquet or .csv file; in .csv a text that begins with = + - @ gets ' before it, "
        "so that no spreadsheet runs it, and .parquet holds it as it is",
    )
