"""Every model sees other frequent rows, first easy, then hard ones."""

from rebal_core.ensembles import SelfPaced
from rebal_core.strategies.base import STRATEGIES, Strategy

self_paced = STRATEGIES.add(
    Strategy(
        name="self_paced",
        label="Self-paced ensemble",
        family="ensemble",
        reference="Liu et al. (2020), Self-paced ensemble for highly imbalanced massive data "
        "classification, ICDE, 841-852",
        aliases=("spe", "self_paced_ensemble", "自步集成", "自步学习集成"),
        about="Every model sees all rare rows and as many frequent ones, chosen by how hard the "
        "models before found them: each degree of hardness counts as much at first, each row in "
        "the end.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Only the hardest rows: these are noise as often as not. And correcting its "
        "probabilities by the closed form, which holds for random draws alone.",
        steps=(SelfPaced(),),
        rival="bagging",
        fast={"n_estimators": 3},
    )
)
