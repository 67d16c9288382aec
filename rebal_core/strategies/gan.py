"""Rare rows are made by a network that learns to pass for real."""

from rebal_core.samplers.generators import Gan
from rebal_core.strategies.base import STRATEGIES, Strategy

gan = STRATEGIES.add(
    Strategy(
        name="gan",
        label="GAN",
        family="synthesis",
        reference="Goodfellow et al. (2014), Generative adversarial nets, arXiv 1406.2661",
        aliases=("generative_adversarial", "生成对抗网络"),
        about="One network makes rows out of noise, another tells them from real ones; both learn "
        "from each other.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Made rows that never pass through the critic, class labels as its targets, or a "
        "sign reversed: nothing is played then. Few kinds of rows may be made over and over.",
        steps=(Gan(),),
        fast={"steps": 300, "nodes": 64},
    )
)
