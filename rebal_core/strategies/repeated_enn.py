"""Rows of frequent classes go that a near row contradicts, until none is left."""

from rebal_core.samplers.enn import RepeatedENN
from rebal_core.strategies.base import STRATEGIES, Strategy

repeated_enn = STRATEGIES.add(
    Strategy(
        name="repeated_enn",
        label="Repeated ENN",
        family="cleaning",
        reference="Tomek (1976), An experiment with the edited nearest-neighbor rule, IEEE Trans. "
        "SMC 6, 448-452",
        aliases=("renn", "repeated_edited_nearest_neighbours", "重复编辑近邻", "重复编辑最近邻"),
        about="Rows of the more frequent classes that a near row contradicts go, again and again "
        "until none is left. Widens the gap between classes.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Taking the wide gap that it leaves for easy data: test rows still lie in it. "
        "Only the training rows are cleaned.",
        steps=(RepeatedENN(),),
    )
)
