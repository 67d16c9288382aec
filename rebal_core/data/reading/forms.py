"""What a dataset remembers of the way in which numbers and dates were written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rebal_core.data.reading.dates.layout import DateForm
from rebal_core.data.reading.numbers.notation import Form


def form_from(values: Mapping[str, Any]) -> Form | DateForm:
    """Return the form that a dataset remembers by its fields, also one of an earlier version."""
    if "pattern" in values:
        return DateForm(**values)
    known = {**values, "times": tuple(values.get("times", ()))}
    if known.pop("thousands", False):
        known["group"] = ","
    return Form(**known)


def fields_of(form: Form | DateForm) -> dict[str, Any]:
    """Return the fields of a form, as :func:`form_from` takes them; without what a date lacks."""
    dated = isinstance(form, DateForm)
    return {name: value for name, value in asdict(form).items() if value != "" or not dated}
