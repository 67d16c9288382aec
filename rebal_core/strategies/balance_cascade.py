"""What a model gets right is taken away for the next."""

from rebal_core.ensembles import BalanceCascade
from rebal_core.strategies.base import STRATEGIES, Strategy

balance_cascade = STRATEGIES.add(
    Strategy(
        name="balance_cascade",
        label="BalanceCascade",
        family="ensemble",
        reference="Liu, Wu & Zhou (2009), Exploratory undersampling for class-imbalance learning, "
        "IEEE Trans. SMC B 39, 539-550",
        aliases=("balancecascade", "cascade", "平衡级联", "级联集成"),
        about="Every model sees all rare rows and as many frequent ones; those that it finds "
        "easiest are taken away before the next draw.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Taking away rare rows too, or so many that the last models see noise alone; and "
        "correcting its probabilities by the closed form.",
        steps=(BalanceCascade(),),
        rival="bagging",
        fast={"n_estimators": 3},
    )
)
