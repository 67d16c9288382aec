"""The scores less tau times the logarithm of popularity: a decision that needs no training."""

from rebal_core.params import Number
from rebal_core.ranking.remedies.base import REMEDIES, Remedy

rerank = REMEDIES.add(
    Remedy(
        name="rerank",
        label="Re-ranking",
        family="decision",
        reference="Menon et al. (2021), Long-tail learning via logit adjustment, ICLR",
        about="The untreated model's scores, divided by their spread, less tau times the logarithm "
        "of an item's popularity. Every other remedy has to beat it at an equal price.",
        aliases=("re_ranking", "logit_adjustment", "重排序", "重排"),
        parameters=(
            Number(
                "cost",
                "Price in NDCG",
                "Part of the NDCG that it may cost on the inner events, by which tau is chosen.",
                0.02,
                0,
                1,
            ),
        ),
        reranks=True,
    )
)
