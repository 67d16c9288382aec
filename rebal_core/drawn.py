"""Values of resampled rows that come from no other row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ARRAYS = ("at", "numbers", "codes")


@dataclass(frozen=True)
class Drawn:
    """Values of rows that lie neither on a row nor between two.

    Parameters
    ----------
    at : ndarray of shape (d,), int64
        Their positions in the recipe, ascending.
    numbers : ndarray of shape (d, p), float32
        NaN throughout where only the codes are a row's own.
    codes : ndarray of shape (d, q), int32
        As in :class:`rebal_core.rows.TypedRows`; their text is that of the recipe's donor.
    """

    at: NDArray[np.int64]
    numbers: NDArray[np.float32]
    codes: NDArray[np.int32]

    @property
    def whole(self) -> NDArray[np.bool_]:
        """Which rows have numbers of their own too."""
        return np.asarray(~np.isnan(self.numbers).any(axis=1))

    def __len__(self) -> int:
        return int(self.at.shape[0])

    @classmethod
    def joined(cls, parts: Sequence[Drawn]) -> Drawn | None:
        """Return drawn values in the order of their rows, the last of each; None where none are."""
        if not parts:
            return None
        arrays = {name: np.concatenate([getattr(p, name) for p in parts]) for name in _ARRAYS}
        order = np.argsort(arrays["at"], kind="stable")
        order = order[np.diff(arrays["at"][order], append=np.iinfo(np.int64).max) > 0]
        return cls(**{name: values[order] for name, values in arrays.items()})

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return arrays for ``np.savez``, apart by their names from those of the recipe."""
        return {f"drawn_{name}": getattr(self, name) for name in _ARRAYS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Drawn | None:
        """Rebuild what :meth:`to_arrays` gave; None where no row was drawn.

        Raises
        ------
        KeyError
            When an array is absent.
        """
        if "drawn_at" not in arrays:
            return None
        return cls(**{name: arrays[f"drawn_{name}"] for name in _ARRAYS})
