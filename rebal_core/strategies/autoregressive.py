"""Rare rows are made column by column, each beside those that are there."""

from rebal_core.samplers.generators import Autoregressive
from rebal_core.strategies.base import STRATEGIES, Strategy

autoregressive = STRATEGIES.add(
    Strategy(
        name="autoregressive",
        label="Autoregressive network",
        family="synthesis",
        reference="Tiwald et al. (2025), TabularARGN, arXiv 2501.12012",
        aliases=("tabular_argn", "argn", "自回归网络"),
        about="A network makes rows column by column: the class first, then each value by those "
        "that are there.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Drawing rows until enough of the rare class have come: most are thrown away. Here "
        "the class comes first, and each row counts.",
        steps=(Autoregressive(),),
        fast={"steps": 300, "nodes": 64},
    )
)
