"""Trees of LightGBM as arrays, and its text format, of which nothing is believed.

LightGBM's own reader checks no link and no length. So the text is read here first, strictly, into
arrays that go together; and what LightGBM gets is written from these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rebal_core.classifiers.sound_trees import refuse_bad_links
from rebal_core.rows import Floats, Ints

#: Bits of ``decision_type``: a split of categories; where a missing value goes; how one is known.
CATEGORICAL, DEFAULT_LEFT, _MISSING = 1, 2, 12
_HEAD = "tree\nversion=v4\nnum_class={k}\nnum_tree_per_iteration={k}\nlabel_index=0\n"
_COUNTS = ("num_leaves", "num_cat")
_WHOLE = ("split_feature", "decision_type", "left_child", "right_child")
_REAL = ("threshold", "leaf_value")
_SETS = ("cat_boundaries", "cat_threshold")
_LINE = re.compile(r"([a-z_]+)=([-+0-9.einfa ]*)")


@dataclass(frozen=True)
class BoostedTree:
    """One tree of L leaves; a child below 0 is leaf ``-child - 1``.

    Parameters
    ----------
    feature, decision, left, right : ndarray of shape (L - 1,)
        Column, bits (see :data:`CATEGORICAL`), and children of each node.
    threshold : ndarray of shape (L - 1,)
        ``value <= threshold`` goes left; of a split of categories the number of its set.
    values : ndarray of shape (L,)
        What a leaf adds.
    bounds : ndarray of shape (sets + 1,)
        Where each set begins in ``bits``.
    bits : ndarray of int64
        Words of 32 bits; a category whose bit is set goes left.
    """

    feature: Ints
    decision: Ints
    left: Ints
    right: Ints
    threshold: Floats
    values: Floats
    bounds: Ints
    bits: Ints

    @property
    def categorical(self) -> NDArray[np.bool_]:
        """Which nodes split categories."""
        return (self.decision & CATEGORICAL) > 0

    def refuse_unsound(self, width: int) -> None:
        """Refuse what LightGBM would not have written for a table of so many columns.

        Raises
        ------
        ValueError
        """
        size = len(self.values)
        inner = (self.feature, self.decision, self.left, self.right, self.threshold)
        if size < 1 or any(len(part) != size - 1 for part in inner):
            raise ValueError("a tree of other nodes")
        if not (np.isfinite(self.values).all() and np.isfinite(self.threshold).all()):
            raise ValueError("a tree of numbers that are none")
        if ((self.decision & ~(CATEGORICAL | DEFAULT_LEFT | _MISSING)) != 0).any():
            raise ValueError("a tree of foreign decisions")
        # Nodes and leaves in one numbering, the leaves behind: a link forward makes no circle.
        links = [np.where(part < 0, size - 2 - part, part) for part in (self.left, self.right)]
        if size > 1:
            leaf = np.arange(2 * size - 1) >= size - 1
            full = [np.append(part, np.full(size, -1)) for part in links]
            feature = np.append(self.feature, np.zeros(size, dtype=np.int64))
            refuse_bad_links(full[0], full[1], feature, leaf, width)
            if np.unique(np.concatenate(links)).size != 2 * (size - 1):
                raise ValueError("a tree two of whose branches meet")
        sets = self.threshold[self.categorical]
        bounds = self.bounds
        if len(bounds) < 1 or bounds[0] != 0 or (np.diff(bounds) < 1).any():
            raise ValueError("sets of categories that are none")
        if bounds[-1] != len(self.bits) or ((self.bits < 0) | (self.bits >= 2**32)).any():
            raise ValueError("sets of categories that are none")
        if ((sets != np.floor(sets)) | (sets < 0) | (sets >= len(bounds) - 1)).any():
            raise ValueError("a split by a set that is not there")


def read_trees(text: str, outputs: int, width: int) -> list[BoostedTree]:
    """Read the trees of a text of LightGBM.

    Parameters
    ----------
    text : str
        As LightGBM 4 writes it; what follows the trees is not looked at.
    outputs : int
        Trees of a round.
    width : int
        Columns.

    Raises
    ------
    ValueError
        When it is no such text, or its trees do not go together.
    """
    body, found, _rest = text.partition("\nend of trees")
    blocks = re.split(r"\nTree=\d+\n", body)
    if not found or not blocks[0].startswith(_HEAD.format(k=outputs)):
        raise ValueError("no trees of LightGBM, or of another number of classes")
    trees = [_tree(block) for block in blocks[1:]]
    if len(trees) % outputs:
        raise ValueError("a round that is not whole")
    for tree in trees:
        tree.refuse_unsound(width)
    return trees


def _tree(block: str) -> BoostedTree:
    lines: dict[str, str] = {}
    for line in block.splitlines():
        match = _LINE.fullmatch(line)
        if match is not None and match[1] not in lines:
            lines[match[1]] = match[2]
        elif line:
            raise ValueError("a line of a tree that is none, or is there twice")
    if lines.get("is_linear", "0") != "0":
        raise ValueError("a tree with lines in its leaves")
    size, sets = (int(lines[name]) for name in _COUNTS)
    whole = [_numbers(lines.get(name, ""), np.int64) for name in _WHOLE]
    real = [_numbers(lines.get(name, ""), np.float64) for name in _REAL]
    bounds, bits = (_numbers(lines.get(name, ""), np.int64) for name in _SETS)
    if len(real[1]) != size or max(len(bounds) - 1, 0) != sets:
        raise ValueError("a tree of other sizes than it says")
    feature, decision, left, right = whole
    bounds = bounds if sets else np.zeros(1, dtype=np.int64)
    return BoostedTree(feature, decision, left, right, real[0], real[1], bounds, bits)


def _numbers(text: str, kind: type) -> NDArray:  # type: ignore[type-arg]
    read = float if kind is np.float64 else int
    return np.array([read(word) for word in text.split()], kind)


def write_trees(trees: Sequence[BoostedTree], outputs: int, width: int) -> str:
    """Return the text that LightGBM reads; its answers are sums, without any further step."""
    names = " ".join(f"c{j}" for j in range(width))
    # An infinite range: LightGBM takes a column that is none for one that it need not look at.
    ranges = " ".join(["[-inf:inf]"] * width)
    head = _HEAD.format(k=outputs) + f"max_feature_idx={width - 1}\nobjective=custom\n"
    head += f"feature_names={names}\nfeature_infos={ranges}\n"
    parts = ["\n".join(_lines(tree, place)) + "\n\n\n" for place, tree in enumerate(trees)]
    sizes = " ".join(str(len(part)) for part in parts)
    return f"{head}tree_sizes={sizes}\n\n{''.join(parts)}end of trees\n"


def _lines(tree: BoostedTree, place: int) -> Iterator[str]:
    def line(name: str, values: NDArray) -> str:  # type: ignore[type-arg]
        return f"{name}={' '.join(map(repr, values.tolist()))}"

    yield f"Tree={place}"
    yield f"num_leaves={len(tree.values)}"
    yield f"num_cat={len(tree.bounds) - 1}"
    if len(tree.feature):
        yield line("split_feature", tree.feature)
        yield line("split_gain", np.zeros(len(tree.feature)))
        yield line("threshold", tree.threshold)
        yield line("decision_type", tree.decision)
        yield line("left_child", tree.left)
        yield line("right_child", tree.right)
    yield line("leaf_value", tree.values)
    if len(tree.bounds) > 1:
        yield line("cat_boundaries", tree.bounds)
        yield line("cat_threshold", tree.bits)
    yield "is_linear=0"
    yield "shrinkage=1"


def nothing() -> BoostedTree:
    """Return a tree of one leaf, which adds nothing."""
    none = np.zeros(0, dtype=np.int64)
    return BoostedTree(
        none, none, none, none, np.zeros(0), np.zeros(1), np.zeros(1, dtype=np.int64), none
    )


def raised(trees: Sequence[BoostedTree], by: Floats) -> list[BoostedTree]:
    """Return the trees, the first round of which adds a constant for each output as well."""
    first = [replace(t, values=t.values + b) for t, b in zip(trees, by, strict=False)]
    return [*first, *trees[len(first) :]]
