"""Rare rows are repeated, frequent ones cut, and then contradicted ones go."""

from rebal_core.samplers import ENN, RandomOver, RandomUnder
from rebal_core.strategies.base import STRATEGIES, Strategy

STRATEGIES.add(
    Strategy(
        name="three_steps",
        label="Three steps",
        family="combined",
        reference="Batista, Prati & Monard (2004), SIGKDD Explorations 6, 20-29",
        aliases=("over_under_clean", "三步"),
        about="Rows are repeated, cut and cleaned.",
        steps=(RandomOver(ratio=0.4), RandomUnder(ratio=0.8), ENN()),
    )
)
