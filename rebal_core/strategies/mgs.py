"""Rare rows are drawn from the normal density of near ones."""

from rebal_core.samplers.smooth import MGS
from rebal_core.strategies.base import STRATEGIES, Strategy

mgs = STRATEGIES.add(
    Strategy(
        name="mgs",
        label="Multivariate Gaussian SMOTE",
        family="over",
        reference="Sakho, Malherbe & Scornet (2024), arXiv 2402.03819",
        aliases=("gaussian_smote", "multivariate_gaussian_smote", "多元高斯过采样", "高斯smote"),
        about="New rows are drawn from a normal density around a rare row and its near rows, in "
        "all directions.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="SMOTE is said to make new information; with 5 neighbours in a class of many rows "
        "it all but copies, because the nearest rows are ever nearer, and it never leaves the "
        "lines between rows.",
        steps=(MGS(),),
    )
)
