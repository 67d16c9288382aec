"""Rows weigh more where near rows are of another class."""

import numpy as np

from rebal_core.facts import TableFacts
from rebal_core.params import Number
from rebal_core.rows import Floats
from rebal_core.samplers.nearness import Near
from rebal_core.step import Fold, Weights
from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.weighting import even

N_NEIGHBORS = Number(
    "n_neighbors",
    "Neighbours that are asked",
    "A row is the harder, the more of so many near rows are of another class.",
    5,
    1,
    100,
)
STRENGTH = Number(
    "strength",
    "Strength",
    "How much more the hardest row counts than an easy one: 1 is twice as much, 0 the same, and "
    "below 0 it counts less.",
    1.0,
    -0.99,
    20.0,
)


class HardnessWeight(Near, Weights):
    """Weigh each row by ``1 + strength * h``, mean 1 within each class.

    ``h`` is the part of the nearest rows that are of another class (k-disagreeing neighbours). As
    every class keeps its total, the class shares stay: what it does is not what class weights do.

    Parameters
    ----------
    n_neighbors : int
    strength : float
        Below 0 hard rows count less, as where labels are noisy.
    """

    parameters = (N_NEIGHBORS, STRENGTH)

    def __init__(self, n_neighbors: int = 5, strength: float = 1.0) -> None:
        self.n_neighbors = n_neighbors
        self.strength = strength

    def weights(self, fold: Fold) -> Floats:
        """Return the weight of each row, shape (n,)."""
        y = fold.rows.y
        _, positions = fold.neighbors.all(self.n_neighbors)
        others = np.count_nonzero(y[positions] != y[:, None], axis=1)
        hardness = others / max(positions.shape[1], 1)
        return even(1 + self.strength * hardness, y, fold.rows.weight)

    def searches(self, facts: TableFacts) -> dict[str, float]:
        """Return the search among all rows."""
        return self.searched({"all": facts.rows}, facts)


hardness_weight = STRATEGIES.add(
    Strategy(
        name="hardness_weight",
        label="Weights by hardness",
        family="weighting",
        reference="Smith, Martinez & Giraud-Carrier (2014), An instance level analysis of data "
        "complexity, Machine Learning 95, 225-256",
        aliases=("instance_weight", "sample_weight", "kdn", "难度加权", "难例加权", "样本权重"),
        about="A row weighs the more, the more of its near rows are of another class; every class "
        "keeps its total.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Sample weights that follow the class alone, or are one number for all rows; and "
        "weights that are computed and never handed to the fit.",
        steps=(HardnessWeight(),),
    )
)
