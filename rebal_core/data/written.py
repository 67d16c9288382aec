"""What a dataset remembers of the way in which numbers and dates were written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rebal_core.data.notation import Form


@dataclass(frozen=True)
class DateForm:
    """How the dates of one column are written, where that is not ISO 8601.

    Parameters
    ----------
    pattern : str
        Of ``strftime``.
    """

    pattern: str

    @property
    def note(self) -> str:
        """What the user should know."""
        return f"Read as dates in the form {self.pattern}."

    def write(self, value: datetime) -> str:
        """Write a date in this form."""
        return value.strftime(self.pattern)


def form_from(values: Mapping[str, Any]) -> Form | DateForm:
    """Return the form that a dataset remembers by its fields, also one of an earlier version."""
    if "pattern" in values:
        return DateForm(**values)
    known = {**values, "times": tuple(values.get("times", ()))}
    if known.pop("thousands", False):
        known["group"] = ","
    return Form(**known)
