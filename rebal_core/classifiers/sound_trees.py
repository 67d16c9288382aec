"""Trees of a file, checked: the compiled code that builds and walks them checks no index.

skops builds a tree of scikit-learn from what the file says, before anybody could look at it: a
number of outputs or nodes that is not that of its arrays reads beyond them. So the arguments are
looked at in between.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: What scikit-learn writes for "no child".
_NO_CHILD = -1


@cache
def check_trees() -> None:
    """Let skops look at each tree before it builds it, in all of this process."""
    from skops.io._audit import NODE_TYPE_MAPPING
    from skops.io._sklearn import TreeNode

    class SoundTree(TreeNode):  # type: ignore[misc]
        """A tree whose parts go together."""

        def _construct(self) -> Any:
            # Each part is made once and kept: what is checked is what will be used.
            refuse_bad_tree(self.args.construct(), self.attrs.construct())
            return super()._construct()

    for key, node in list(NODE_TYPE_MAPPING.items()):
        if node is TreeNode:
            NODE_TYPE_MAPPING[key] = SoundTree


def refuse_bad_tree(args: Any, state: Any) -> None:
    """Refuse what scikit-learn would not have written.

    Parameters
    ----------
    args : tuple
        Number of columns, classes of each output, number of outputs.
    state : mapping
        ``max_depth``, ``node_count``, ``nodes``, ``values``.

    Raises
    ------
    ValueError
    """
    from sklearn.tree._tree import NODE_DTYPE

    width, classes, outputs = args
    nodes, values = state["nodes"], state["values"]
    if type(width) is not int or type(outputs) is not int or outputs != 1 or width < 1:
        raise ValueError("a tree of no columns, or of several outputs")
    if type(classes) is not np.ndarray or classes.shape != (1,) or classes.dtype.kind not in "iu":
        raise ValueError("a tree without classes")
    if type(nodes) is not np.ndarray or nodes.ndim != 1 or nodes.dtype != NODE_DTYPE:
        raise ValueError("a tree of other nodes")
    if type(state["node_count"]) is not int or not 1 <= state["node_count"] == len(nodes):
        raise ValueError("a tree of fewer nodes than it says")
    if type(values) is not np.ndarray or values.shape != (len(nodes), 1, int(classes[0])):
        raise ValueError("a tree of other answers")
    leaf = nodes["left_child"] == _NO_CHILD
    refuse_bad_links(nodes["left_child"], nodes["right_child"], nodes["feature"], leaf, width)


def refuse_bad_links(
    left: NDArray[Any],
    right: NDArray[Any],
    feature: NDArray[Any],
    leaf: NDArray[np.bool_],
    width: int,
) -> None:
    """Refuse a tree whose links lead outside or in circles, or that asks for absent columns.

    Growers number children after their parent, so a link forward can make no circle.

    Raises
    ------
    ValueError
    """
    if not len(leaf):
        raise ValueError("a tree without a root")
    place = np.arange(len(leaf))
    for child in (left.astype(np.int64), right.astype(np.int64)):
        if ((child <= place) | (child >= len(leaf)))[~leaf].any():
            raise ValueError("a tree with a broken link")
    if ((feature < 0) | (feature >= width))[~leaf].any():
        raise ValueError("a tree that asks for a column that is not there")
