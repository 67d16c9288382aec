"""The points of users and items are moved against the net while it learns to order them."""

from dataclasses import replace

from rebal_core.ranking.models.tower_settings import ATTACK, EPSILON
from rebal_core.ranking.remedies.base import REMEDIES, Remedy

adversarial_embedding = REMEDIES.add(
    Remedy(
        name="adversarial_embedding",
        label="Adversarial points",
        family="training",
        reference="He et al. (2018), Adversarial personalized ranking for recommendation, SIGIR",
        about="Once a net has learned, it learns on with the points of users and items moved a "
        "little to where it errs most, so that the order does not hang on small differences.",
        aliases=("apr", "adversarial_personalized_ranking", "amf", "对抗嵌入", "对抗个性化排序"),
        parameters=(replace(ATTACK, default=1.0), EPSILON),
        teach=dict,
    )
)
