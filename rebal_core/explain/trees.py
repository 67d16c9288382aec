"""Fitted trees of scikit-learn, imbalanced-learn and LightGBM as one :class:`Ensemble`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from rebal_core.classifiers.boosted_trees import BoostedTree
from rebal_core.explain.kernel import Ensemble
from rebal_core.rows import Floats, Ints


def forest(estimators: Sequence[Any], classes: Ints, n_outputs: int) -> Ensemble:
    """Read a forest: raw outputs are the class shares, averaged over its trees.

    Parameters
    ----------
    estimators : sequence of DecisionTreeClassifier
        The fitted trees.
    classes : ndarray of int
        The class 0..K-1 of each column of the leaf values.
    n_outputs : int
        K.
    """
    parts = []
    for estimator in estimators:
        tree = estimator.tree_
        shares = tree.value[:, 0, :]
        shares = shares / shares.sum(axis=1, keepdims=True) / len(estimators)
        values = np.zeros((len(shares), n_outputs))
        values[:, classes] = shares
        parts.append(
            {
                "left": tree.children_left,
                "right": tree.children_right,
                "feature": np.maximum(tree.feature, 0),
                "threshold": tree.threshold,
                "missing_left": tree.missing_go_to_left.astype(bool),
                "bitset": np.full(len(shares), -1),
                "values": values,
                "bits": np.zeros((0, 8), np.uint32),
                "depth": tree.max_depth,
                "output": -1,
            }
        )
    return _join(parts)


def boosting(model: Any, classes: Ints) -> Ensemble:
    """Read a HistGradientBoostingClassifier: raw outputs are its margins without the base line.

    Parameters
    ----------
    model : HistGradientBoostingClassifier
        Fitted.
    classes : ndarray of int
        The class 0..K-1 of each tree of a round; two classes have one tree, the second's.
    """
    parts = []
    for trees in model._predictors:
        for output, tree in zip(classes, trees, strict=True):
            nodes = tree.nodes
            leaf = nodes["is_leaf"].astype(bool)
            splits_categories = nodes["is_categorical"].astype(bool) & ~leaf
            parts.append(
                {
                    "left": np.where(leaf, -1, nodes["left"].astype(np.int64)),
                    "right": np.where(leaf, -1, nodes["right"].astype(np.int64)),
                    "feature": np.where(leaf, 0, nodes["feature_idx"].astype(np.int64)),
                    "threshold": nodes["num_threshold"],
                    "missing_left": nodes["missing_go_to_left"].astype(bool),
                    "bitset": np.where(splits_categories, nodes["bitset_idx"].astype(np.int64), -1),
                    "values": (nodes["value"] * leaf)[:, None],
                    "bits": tree.raw_left_cat_bitsets,
                    "depth": int(nodes["depth"].max()),
                    "output": output,
                }
            )
    return _join(parts)


def boosted(trees: Sequence[BoostedTree], outputs: Ints) -> Ensemble:
    """Read trees of LightGBM: raw outputs are its margins.

    Parameters
    ----------
    trees : sequence of BoostedTree
        Round after round.
    outputs : ndarray of int
        The class 0..K-1 of each tree of a round.
    """
    words = max(int(np.diff(tree.bounds).max(initial=1)) for tree in trees)
    parts = []
    for place, tree in enumerate(trees):
        leaves = len(tree.values)
        inner, none = leaves - 1, np.full(leaves, -1)
        links = [np.where(part < 0, inner - 1 - part, part) for part in (tree.left, tree.right)]
        numbers = np.where(tree.categorical, 0.0, tree.threshold)
        sets = np.where(tree.categorical, tree.threshold, -1).astype(np.int64)
        bits = np.zeros((len(tree.bounds) - 1, words), np.uint32)
        for row, (start, end) in enumerate(pairwise(tree.bounds)):
            bits[row, : end - start] = tree.bits[start:end]
        parts.append(
            {
                "left": np.append(links[0], none),
                "right": np.append(links[1], none),
                "feature": np.append(tree.feature, np.zeros(leaves, np.int64)),
                "threshold": np.append(numbers, np.zeros(leaves)),
                # An unknown category goes right; of numbers none is missing.
                "missing_left": np.zeros(inner + leaves, dtype=bool),
                "bitset": np.append(sets, none),
                "values": np.append(np.zeros(inner), tree.values)[:, None],
                "bits": bits,
                "depth": _depth(links, inner),
                "output": outputs[place % len(outputs)],
            }
        )
    return _join(parts)


def _depth(links: Sequence[Ints], inner: int) -> int:
    """Return the steps from the root to the farthest leaf; a child stands behind its parent."""
    depth = np.zeros(2 * inner + 1, dtype=np.int64)
    for node in range(inner):
        for side in links:
            depth[side[node]] = depth[node] + 1
    return int(depth.max())


def _join(parts: Sequence[dict[str, Any]]) -> Ensemble:
    sizes = np.array([len(p["left"]) for p in parts], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    sets = np.cumsum([0] + [len(p["bits"]) for p in parts])

    def shifted(name: str, by: Any) -> Ints:
        moved = [np.where(p[name] < 0, -1, p[name] + b) for p, b in zip(parts, by, strict=True)]
        return np.concatenate(moved).astype(np.int64)

    bits = np.concatenate([p["bits"] for p in parts]).astype(np.uint32)
    values: Floats = np.concatenate([p["values"] for p in parts]).astype(np.float64)
    return Ensemble(
        roots=starts,
        outputs=np.array([p["output"] for p in parts], dtype=np.int64),
        left=shifted("left", starts),
        right=shifted("right", starts),
        feature=np.concatenate([p["feature"] for p in parts]).astype(np.int64),
        threshold=np.concatenate([p["threshold"] for p in parts]).astype(np.float64),
        missing_left=np.concatenate([p["missing_left"] for p in parts]),
        bitset=shifted("bitset", sets[:-1]),
        bits=bits if len(bits) else np.zeros((1, 8), np.uint32),
        values=values,
        depth=max(p["depth"] for p in parts) + 1,
    )
