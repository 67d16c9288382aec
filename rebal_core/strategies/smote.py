"""Rows are made between near rows of the same rare class."""

from rebal_core.samplers import SMOTE
from rebal_core.strategies.base import STRATEGIES, Strategy

smote = STRATEGIES.add(
    Strategy(
        name="smote",
        label="SMOTE",
        family="over",
        reference="Chawla et al. (2002), JAIR 16, 321-357",
        aliases=("synthetic_minority_oversampling", "近邻过采样", "合成少数类过采样"),
        about="New rows are made between near rows of a rare class.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Rows between a rare row and a frequent one, between random rows, or between rows "
        "of unscaled or coded columns; SMOTE lies between near rows of the same class.",
        steps=(SMOTE(),),
    )
)
