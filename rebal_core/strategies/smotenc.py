"""SMOTE whose near rows vote on the categories."""

from rebal_core.samplers.nominal import SMOTENC
from rebal_core.strategies.base import STRATEGIES, Strategy

smotenc = STRATEGIES.add(
    Strategy(
        name="smotenc",
        label="SMOTE-NC",
        family="over",
        reference="Chawla et al. (2002), JAIR 16, 321-357, section 6.1",
        aliases=("smote_nc", "混合类型smote", "混合特征过采样"),
        about="New rows are made between near rows of a rare class, with the categories that most "
        "of the near rows have.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Plain SMOTE on one-hot or numbered categories makes rows that are 0.4 of one "
        "value; and the vote makes common values more common, so that rare ones vanish from the "
        "rows made.",
        steps=(SMOTENC(),),
    )
)
