"""Rare rows are moved, step by step, to where a network errs on them most."""

from rebal_core.samplers.adversarial import PGD
from rebal_core.strategies.base import STRATEGIES, Strategy

pgd = STRATEGIES.add(
    Strategy(
        name="pgd",
        label="PGD",
        family="over",
        reference="Madry et al. (2018), Towards deep learning models resistant to adversarial "
        "attacks, ICLR",
        aliases=(
            "projected_gradient",
            "projected_gradient_descent",
            "投影梯度下降",
            "迭代对抗样本",
        ),
        about="Rare rows are repeated, their numbers moved in small steps to where a network errs "
        "on them most.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Leaving out the projection: steps add up, and a row ends anywhere, in another "
        "class or beyond what a column can be.",
        steps=(PGD(),),
        fast={"epochs": 2, "steps": 3},
    )
)
