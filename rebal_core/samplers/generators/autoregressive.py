"""Rows made column by column."""

from __future__ import annotations

from rebal_core.samplers.base import Counts
from rebal_core.samplers.generators.networks import Networks


class Autoregressive(Networks):
    """Draw rows column by column, each by the class and by the columns that are there.

    Parameters
    ----------
    steps : int
        Of learning, at most.
    nodes : int
        Of a hidden layer.
    select : bool
        Whether twice as many rows are drawn, and the surest of their class kept.
    fill : float
        Made rows per missing row.
    ratio : float
        Rows of each rarer class per row of the most frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio. Of :meth:`fit_resample`: by the labels of y.
    keep_prevalence : bool
        Whether all rows of a class share the weight that it had.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    Notes
    -----
    Numbers are cut into stretches of equal share, and values that many rows have stand alone; in a
    stretch a value is drawn as they were spread there. One network learns all classes. As it learns
    from any part of a row, values of some columns may be given, and no row has to be thrown away.

    References
    ----------
    Tiwald, Krchova, Sidorenko, Vargas Vieyra, Scriminaci & Platzer (2025), TabularARGN, arXiv
    2501.12012.
    """

    kind = "autoregressive"

    def __init__(
        self,
        steps: int = 2000,
        nodes: int = 128,
        select: bool = False,
        fill: float = 1.0,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.steps = steps
        self.nodes = nodes
        self.select = select
        self.fill = fill
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state
