"""Several models and one that learns from what they say: no remedy for imbalance."""

from rebal_core.ensembles import Stacking
from rebal_core.strategies.base import STRATEGIES, Strategy

stacking = STRATEGIES.add(
    Strategy(
        name="stacking",
        label="Stacking",
        family="ensemble",
        reference="Wolpert (1992), Stacked generalization, Neural Networks 5, 241-259",
        aliases=("stacked_generalization", "blending", "堆叠", "堆叠集成"),
        about="A logistic regression learns from what several models say of training rows that "
        "they have not seen. No remedy for imbalance: what helps has to beat it.",
        pitfall="Learning from what the models say of their own training rows: the one that learns "
        "by heart then looks best. And averaging before there are labels to compare with.",
        steps=(Stacking(),),
        learner="stacking",
        remedy=False,
        fast={"over": "logistic+random_forest", "folds": 2},
    )
)
