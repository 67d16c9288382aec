"""What is at risk in each row: the column with the role ``value``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rebal_core.data.dataset import Dataset
from rebal_core.data.preparing.encoders import as_numbers
from rebal_core.rows import Floats
from rebal_core.wording import UserError

#: Amounts and prices are less: of more, sums and their squares tell nothing any more.
MOST = 1e15


@dataclass(frozen=True)
class AtRisk:
    """What wrong decisions about two classes cost, row by row.

    Parameters
    ----------
    column : str
        Column of the amounts.
    amounts : ndarray of shape (n,)
        What it costs to miss each row of the table if it is of the class in focus; 0 where that is
        missing.
    false_alarm : float
        What it costs to act on a row of the other class.
    positive : int
        Code of the class in focus.
    """

    column: str
    amounts: Floats
    false_alarm: float
    positive: int


def at_risk(dataset: Dataset, false_alarm: float) -> AtRisk | None:
    """Return what is at risk, whatever a row's label; None where :func:`error_costs` knows none."""
    amounts, labels = amounts_at_risk(dataset), dataset.labels()
    if amounts is None or len(labels.classes) != 2:
        return None
    (column,) = dataset.schema.named("value")
    return AtRisk(column, np.nan_to_num(amounts), false_alarm, labels.positive)


def error_costs(dataset: Dataset, false_alarm: float) -> Floats | None:
    """Return what a wrong decision on each row costs.

    A missed row of the class in focus costs its amount at risk, and nothing where that is missing:
    no money is invented. A false alarm costs the same in every row. Right decisions cost nothing.

    Parameters
    ----------
    dataset : Dataset
    false_alarm : float
        In the unit of the amounts.

    Returns
    -------
    ndarray of shape (n,), or None
        None where no column holds amounts, or there are more classes than two.

    References
    ----------
    Elkan (2001), IJCAI; Correa Bahnsen et al. (2013), ICMLA: the amount of a payment is what it
    costs to miss its fraud, and looking at an alarm has a fixed price.
    """
    amounts, labels = amounts_at_risk(dataset), dataset.labels()
    if amounts is None or len(labels.classes) != 2:
        return None
    return np.where(labels.y == labels.positive, np.nan_to_num(amounts), false_alarm)


def amounts_at_risk(dataset: Dataset) -> Floats | None:
    """Return what it costs to miss each row.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    ndarray of shape (n,), or None
        From 0 to below :data:`MOST`, nan where it is missing; None where no column has the role.

    Raises
    ------
    UserError
        When two columns have the role, or the one holds something else than such numbers.
    """
    names = dataset.schema.named("value")
    if not names:
        return None
    name = names[0]
    if len(names) > 1:
        raise UserError(
            "“{column}” and “{other}” both say what is at risk in a row; leave the role to one.",
            column=name,
            other=names[1],
        )
    if dataset.schema[name].kind != "number":
        raise UserError(
            "“{column}” holds no numbers and cannot say what is at risk in a row; choose a column "
            "of amounts.",
            column=name,
        )
    amounts = as_numbers(dataset.frame([name])[name])
    below = np.flatnonzero(amounts < 0)
    if below.size:
        raise UserError(
            "“{column}” holds amounts below 0, the first in row {row}; what is at risk in a row "
            "starts at 0, so mend it or choose another column.",
            column=name,
            row=f"{below[0] + 1:,}",
        )
    beyond = np.flatnonzero(amounts >= MOST)
    if beyond.size:
        raise UserError(
            "“{column}” holds {amount:g} in row {row}, which is no amount that sums can hold; mend "
            "it or choose another column.",
            column=name,
            amount=float(amounts[beyond[0]]),
            row=f"{beyond[0] + 1:,}",
        )
    return amounts
