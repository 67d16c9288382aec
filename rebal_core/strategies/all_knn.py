"""Rows of frequent classes go that one, two, then three near rows contradict."""

from rebal_core.samplers.enn import AllKNN
from rebal_core.strategies.base import STRATEGIES, Strategy

all_knn = STRATEGIES.add(
    Strategy(
        name="all_knn",
        label="All-kNN",
        family="cleaning",
        reference="Tomek (1976), An experiment with the edited nearest-neighbor rule, IEEE Trans. "
        "SMC 6, 448-452",
        aliases=("allknn", "全近邻清洗", "全k近邻"),
        about="Rows of the more frequent classes go that one near row contradicts, then two, then "
        "three. Clears the border more gently than repeating.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Reading it as one vote of k neighbours: each number of neighbours from 1 to k is "
        "a pass of its own, on the rows that are then left.",
        steps=(AllKNN(),),
    )
)
