"""SMOTE of categories alone."""

from rebal_core.samplers.nominal import SMOTEN
from rebal_core.strategies.base import STRATEGIES, Strategy

smoten = STRATEGIES.add(
    Strategy(
        name="smoten",
        label="SMOTE-N",
        family="over",
        reference="Chawla et al. (2002), JAIR 16, 321-357, section 6.2",
        aliases=("smote_n", "类别型smote", "分类特征过采样"),
        about="For tables of categories: a row takes in each column what most of its near rows "
        "have, and values are near when their class shares are alike. Numbers are copied.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Distances between the numbers that stand for categories say nothing of nearness: "
        "value 3 is no nearer to 4 than to 9.",
        steps=(SMOTEN(),),
    )
)
