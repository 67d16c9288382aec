"""SMOTE, then edited nearest neighbours, as one sampler."""

from __future__ import annotations

from rebal_core.rows import Recipe
from rebal_core.samplers.base import Counts, ToCounts
from rebal_core.samplers.chain import run_steps
from rebal_core.samplers.enn import ENN, N_NEIGHBORS
from rebal_core.samplers.nearness import Near
from rebal_core.samplers.neighbors import Graphs
from rebal_core.samplers.smote import SMOTE
from rebal_core.step import Fold, Sampler


class SMOTEENN(Near, ToCounts):
    """Grow the rarer classes by SMOTE, then drop every row that a near row contradicts.

    A strategy has both as steps of its own; this is for pipelines of scikit-learn's kind.

    Parameters
    ----------
    k_neighbors, ratio, counts, keep_prevalence
        Of :class:`SMOTE`, before the cleaning.
    n_neighbors
        Of :class:`ENN`.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    References
    ----------
    Batista, Prati & Monard (2004), SIGKDD Explorations 6, 20-29.
    """

    slot = "over"
    direction = "over"
    makes = "interpolated"
    parameters = (*SMOTE.parameters, N_NEIGHBORS)

    def __init__(
        self,
        k_neighbors: int = 5,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        n_neighbors: int = 3,
        random_state: int | None = None,
    ) -> None:
        self.k_neighbors = k_neighbors
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.n_neighbors = n_neighbors
        self.random_state = random_state

    @property
    def parts(self) -> tuple[Sampler, ...]:
        """Return both steps."""
        smote = SMOTE(self.k_neighbors, self.ratio, self.counts, self.keep_prevalence)
        near = {"columns": self.columns, "metric": self.metric}
        return smote.set_params(**near), ENN(self.n_neighbors).set_params(**near)

    def recipe(self, fold: Fold) -> Recipe:
        """Return what is left of SMOTE's rows, in their order."""
        neighbors = fold.neighbors
        assert isinstance(neighbors, Graphs)
        return run_steps(self.parts, fold.rows, neighbors, fold.n_classes, lambda _place: fold.rng)
