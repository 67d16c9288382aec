"""``python -m app.locales``: name the messages without a translation; ``--write`` sorts them in.

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

from app.locales.messages import messages

#: A date that stays, so that sorting changes no line by itself.
BEGUN = datetime(2026, 11, 22, tzinfo=UTC)
PATH = Path(__file__).resolve().parent / "zh_CN" / "LC_MESSAGES" / "rebal.po"


def read() -> Catalog:
    """Return the Chinese catalogue as it stands."""
    with PATH.open("rb") as file:
        return read_po(file, locale="zh_CN", abort_invalid=True)


def missing(catalogue: Catalog) -> list[str]:
    """Return the messages that have no translation."""
    known = {str(m.id) for m in catalogue if m.id and m.string}
    return [text for text in messages() if text not in known]


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
    """Tell what is missing; exit 1 when something is."""
    parser = argparse.ArgumentParser(prog="python -m app.locales", description=__doc__)
    parser.add_argument("--write", action="store_true", help="sort new messages into the file")
    catalogue = read()
    if parser.parse_args().write:
        rewrite(catalogue)
    absent = missing(catalogue)
    sys.stdout.writelines(f"{text!r}\n" for text in absent)
    sys.exit(1 if absent else 0)


if __name__ == "__main__":
    main()
