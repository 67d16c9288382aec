"""Frequent rows are left out."""

from rebal_core.samplers import RandomUnder
from rebal_core.strategies.base import STRATEGIES, Strategy

random_under = STRATEGIES.add(
    Strategy(
        name="random_under",
        label="Random undersampling",
        family="under",
        reference="Dal Pozzolo et al. (2015), Calibrating probability with undersampling",
        aliases=("rus", "random_undersampling", "随机欠采样", "随机下采样", "随机降采样"),
        about="Rows of frequent classes are left out at random. Fast.",
        changes=("ranking", "probabilities"),
        probabilities="shifted",
        pitfall="Reading the probabilities as they come out: they speak of the thinned table. And "
        "comparing average precision across tables that were thinned differently.",
        steps=(RandomUnder(),),
    )
)
