"""``python -m app.locales``: name what hinders a translation; ``--write`` sorts new messages in.

A message must be seen without running the code, have its translation, and share its gaps with it.

Writing keeps every translation, adds new messages without one, and drops those that no longer
exist; the catalogue stays in order of the places the messages come from.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from app.locales.messages import faults, messages
from app.locales.source import Gap, gaps

#: A date that stays, so that sorting changes no line by itself.
BEGUN = datetime(2026, 11, 22, tzinfo=UTC)
PATH = Path(__file__).resolve().parent / "zh_CN" / "LC_MESSAGES" / "rebal.po"


def read() -> Catalog:
    """Return the Chinese catalogue as it stands."""
    with PATH.open("rb") as file:
        return read_po(file, locale="zh_CN", abort_invalid=True)


def problems(catalogue: Catalog) -> list[str]:
    """Return a line for each message that cannot be read, translated or filled in."""
    told, said = faults(), messages()
    known = {str(m.id): str(m.string) for m in catalogue if m.id and m.string}
    for text, places in said.items():
        if text not in known:
            told.append(f"{places[0]}: {text!r} has no translation.")
        elif _gaps(known[text]) != _gaps(text):
            told.append(f"{places[0]}: {text!r} has other gaps in its translation.")
    left = [text for text in known if text not in said]
    return told + [
        f"{PATH.name}: {text!r} is said nowhere any more; --write drops it." for text in left
    ]


def _gaps(text: str) -> set[Gap]:
    try:
        return gaps(text)
    except ValueError:  # its braces are its own
        return set()


def rewrite(catalogue: Catalog) -> None:
    """Write the catalogue with today's messages and their places."""
    fresh = Catalog(
        locale="zh_CN",
        project="Rebal",
        header_comment="# The screens of Rebal in Chinese; `python -m app.locales --write` sorts.",
        creation_date=BEGUN,
        revision_date=BEGUN,
        fuzzy=False,
    )
    for text, places in messages().items():
        old = catalogue.get(text)
        string = old.string if old is not None else ""
        fresh.add(text, string, locations=[(place, 0) for place in places])
    with PATH.open("wb") as file:
        write_po(file, fresh, width=100, include_lineno=False)


def main() -> None:
    """Tell what is wrong; exit 1 when something is."""
    parser = argparse.ArgumentParser(prog="python -m app.locales", description=__doc__)
    parser.add_argument("--write", action="store_true", help="sort new messages into the file")
    catalogue = read()
    if parser.parse_args().write:
        rewrite(catalogue)
    told = problems(catalogue)
    sys.stdout.writelines(f"{line}\n" for line in told)
    sys.exit(1 if told else 0)


if __name__ == "__main__":
    main()
