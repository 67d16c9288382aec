"""Every model sees all rare rows and as many others."""

from rebal_core.ensembles import UnderBagging
from rebal_core.strategies.base import STRATEGIES, Strategy

under_bagging = STRATEGIES.add(
    Strategy(
        name="under_bagging",
        label="UnderBagging",
        family="ensemble",
        reference="Barandela, Valdovinos & Sanchez (2003), New applications of ensembles of "
        "classifiers, Pattern Analysis and Applications 6, 245-256",
        aliases=("underbagging", "under_bagging_classifier", "欠采样装袋", "欠采样集成"),
        about="Every model is fitted on all rows of the rarest class and as many random ones of "
        "each other, and the answers are averaged.",
        changes=("ranking", "probabilities"),
        probabilities="shifted",
        pitfall="One undersampled model in its place: that throws nearly all rows away, while ten "
        "draws together see ten times as many.",
        steps=(UnderBagging(),),
        rival="bagging",
        fast={"n_estimators": 3},
    )
)
