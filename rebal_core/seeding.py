"""Child seeds and content keys: one place where randomness and identity begin."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np


def content_key(*parts: Any) -> str:
    """Return 24 hex digits that stand for these values.

    Parameters
    ----------
    *parts : plain values
        Texts, numbers of Python's own (numpy's float64 is one), truth values, None, and lists,
        tuples and mappings of them. Order matters; mappings are sorted, so that equal content has
        an equal key, and a tuple is a list.

    Returns
    -------
    str
        The first 96 bits of SHA-256; enough that two tasks never meet by chance.

    Raises
    ------
    TypeError
        When a value is not plain: an object, a set, a path, a whole number of numpy's.
    """
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def child_seed(seed: int, *parts: Any) -> int:
    """Return a seed of its own for one purpose, so that arms do not share random numbers.

    Parameters
    ----------
    seed : int
        The run's seed.
    *parts : JSON-able values
        What the numbers are for, e.g. ``"resample", "smote", repeat, fold``.

    Returns
    -------
    int
        0 to 2**32 - 1, which every library of ours accepts.
    """
    return int(content_key(seed, *parts)[:8], 16)


def generator(seed: int, *parts: Any) -> np.random.Generator:
    """Return a numpy generator seeded by :func:`child_seed`."""
    return np.random.default_rng(child_seed(seed, *parts))
