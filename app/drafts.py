"""Tables that were read and not yet confirmed: scratch of this server, in no list.

A reading may hold what shall be masked. So it lies in the server's scratch until the check page is
answered, and goes when the server does, however that ends.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from app.routes import DAY
from app.routes import discard as discard_upload
from app.state import store
from rebal_core.data.dataset import ABOUT, Dataset
from rebal_core.scratch import Scratch


@dataclass(frozen=True)
class Draft:
    """A reading.

    Parameters
    ----------
    work : Scratch
        Where it lies.
    upload : str
        The file that is read; it is kept until nobody can ask to read it differently.
    name : str
        What the user calls it.
    began : float
        Seconds since 1970.
    """

    work: Scratch
    upload: str
    name: str
    began: float

    @property
    def folder(self) -> Path:
        """Where the engine puts the table; named as the draft."""
        return self.work.path / self.work.path.name

    @property
    def ready(self) -> bool:
        """True once it was read to its end."""
        return (self.folder / ABOUT).exists()


_drafts: dict[str, Draft] = {}


def begin(upload: str, name: str) -> tuple[str, str]:
    """Make room for a reading; return its id and where it goes, relative to the home.

    What nobody answered for a day is removed.
    """
    for identifier, draft in list(_drafts.items()):
        if time.time() - draft.began > DAY:
            discard(identifier)
    made = Draft(Scratch(), upload, name, time.time())
    identifier = made.folder.name
    _drafts[identifier] = made
    return identifier, made.folder.relative_to(store().home.path).as_posix()


def waiting() -> dict[str, str]:
    """Return the readings that wait for an answer, by id: what they are called."""
    return {i: draft.name for i, draft in _drafts.items() if draft.ready}


def upload_of(identifier: str) -> str | None:
    """Return the file that a draft was read from; None for what is no draft."""
    draft = _drafts.get(identifier)
    return None if draft is None else draft.upload


def is_ready(identifier: str) -> bool:
    """Tell whether there is such a draft, read to its end."""
    return identifier in _drafts and _drafts[identifier].ready


def opened(identifier: str) -> Dataset:
    """Open a draft or a dataset.

    Raises
    ------
    UserError
        When there is neither (any more).
    """
    draft = _drafts.get(identifier)
    return store().dataset(identifier) if draft is None else Dataset.open(draft.folder)


def accept(identifier: str) -> str:
    """Make a draft a dataset, and let go of its upload; return the dataset's id."""
    if identifier not in _drafts:
        return identifier
    kept = store().adopt_dataset(opened(identifier))
    discard(identifier)
    return kept.path.name


def discard(identifier: str) -> None:
    """Remove a draft; its upload goes with the last draft that was read from it."""
    draft = _drafts.pop(identifier, None)
    if draft is not None:
        draft.work.close()
        if all(other.upload != draft.upload for other in _drafts.values()):
            discard_upload(draft.upload)


def discard_all() -> None:
    """Remove all drafts of this server."""
    for identifier in list(_drafts):
        discard(identifier)
