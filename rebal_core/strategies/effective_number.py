"""Rows of rare classes weigh more, but not without end."""

from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.weighting import EffectiveNumber

effective_number = STRATEGIES.add(
    Strategy(
        name="effective_number",
        label="Effective number of rows",
        family="weighting",
        reference="Cui et al. (2019), Class-balanced loss based on effective number of samples, "
        "CVPR",
        aliases=("effective_samples", "有效样本数", "有效样本数加权"),
        about="Each row weighs by the rarity of its class, but the more rows a class has, the less "
        "a further one counts as new.",
        changes=("ranking", "probabilities"),
        probabilities="shifted",
        pitfall="Taking it for something else than class weights: with β near 1, or classes of "
        "few rows, it is their inverse frequency.",
        steps=(EffectiveNumber(),),
    )
)
