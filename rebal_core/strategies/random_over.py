"""Rare rows are repeated."""

from rebal_core.samplers import RandomOver
from rebal_core.strategies.base import STRATEGIES, Strategy

random_over = STRATEGIES.add(
    Strategy(
        name="random_over",
        label="Random oversampling",
        family="over",
        reference="Batista, Prati & Monard (2004), SIGKDD Explorations 6, 20-29",
        aliases=("ros", "random_oversampling", "随机过采样", "随机上采样", "随机升采样"),
        about="Rows of rare classes are repeated at random.",
        changes=("ranking", "probabilities"),
        probabilities="shifted",
        pitfall="Repeating rows before the split: copies of test rows are then learned by heart, "
        "and pure noise reaches an AUC near 1.",
        steps=(RandomOver(),),
    )
)
