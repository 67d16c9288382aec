"""How the tables of an older home become today's, one version after the other.

A change of a table in ``database.py`` comes with an entry at the end of :data:`MIGRATIONS`; no
entry is ever changed or removed, for somebody's home is still at the version before it.
"""

from __future__ import annotations

import sqlalchemy as sa

#: What leads from version 1 to 2, from 2 to 3, and so on.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    # Any number of named values an epoch, where the loss stood alone.
    (
        """ALTER TABLE events ADD COLUMN "values" JSON NOT NULL DEFAULT '{}'""",
        """UPDATE events SET "values" = json_object('loss', loss) WHERE loss IS NOT NULL""",
        "ALTER TABLE events DROP COLUMN loss",
    ),
    # Arms that were stopped alone.
    ("CREATE TABLE stopped (run INTEGER NOT NULL, arm TEXT NOT NULL, PRIMARY KEY (run, arm))",),
    # Which task changed the rows of a cell: a generator learns there.
    ("ALTER TABLE cells ADD COLUMN resampled TEXT",),
)

#: An older program refuses a home of a greater one.
SCHEMA_VERSION = 1 + len(MIGRATIONS)


def migrate(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Bring the tables to today's version, or make them in an empty file.

    Parameters
    ----------
    connection : Connection
        In a transaction that holds the write lock: where two programs come at once, the second
        finds nothing to do, and where one dies nothing has changed.
    metadata : MetaData
        Today's tables.
    """
    found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if found == 0:
        metadata.create_all(connection)
    else:
        for statements in MIGRATIONS[found - 1 :]:
            for statement in statements:
                connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
