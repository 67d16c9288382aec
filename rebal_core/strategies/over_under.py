"""The rare classes are repeated half way up, then the frequent ones are cut down to them."""

from rebal_core.samplers.random import RandomOver, RandomUnder
from rebal_core.strategies.base import STRATEGIES, Strategy

over_under = STRATEGIES.add(
    Strategy(
        name="over_under",
        label="Over- and undersampling",
        family="combined",
        reference="Chawla et al. (2002), SMOTE: Synthetic Minority Over-sampling Technique, "
        "JAIR 16, 321-357",
        aliases=("over_and_under", "过采样加欠采样", "过采样与欠采样结合", "混合重采样"),
        about="Rows of the rarer classes are repeated up to a first ratio, below 1; then the more "
        "frequent classes are cut to a second, larger one.",
        changes=("ranking", "probabilities"),
        probabilities="shifted",
        pitfall="Oversampling to 1:1 and then undersampling: the table is balanced by then, and "
        "the second does nothing. Or doing both on the same table, so that only the last one "
        "counts.",
        steps=(
            RandomOver(ratio=0.5),
            RandomUnder(),
        ),
    )
)
