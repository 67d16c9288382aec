"""Nothing is done; the reference of every comparison."""

from rebal_core.strategies.base import STRATEGIES, Strategy

none = STRATEGIES.add(
    Strategy(
        name="none",
        label="No remedy",
        family="reference",
        reference="Elor & Averbuch-Elor (2022), To SMOTE, or not to SMOTE?, arXiv 2201.08528",
        aliases=("untreated", "nothing", "不处理", "原始数据"),
        about="The training rows as they are, and the usual cut-off of 0.5 (the likeliest class). "
        "Probabilities stay honest.",
        changes=(),
        threshold="default",
        untreated=True,
    )
)
