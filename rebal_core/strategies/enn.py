"""Rows of frequent classes go that a near row contradicts."""

from rebal_core.samplers.enn import ENN
from rebal_core.strategies.base import STRATEGIES, Strategy

enn = STRATEGIES.add(
    Strategy(
        name="enn",
        label="Edited nearest neighbours",
        family="cleaning",
        reference="Wilson (1972), IEEE Trans. SMC 2, 408-421",
        aliases=(
            "edited_nearest_neighbours",
            "edited_nearest_neighbors",
            "编辑近邻",
            "编辑最近邻",
            "近邻欠采样",
        ),
        about="Rows of the more frequent classes go that a near row contradicts. Clears the "
        "border between classes.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Cleaning the rare class too: near the border its rows are always outvoted, and "
        "it can lose most of them. And there is no NearestNeighbors among imbalanced-learn's "
        "undersamplers, though articles import it.",
        steps=(ENN(classes="others"),),
    )
)
