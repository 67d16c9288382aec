"""Frequent rows nearest to the farthest rare ones stay."""

from rebal_core.samplers.near_miss import NearMiss2
from rebal_core.strategies.base import STRATEGIES, Strategy

near_miss_2 = STRATEGIES.add(
    Strategy(
        name="near_miss_2",
        label="NearMiss 2",
        family="under",
        reference="Mani & Zhang (2003), kNN approach to unbalanced data distributions, ICML "
        "workshop on learning from imbalanced data sets",
        aliases=("nearmiss_2", "nearmiss2", "近失欠采样2"),
        about="The frequent rows stay that are nearest to the three rare rows farthest from them. "
        "Often worse than a random choice, and shown for comparison.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Holding every distance in memory at once, which large tables do not allow; and "
        "reading “farthest” as keeping far rows: those near to all rare rows stay.",
        steps=(NearMiss2(),),
    )
)
