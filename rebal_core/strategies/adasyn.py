"""SMOTE that makes the most rows where it is hardest."""

from rebal_core.samplers import ADASYN
from rebal_core.strategies.base import STRATEGIES, Strategy

adasyn = STRATEGIES.add(
    Strategy(
        name="adasyn",
        label="ADASYN",
        family="over",
        reference="He, Bai, Garcia & Li (2008), ADASYN, IJCNN 2008, 1322-1328",
        aliases=("adaptive_synthetic_sampling", "自适应合成采样", "自适应过采样"),
        about="New rows are made between near rows of a rare class, the more the more rows of "
        "other classes are near.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="It is said to keep rows far from the majority; it makes the most where the "
        "majority is near, so that wrong labels and overlap get the most rows.",
        steps=(ADASYN(),),
    )
)
