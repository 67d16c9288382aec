"""What came next stands against other items while a net learns: where these are taken from."""

from dataclasses import replace

from rebal_core.ranking.models.tower_settings import NEGATIVES
from rebal_core.ranking.remedies.base import REMEDIES, Remedy

negative_sampling = REMEDIES.add(
    Remedy(
        name="negative_sampling",
        label="Negative sampling",
        family="training",
        reference="Yi et al. (2019), Sampling-bias-corrected neural modeling for large corpus item "
        "recommendations, RecSys",
        about="While a net learns, what came next stands against items that are drawn; how often "
        "each is drawn is corrected, or popular items would be held down by chance alone.",
        aliases=("logq", "sampled_softmax", "in_batch_negatives", "负采样", "批内负样本"),
        parameters=(replace(NEGATIVES, default="popularity"),),
        teach=dict,
    )
)
