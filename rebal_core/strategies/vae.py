"""Rare rows are read from random points of a small space that rows were put into."""

from rebal_core.samplers.generators import Vae
from rebal_core.strategies.base import STRATEGIES, Strategy

vae = STRATEGIES.add(
    Strategy(
        name="vae",
        label="Variational autoencoder",
        family="synthesis",
        reference="Kingma & Welling (2014), Auto-encoding variational Bayes, arXiv 1312.6114",
        aliases=("tvae", "autoencoder", "变分自编码器"),
        about="A network puts rows into a small space and reads them from it again; new rows of "
        "the class are read from random points.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="The divergence with the wrong sign, or numbers that were not scaled: points "
        "spread without end, and rows are blurred.",
        steps=(Vae(),),
        fast={"steps": 300, "nodes": 64},
    )
)
