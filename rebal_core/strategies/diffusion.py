"""Rare rows come from noise that is taken away step by step."""

from rebal_core.samplers.generators import Diffusion
from rebal_core.strategies.base import STRATEGIES, Strategy

diffusion = STRATEGIES.add(
    Strategy(
        name="diffusion",
        label="Diffusion",
        family="synthesis",
        reference="Kotelnikov, Baranchuk, Rubachev & Babenko (2023), TabDDPM, arXiv 2209.15421",
        aliases=("tabddpm", "ddpm", "扩散模型"),
        about="A network learns to tell what noisy rows were; new rows of the class come from "
        "noise, step by step.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Taking its rows for private: it may know rare rows by heart, as SMOTE does.",
        steps=(Diffusion(),),
        fast={"steps": 200, "nodes": 64, "times": 10},
    )
)
