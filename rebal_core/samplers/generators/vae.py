"""A variational autoencoder."""

from __future__ import annotations

from rebal_core.params import Number
from rebal_core.samplers.base import Counts
from rebal_core.samplers.generators.networks import CONDITIONAL, Networks

BETA = Number(
    "beta",
    "Weight of the divergence β",
    "Below 1 rows are rebuilt better, and made from points that no real row is at.",
    1.0,
    0.1,
    4.0,
)


class Vae(Networks):
    """Draw rows from a variational autoencoder.

    Parameters
    ----------
    conditional : bool
        Whether one network learns all classes, and is asked for one.
    steps : int
        Of learning, at most.
    nodes : int
        Of a hidden layer.
    beta : float
        What the divergence of points from those that rows are made of weighs.
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
    Kingma & Welling (2014), Auto-encoding variational Bayes, arXiv 1312.6114; Xu et al. (2019),
    arXiv 1907.00503 (of tables); Tomczak & Welling (2018), arXiv 1705.07120 (a mixture of points).
    """

    kind, dear = "vae", 2.0
    parameters = (CONDITIONAL, *Networks.parameters[:2], BETA, *Networks.parameters[2:])

    def __init__(
        self,
        conditional: bool = True,
        steps: int = 2000,
        nodes: int = 128,
        beta: float = 1.0,
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
        self.beta = beta
        self.select = select
        self.fill = fill
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state

    def built(self) -> dict[str, float]:
        """Return the weight of the divergence."""
        return {**super().built(), "beta": self.beta}
