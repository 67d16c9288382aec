"""The scores less tau times the logarithm of popularity: a decision that needs no training."""

from rebal_core.params import Choice, ItemColumn, Number
from rebal_core.ranking.remedies.base import REMEDIES, Remedy
from rebal_core.ranking.rules import ATTRIBUTES, TOGETHER, unserved

rerank = REMEDIES.add(
    Remedy(
        name="rerank",
        label="Re-ranking",
        family="decision",
        reference="Menon et al. (2021), Long-tail learning via logit adjustment, ICLR",
        about="The untreated model's scores, divided by their spread, less tau times the logarithm "
        "of an item's popularity. Every other remedy has to beat it at an equal price. It may also "
        "lift quality, cap what fills a list, and keep lists diverse.",
        aliases=("re_ranking", "logit_adjustment", "重排序", "重排"),
        parameters=(
            Number(
                "cost",
                "Price in NDCG",
                "Part of the NDCG that it may cost on the inner events, by which tau is chosen; "
                "where their users are few, for sure.",
                0.02,
                0,
                1,
            ),
            ItemColumn(
                "quality",
                "Quality",
                "Column of items in which more is better, or dates, of which later is better.",
            ),
            Number(
                "quality_weight",
                "Weight of quality",
                "Spreads of the scores that a standard deviation of quality is worth.",
                0.2,
                0,
                10,
            ),
            ItemColumn("cap", "Cap by", "Column of items of which no value fills lists."),
            Number("most", "Places of one value", "That a list may hold under the cap.", 3, 1, 100),
            Number(
                "diversity",
                "Diversity",
                "How much unlikeness to the items above decides: 0 not at all, 1 alone.",
                0.0,
                0,
                1,
            ),
            Choice(
                "alike",
                "Alike by",
                "What makes two items alike, where lists shall be diverse.",
                TOGETHER,
                ((TOGETHER, "who had both"), (ATTRIBUTES, "their attributes")),
            ),
        ),
        serves=unserved,
        reranks=True,
    )
)
