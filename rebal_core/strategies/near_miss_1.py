"""Frequent rows nearest to rare ones stay."""

from rebal_core.samplers.near_miss import NearMiss1
from rebal_core.strategies.base import STRATEGIES, Strategy

near_miss_1 = STRATEGIES.add(
    Strategy(
        name="near_miss_1",
        label="NearMiss 1",
        family="under",
        reference="Mani & Zhang (2003), kNN approach to unbalanced data distributions, ICML "
        "workshop on learning from imbalanced data sets",
        aliases=(
            "nearmiss",
            "near_miss",
            "nearmiss_1",
            "nearmiss1",
            "近失欠采样",
            "nearmiss欠采样",
        ),
        about="The frequent rows stay that are nearest to their three nearest rare rows. Often "
        "worse than a random choice, and shown for comparison.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Importing it from imblearn.over_sampling, where it is not; or telling it as "
        "“keep the neighbours, then delete the whole majority”. What it keeps are often outliers "
        "and errors, so the closed form for random undersampling does not hold.",
        steps=(NearMiss1(),),
    )
)
