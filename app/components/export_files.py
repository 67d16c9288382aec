"""The files of an export: made once by the engine, then handed out under signed addresses."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from app.components.task import require_made
from app.components.texts import plain
from app.i18n import _, sentence
from app.routes import download_link
from app.state import store
from rebal_core.experiment.whole import is_whole
from rebal_core.export.run import export_names
from rebal_core.files import read_json

DATA = ("train_balanced", "test_untouched")


def export_folder(run: int, arm: str) -> Path:
    """Return where the files of one arm lie; they go when the run is deleted."""
    slug = hashlib.sha256(arm.encode()).hexdigest()[:12]
    return store().home.run_folder(run) / "export" / slug


def manifest_of(run: int, arm: str) -> dict[str, Any] | None:
    """Return the manifest of an export that is complete; None while there is none."""
    path = export_folder(run, arm) / "manifest.json"
    if not is_whole(path):
        return None
    found: dict[str, Any] = read_json(path)
    return found


def require_files(run: int, arm: str, wishes: Mapping[str, bool]) -> bool:
    """Make the files that are not there yet, as a job shown in place.

    Parameters
    ----------
    run, arm
        Of which comparison.
    wishes : mapping
        ``csv``, ``refit`` and ``removed``, as the engine's export task takes them.

    Returns
    -------
    bool
        True when all of them are there.
    """
    folder = export_folder(run, arm)
    tables = [*DATA, *(["removed"] if wishes["removed"] else ())]
    wanted = export_names(wishes["refit"], wishes["removed"])
    wanted += [f"{name}.csv" for name in tables if wishes["csv"]]
    return require_made(
        f"export_{run}_{folder.name}_{sum(wishes.values())}{wishes['csv']}",
        _("Making the files"),
        "export",
        {"run": run, "arm": arm, "to": str(folder), **wishes},
        dataset=store().run(run).dataset,
        there=lambda: all(is_whole(folder / name) for name in wanted),
    )


def download_button(
    words: str, file: Path, *, key: str, name: str = "", filled: bool = False
) -> None:
    """Draw a link to a file, with its size in the label; the bytes never pass through the page."""
    st.link_button(
        f"{words} · {size_of(file)}",
        download_link(file, name or file.name),
        type="primary" if filled else "secondary",
        icon=":material/download:",
        key=key,
    )


def size_of(file: Path) -> str:
    """Return the size of a file for people: ``0.4 MB``, ``12 KB``."""
    size = file.stat().st_size
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size >= 0.1 * scale:
            return f"{size / scale:.1f} {unit}"
    return f"{max(1, round(size / 1e3))} KB"


def note_lines(notes: list[str]) -> None:
    """Show what the engine wants to be known about the files."""
    for note in notes:
        st.caption(plain(sentence(note), 400))
