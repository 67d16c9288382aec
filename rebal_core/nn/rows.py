"""Rows on their way to a network: read from where they lie, a batch at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rebal_core.rows import Floats, Ints, TypedRows

#: Part of a GPU's free memory that a table may take; else its batches travel one by one.
_RESIDENT = 0.25


def best_device() -> torch.device:
    """Return the first GPU that this process may see, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@dataclass(frozen=True)
class Rows:
    """Some rows as a network takes them.

    Parameters
    ----------
    numbers : Tensor of shape (n, width), float32
    codes : Tensor of shape (n, q), int64
        From 0, which is missing or unknown.
    y : Tensor of shape (n,), int64
    weight : Tensor of shape (n,), float32
    at : Tensor of shape (n,), int64
        Their places in the source, on the CPU.
    """

    numbers: Tensor
    codes: Tensor
    y: Tensor
    weight: Tensor
    at: Tensor

    def __len__(self) -> int:
        return len(self.y)


class Source:
    """A table of which batches are taken; it may be memory-mapped.

    Parameters
    ----------
    numbers : sequence of ndarray of shape (n, p_i), float32
        Side by side they are the numbers; they are put together a batch at a time.
    codes : ndarray of shape (n, q), int
        -1 where missing or unknown.
    y : ndarray of shape (n,), int64
    weight : ndarray of shape (n,), float
    device : torch.device
        A table that fits into a quarter of a GPU's free memory is kept there.
    fixed : ndarray of shape (p,), bool, optional
        Which number columns nobody may move: marks of what was missing, parts of a text. None by
        default.

    Attributes
    ----------
    categories : tuple of str
        Names behind the codes, where they are known.
    named : mapping of str to sequence of str
        The values of each category in the order of their codes, where they are known.
    fixed : Tensor of shape (p,), bool
        On the device.
    """

    def __init__(
        self,
        numbers: Sequence[NDArray[np.float32]],
        codes: NDArray[np.integer],
        y: NDArray[np.int64],
        weight: NDArray[np.floating],
        device: torch.device,
        fixed: NDArray[np.bool_] | None = None,
    ) -> None:
        self._numbers, self._codes = tuple(numbers), codes
        self.categories: tuple[str, ...] = ()
        self.named: Mapping[str, Sequence[str]] = {}
        self.device, self._whole = device, None
        self.y = torch.tensor(y)
        self.weight = torch.tensor(weight, dtype=torch.float32)
        known = np.zeros(self.width, dtype=bool) if fixed is None else fixed
        self.fixed = torch.tensor(known, device=device)
        if device.type == "cuda":
            size = sum(block.nbytes for block in numbers) + 8 * codes.size
            if size < _RESIDENT * torch.cuda.mem_get_info(device)[0]:
                self._whole = self._read(torch.arange(len(self)))

    @classmethod
    def of(cls, rows: TypedRows, y: Ints, weight: Floats, device: torch.device) -> Source:
        """Return typed rows, their texts as numbers, with labels and weights.

        Parameters
        ----------
        rows : TypedRows
        y : ndarray of shape (n,)
            From 0, each class up to the largest there.
        weight : ndarray of shape (n,)
        device : torch.device
        """
        fixed, blocks = rows.layout.indicators, [rows.numbers]
        if rows.text_dense is not None:
            parts = rows.text_dense.shape[1]  # a text has length 1: they are brought to scale 1
            blocks.append(rows.text_dense * np.float32(parts**0.5))
            fixed = np.concatenate([fixed, np.ones(parts, dtype=bool)])
        source = cls(blocks, rows.codes, y, weight, device, fixed)
        source.categories = rows.layout.codes
        return source

    def __len__(self) -> int:
        return len(self.y)

    @property
    def width(self) -> int:
        """Number columns."""
        return sum(block.shape[1] for block in self._numbers)

    @property
    def values(self) -> list[int]:
        """How many values each column of codes has here at most, with that of missing ones."""
        return [int(most) + 2 for most in self._codes.max(axis=0, initial=-1)]

    def category(self, name: str) -> Tensor | None:
        """Return the codes of a category, shape (n,), on the CPU, -1 where missing; or None."""
        if name not in self.categories:
            return None
        return torch.tensor(self._codes[:, self.categories.index(name)], dtype=torch.int64)

    def take(self, at: Tensor, exactness: torch.dtype = torch.float32) -> Rows:
        """Return the rows at these places, shape (m,), on the device."""
        rows = self._taken(at)
        if exactness == torch.float32:
            return rows
        return replace(rows, numbers=rows.numbers.to(exactness), weight=rows.weight.to(exactness))

    def _taken(self, at: Tensor) -> Rows:
        if self._whole is None:
            return self._read(at)
        whole, there = self._whole, at.to(self.device)
        return Rows(
            whole.numbers[there], whole.codes[there], whole.y[there], whole.weight[there], at
        )

    def _read(self, at: Tensor) -> Rows:
        places = at.numpy()
        blocks = [torch.from_numpy(np.ascontiguousarray(b[places])) for b in self._numbers]
        numbers = blocks[0] if len(blocks) == 1 else torch.cat(blocks, dim=1)
        codes = torch.from_numpy(self._codes[places].astype(np.int64) + 1)
        numbers, codes = numbers.to(self.device), codes.to(self.device)
        y, weight = self.y[at].to(self.device), self.weight[at].to(self.device)
        return Rows(numbers, codes, y, weight, at)


def some_of_each(y: Ints, most: int) -> Ints:
    """Return places of rows, at most so many of a class, evenly among those of it; ascending."""
    parts = [np.flatnonzero(y == label) for label in np.unique(y)]
    picked = [np.linspace(0, len(own) - 1, min(len(own), most)).astype(int) for own in parts]
    places = [own[at] for own, at in zip(parts, picked, strict=True)]
    return np.sort(np.concatenate(places)) if places else np.zeros(0, dtype=np.int64)
