"""Columns that look like times and stayed text: why nothing can be put in order by them."""

from __future__ import annotations

from rebal_core.data.dataset import Dataset
from rebal_core.wording import Text, UserError

#: Why a reading was left open, by what :class:`rebal_core.data.reading.dates.seek.TimeDoubt` says.
_WHY = {
    "order": "day and month cannot be told apart",
    "century": "the century of years of two digits is open",
    "zone": "a time zone is not certain",
    "month": "the months are of no one language",
    "value": "some values are no times in the form of the others",
    "calendar": "the years may be those of another calendar",
    "form": "the form is not known",
}


def refuse_unsure_times(dataset: Dataset, name: str) -> None:
    """Refuse to put rows in order by what may be times, and say what would make them sure.

    Raises
    ------
    UserError
        When the column is text because its times could be read in several ways, or in none.
    """
    doubt = dataset.source.get("times_in_doubt", {}).get(name)
    if doubt is None or dataset.schema[name].kind in ("time", "number"):
        return
    raise UserError(
        "“{column}” looks like times and is kept as text, because {why} (“{example}”), so nothing "
        "can be ordered by it; write its times as 2024-09-27 10:15:00, or choose another column.",
        column=name,
        why=Text(_WHY[doubt["why"]]),
        example=(*doubt["examples"], "")[0],
    )
