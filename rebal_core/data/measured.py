"""A target that is measured: its values are no classes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rebal_core.wording import UserError

#: More decimals than these are no names of classes, as marks from 1.0 to 6.0 may be.
MOST_DECIMALS = 20


def refuse_measurement(target: str | None, classes: Sequence[str]) -> None:
    """Refuse a target of many numbers with decimals, as scikit-learn refuses a continuous one.

    Parameters
    ----------
    target : str
        Its column.
    classes : sequence of str
        Its labels.

    Raises
    ------
    UserError
        When all labels are numbers, more than ``MOST_DECIMALS``, and some have decimals.
    """
    if len(classes) <= MOST_DECIMALS:
        return
    try:
        numbers = [float(label) for label in classes]
    except ValueError:
        return
    if all(math.isfinite(n) for n in numbers) and not all(n.is_integer() for n in numbers):
        raise UserError(
            "The target “{target}” holds {count} different numbers with decimals, which are "
            "measured and no classes; cut them into classes first, such as low and high, or choose "
            "another target column.",
            target=target,
            count=len(classes),
        )
