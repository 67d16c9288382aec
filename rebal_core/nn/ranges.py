"""How far the numbers of rows lie apart, and so how far one of them may be moved."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rebal_core.nn.rows import Source

#: Rows at a time; it bounds memory, not the result.
_CHUNK = 16_384


@dataclass(frozen=True)
class Ranges:
    """Spread and bounds of each number column, on the device of the rows.

    Parameters
    ----------
    unit : Tensor of shape (width,)
        Standard deviation; 0 of a column that is not to be moved.
    lowest, highest : Tensor of shape (width,)
        Observed.
    """

    unit: Tensor
    lowest: Tensor
    highest: Tensor


def ranges(source: Source) -> Ranges:
    """Return spread and bounds of all rows of a source; columns that it calls fixed have no unit.

    Parameters
    ----------
    source : Source
        With at least one row.
    """
    width, device = source.width, source.device
    total = torch.zeros(width, dtype=torch.float64, device=device)
    squares, lowest, highest = torch.zeros_like(total), total + torch.inf, total - torch.inf
    for at in torch.arange(len(source)).split(_CHUNK):  # type: ignore[no-untyped-call]
        numbers = source.take(at).numbers.double()
        total, squares = total + numbers.sum(dim=0), squares + numbers.square().sum(dim=0)
        lowest = torch.minimum(lowest, numbers.amin(dim=0))
        highest = torch.maximum(highest, numbers.amax(dim=0))
    unit = (squares / len(source) - (total / len(source)).square()).clamp_min(0).sqrt()
    unit = unit.masked_fill(source.fixed | (lowest == highest), 0.0)
    return Ranges(unit.float(), lowest.float(), highest.float())
