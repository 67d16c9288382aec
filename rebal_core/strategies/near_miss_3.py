"""Frequent rows around each rare one stay."""

from rebal_core.samplers.near_miss import NearMiss3
from rebal_core.strategies.base import STRATEGIES, Strategy

near_miss_3 = STRATEGIES.add(
    Strategy(
        name="near_miss_3",
        label="NearMiss 3",
        family="under",
        reference="Mani & Zhang (2003), kNN approach to unbalanced data distributions, ICML "
        "workshop on learning from imbalanced data sets",
        aliases=("nearmiss_3", "nearmiss3", "近失欠采样3"),
        about="Of the frequent rows around each rare row, those stay that are farthest from their "
        "nearest rare rows. Can leave fewer rows than asked for.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Expecting the ratio that was asked for: no more rows can stay than lie around "
        "the rare ones.",
        steps=(NearMiss3(),),
    )
)
