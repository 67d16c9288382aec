"""A conditional game of two networks."""

from __future__ import annotations

from rebal_core.params import Number
from rebal_core.samplers.base import Counts
from rebal_core.samplers.generators.networks import Networks

CRITIC_STEPS = Number(
    "critic_steps",
    "Critic steps",
    "Steps of the critic for each of the generator.",
    1,
    1,
    10,
)


class Cgan(Networks):
    """Draw rows from a conditional Wasserstein GAN, asked for a class and one value.

    Parameters
    ----------
    steps : int
        Of learning, at most.
    nodes : int
        Of a hidden layer.
    critic_steps : int
        Of the critic for each of the generator.
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
    Xu, Skoularidou, Cuesta-Infante & Veeramachaneni (2019), Modeling tabular data using conditional
    GAN, arXiv 1907.00503; Gulrajani et al. (2017), arXiv 1704.00028; Li, Swersky & Zemel (2015),
    arXiv 1502.02761.
    """

    kind, dear = "cgan", 6.0
    parameters = (*Networks.parameters[:2], CRITIC_STEPS, *Networks.parameters[2:])

    def __init__(
        self,
        steps: int = 2000,
        nodes: int = 128,
        critic_steps: int = 1,
        select: bool = False,
        fill: float = 1.0,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.steps = steps
        self.nodes = nodes
        self.critic_steps = critic_steps
        self.select = select
        self.fill = fill
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state

    def built(self) -> dict[str, float]:
        """Return the steps of the critic."""
        return {**super().built(), "critic_steps": self.critic_steps}
