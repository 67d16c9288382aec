"""Rare rows are repeated with noise."""

from rebal_core.samplers.smooth import ROSE
from rebal_core.strategies.base import STRATEGIES, Strategy

rose = STRATEGIES.add(
    Strategy(
        name="rose",
        label="ROSE",
        family="over",
        reference="Menardi & Torelli (2014), Data Mining and Knowledge Discovery 28, 92-122",
        aliases=("jitter", "smoothed_oversampling", "加噪过采样", "平滑过采样"),
        about="Rare rows are repeated, each with a little noise in its numbers.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Articles give all columns one noise; its width follows from the spread of each "
        "column inside the class, and from the rows of the class. Whole numbers and bounded "
        "columns get noise too, and categories get none.",
        steps=(ROSE(),),
    )
)
