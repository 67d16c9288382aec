"""The scores of an exact search on a GPU, where there is one; float64 decides on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rebal_core.devices import visible_gpus

if TYPE_CHECKING:
    import torch

    from rebal_core.samplers.tiles import Singles

#: Fewer multiply-adds are done on the CPU before torch has been imported there: some seconds.
WORTH = 1e11
#: Queries, and points, of which all scores are in the GPU's memory at once.
_QUERIES, _TILE = 2**12, 2**15
#: Bytes of such a score: it, its copy beside the best so far, and what sorts them.
_SCORE_BYTES = 16


def device_for(points: int, queries: int, width: int) -> torch.device | None:
    """Return the GPU that so many comparisons are worth and that has room for them, or None.

    Parameters
    ----------
    points, queries : int
    width : int
        Columns of both.
    """
    if points * queries * width < WORTH or not visible_gpus():
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    needed = _SCORE_BYTES * _QUERIES * _TILE + 2 * 4 * points * (width + 1)
    return torch.device("cuda") if needed < torch.cuda.mem_get_info()[0] else None


class Scores:
    """Smallest scores by torch, as :class:`rebal_core.samplers.tiles.Scores` finds them.

    Parameters
    ----------
    table : ndarray of shape (d + 1, n), float32
        As :func:`rebal_core.samplers.tiles.scored` returns it.
    kept : int
        Scores of each query, at most n.
    device : torch.device
    """

    queries = _QUERIES

    def __init__(self, table: Singles, kept: int, device: torch.device) -> None:
        import torch

        self._table = torch.from_numpy(table).to(device)
        self._kept, self._device = kept, device

    def of(self, asked: Singles) -> tuple[Singles, NDArray[np.int32]]:
        """Return scores, ascending, and positions of their points, shape (q, kept) each."""
        import torch

        left = torch.from_numpy(asked).to(self._device)
        best = torch.zeros((len(asked), 0), device=self._device)
        at = torch.zeros((len(asked), 0), dtype=torch.int32, device=self._device)
        with _whole_products():
            for first in range(0, self._table.shape[1], _TILE):
                scores = left @ self._table[:, first : first + _TILE]
                places = torch.arange(first, first + scores.shape[1], device=self._device)
                at = torch.cat([at, places.int().expand(len(asked), -1)], dim=1)
                best = torch.cat([best, scores], dim=1)
                best, which = best.topk(min(self._kept, best.shape[1]), largest=False)
                at = at.gather(1, which)
        return best.cpu().numpy(), at.cpu().numpy()


@contextmanager
def _whole_products() -> Iterator[None]:
    """Multiply in whole float32, of which the error is known, and not in TF32."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
