"""Rare rows are drawn from the leaves of an adversarial random forest."""

from rebal_core.samplers.generators import ARF
from rebal_core.strategies.base import STRATEGIES, Strategy

arf = STRATEGIES.add(
    Strategy(
        name="arf",
        label="Adversarial random forest",
        family="synthesis",
        reference="Watson, Blesch, Kapar & Wright (2023), Adversarial random forests for density "
        "estimation and generative modeling, AISTATS",
        aliases=("adversarial_random_forest", "forge", "对抗随机森林"),
        about="A forest learns to tell rows of a rare class from made ones, round by round. New "
        "rows are then drawn from its leaves, in which columns no longer hang together.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Leaves of a single row: what is drawn from them is that row again. Here "
        "several real rows share each leaf.",
        steps=(ARF(),),
        fast={"trees": 20},
    )
)
