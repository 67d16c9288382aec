"""Of the negatives of a click log a part stays, at a rate that is undone by formula."""

from rebal_core.samplers.poisson import NegativeSampling
from rebal_core.strategies.base import STRATEGIES, Strategy

negative_sampling = STRATEGIES.add(
    Strategy(
        name="negative_sampling",
        label="Negative sampling",
        family="context",
        reference="He et al. (2014), Practical lessons from predicting clicks on ads at Facebook, "
        "ADKDD",
        aliases=(
            *("negative_downsampling", "negative_subsampling", "click_sampling"),
            *("负采样", "负样本采样", "负样本降采样"),
        ),
        about="All clicks, or other rare events, stay; of the rows without one only a share, drawn "
        "by lot, as is usual for click logs.",
        changes=("ranking", "probabilities"),
        probabilities="shifted",
        pitfall="Leaving out events, which are the few rows that matter, or leaving out rows in "
        "order to save columns. And reading a rate of what is left as one of the whole log: with "
        "one row in ten kept, a rate of 5 % looks like 34.5 %.",
        steps=(NegativeSampling(),),
    )
)
