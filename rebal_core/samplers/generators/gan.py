"""A game of two networks, as it was first played."""

from __future__ import annotations

from rebal_core.samplers.base import Counts
from rebal_core.samplers.generators.networks import CONDITIONAL, Networks


class Gan(Networks):
    """Draw rows from a generative adversarial network.

    Parameters
    ----------
    conditional : bool
        Whether one network learns all classes, and is asked for one.
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

    References
    ----------
    Goodfellow et al. (2014), Generative adversarial nets, arXiv 1406.2661; Mirza & Osindero (2014),
    arXiv 1411.1784 (conditional).
    """

    kind, dear = "gan", 2.0
    parameters = (CONDITIONAL, *Networks.parameters)

    def __init__(
        self,
        conditional: bool = True,
        steps: int = 2000,
        nodes: int = 128,
        select: bool = False,
        fill: float = 1.0,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.conditional = conditional
        self.steps = steps
        self.nodes = nodes
        self.select = select
        self.fill = fill
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state
