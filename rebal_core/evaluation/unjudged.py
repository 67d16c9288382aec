"""Which classes and arms cannot be judged, and why, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rebal_core.data.formats import count, share
from rebal_core.data.units import FEWEST_UNITS
from rebal_core.evaluation.basis import FEWEST_ROWS
from rebal_core.wording import Text, listed

if TYPE_CHECKING:
    from rebal_core.evaluation.sentences import Story


def unjudged(story: Story) -> list[Text]:
    """Name the classes that cannot be judged, unless that is why there is no verdict, and arms."""
    basis, column = story.basis, story.protocol.group
    if not basis.support.any():
        return []  # no arm ran to the end, which says nothing of the classes
    few, grouped = basis.support < FEWEST_ROWS, story.protocol.split == "group"
    told = []
    if story.run.reason != "few_rows" and (names := _where(story, few)):
        told.append(
            Text("Could not be judged: {classes} (fewer than 10 rows).", {"classes": names})
        )
    if story.run.reason != "few_units" and (names := _where(story, ~few & ~basis.judged)):
        units = (
            "Could not be judged: {classes} (in effect fewer than {n} “{column}”)."
            if grouped
            else "Could not be judged: {classes} (in effect fewer than {n} spans of time)."
        )
        values = {"classes": names, "n": count(FEWEST_UNITS), "column": column}
        told.append(Text(units, values))
    if story.unfinished:
        told.append(
            Text(
                "Not ranked: {arm} (most fits did not converge; allow more iterations or epochs).",
                {"arm": story.unfinished},
            )
        )
    return told


def _where(story: Story, these: NDArray[np.bool_]) -> Text | str:
    return listed([story.classes[k] for k in map(int, np.flatnonzero(these))], 5)


def few_units(story: Story) -> Text:
    """Tell as how few units the rows of a class count, as part of a sentence."""
    k = story.basis.weakest
    values = {
        "n": count(np.clip(np.round(story.basis.units[k]), 1, FEWEST_UNITS - 1)),
        "cls": story.classes[k],
        "column": story.protocol.group,
        "least": count(FEWEST_UNITS),
    }
    if story.protocol.split != "group":
        return Text(
            "the rows of “{cls}” count as only {n} spans of time, at least {least} are needed",
            values,
        )
    who = story.basis.held[k]
    if who.values < FEWEST_UNITS:
        return Text(
            "the rows of “{cls}” count as only {n} “{column}”, at least {least} are needed", values
        )
    values |= {"n": count(who.values), "top": count(who.top), "share": share(who.share)}
    text = (
        "the rows of “{cls}” are of {n} “{column}”, but one of them holds {share} of the rows, and "
        "at least {least} of like size are needed"
        if who.top == 1
        else "the rows of “{cls}” are of {n} “{column}”, but {top} of them hold {share} of the "
        "rows, and at least {least} of like size are needed"
    )
    return Text(text, values)
