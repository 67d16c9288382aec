"""What a lost or older database does not know: datasets are listed again, runs are told of.

Everything here finds nothing to do in the home of a database that was never lost, and costs little
there: it is done at every start of anything.
"""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa

from rebal_core.data.dataset import Dataset
from rebal_core.store.database import Database, datasets, runs
from rebal_core.store.home import Home
from rebal_core.wording import Text, UserError

#: Names of the folders of runs; longer ones are no number that a run ever had.
_NUMBER = re.compile(r"[0-9]{1,15}")
#: So many lost runs are named one by one.
_NAMED = 10


def recover(home: Home, database: Database) -> None:
    """List the datasets again that lie in the home whole; give no run the number of a lost one."""
    with database.read() as connection:
        known = set(connection.execute(sa.select(datasets.c.id)).scalars())
        last = connection.exec_driver_sql(_LAST).scalar() or 0
    for folder in home.datasets.iterdir():
        half = folder.name.startswith(".")  # it was on its way here from another disk
        if folder.name not in known and not half and not folder.is_symlink():
            _list_again(folder, database)
    # What lies in the folder of a run would be taken for that of the new one.
    highest = max(_numbers(home), default=0)
    if highest > last:
        with database.write() as connection:
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = 'runs'")
            connection.exec_driver_sql(
                "INSERT INTO sqlite_sequence (name, seq) VALUES ('runs', ?)", (highest,)
            )


def lost_runs(home: Home, database: Database) -> list[int]:
    """Return the runs that left something in the home and that the database does not know."""
    with database.read() as connection:
        known = set(connection.execute(sa.select(runs.c.run)).scalars())
    return sorted(_numbers(home) - known)


def lost_sentence(numbers: list[int], home: Home) -> Text:
    """Tell which runs are lost, and what became of the rest."""
    shown = ", ".join(str(number) for number in numbers[:_NAMED])
    shown += ", ..." if len(numbers) > _NAMED else ""
    return Text(
        "The database was lost or is an older copy and does not know these runs any more: "
        "{shown}; your datasets are listed, and what is left of the runs goes to {trash}, which "
        "only you empty.",
        {"shown": shown, "trash": home.trash},
    )


_LAST = "SELECT seq FROM sqlite_sequence WHERE name = 'runs'"


def _list_again(folder: Path, database: Database) -> None:
    """List what lies in a folder, where that is a whole dataset."""
    try:
        dataset = Dataset.open(folder)
    except (UserError, OSError):
        return
    with database.write() as connection:
        values = listing(dataset)
        connection.execute(sa.insert(datasets).prefix_with("OR IGNORE").values(**values))


def listing(dataset: Dataset) -> dict[str, object]:
    """Return a dataset's row of the list, from what its own folder says."""
    return {
        "id": dataset.path.name,
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        "rows": dataset.rows,
        "created": dataset.created,
    }


def _numbers(home: Home) -> set[int]:
    """Return the numbers of the runs that left a folder."""
    folders = [*home.runs.iterdir(), *home.trash.glob("runs/*")]
    names = {folder.name.partition(".")[0] for folder in folders}
    return {int(name) for name in names if _NUMBER.fullmatch(name)}
