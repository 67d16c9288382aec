"""Folders and JSON of an export."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from rebal_core.outputs import written
from rebal_core.wording import Text, UserError


def make_folder(folder: Path) -> None:
    """Make the folder of an export.

    Raises
    ------
    UserError
        When there is a file of that name, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = Text("a file has that name") if folder.is_file() else error.strerror
        raise UserError(
            "The folder “{folder}” cannot be made: {reason}.", folder=folder, reason=reason
        ) from None
    if not os.access(folder, os.W_OK):
        raise UserError("The folder “{folder}” is not writable; choose another.", folder=folder)


def write_json(value: Any, path: Path) -> None:
    """Write strict JSON, whole or not at all."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)
    with written(path) as (part,):
        part.write_text(text + "\n", encoding="utf-8")
