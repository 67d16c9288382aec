"""Rows from noise, step by step."""

from __future__ import annotations

from rebal_core.params import Number
from rebal_core.samplers.base import Counts
from rebal_core.samplers.generators.networks import Networks

TIMES = Number(
    "times",
    "Steps from noise to a row",
    "More make rows truer, and take longer to draw.",
    12,
    4,
    1000,
)


class Diffusion(Networks):
    """Draw rows from a diffusion model: Gaussian for numbers, multinomial for categories.

    Parameters
    ----------
    steps : int
        Of learning, at most.
    nodes : int
        Of a hidden layer.
    times : int
        Steps from noise to a row.
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
    Kotelnikov, Baranchuk, Rubachev & Babenko (2023), TabDDPM: modelling tabular data with diffusion
    models, arXiv 2209.15421.
    """

    kind, dear = "diffusion", 2.0
    parameters = (*Networks.parameters[:2], TIMES, *Networks.parameters[2:])

    def __init__(
        self,
        steps: int = 2000,
        nodes: int = 128,
        times: int = 12,
        select: bool = False,
        fill: float = 1.0,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.steps = steps
        self.nodes = nodes
        self.times = times
        self.select = select
        self.fill = fill
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state

    @property
    def passes(self) -> int:
        """A made row goes through the network at each of the steps; to decode it costs as much."""
        return max(1, self.times // 2)

    def built(self) -> dict[str, float]:
        """Return the steps from noise to a row."""
        return {**super().built(), "times": self.times}
