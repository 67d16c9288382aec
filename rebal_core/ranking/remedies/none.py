"""Nothing is done about the tail."""

from rebal_core.ranking.remedies.base import REMEDIES, Remedy

none = REMEDIES.add(
    Remedy(
        name="none",
        label="Untreated",
        family="reference",
        reference="",
        about="Nothing is done about the tail.",
        aliases=("untreated", "不处理"),
    )
)
