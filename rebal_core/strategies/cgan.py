"""Rare rows are made by a network that is asked for a class and one value of a column."""

from rebal_core.samplers.generators import Cgan
from rebal_core.strategies.base import STRATEGIES, Strategy

cgan = STRATEGIES.add(
    Strategy(
        name="cgan",
        label="Conditional GAN",
        family="synthesis",
        reference="Xu, Skoularidou, Cuesta-Infante & Veeramachaneni (2019), arXiv 1907.00503; "
        "Gulrajani et al. (2017), arXiv 1704.00028",
        aliases=("ctgan", "wgan", "条件生成对抗网络", "条件GAN"),
        about="One network makes rows of the class that it is asked for, another tells how real "
        "they look; both learn from each other.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Learning from the whole table before it is split: made rows know the test rows.",
        steps=(Cgan(),),
        fast={"steps": 300, "nodes": 64, "critic_steps": 1},
    )
)
