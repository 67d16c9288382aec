"""What strategies share that learn from rows without a label."""

from rebal_core.facts import TableFacts
from rebal_core.params import Number, Param
from rebal_core.wording import Text

SELF_LABELLED: tuple[Param, ...] = (
    Number(
        "part",
        "Believed part",
        "Part of the rows without a label that is used, of each class the most probable ones.",
        0.5,
        0.0,
        1.0,
    ),
    Number("weight", "Weight", "Of these rows beside the labelled ones.", 1.0, 0.0, 10.0),
    Number("sd", "Noise", "In the numbers, in standard deviations of each column.", 0.1, 0.0, 3.0),
    Number(
        "swaps",
        "Swapped categories",
        "Part of the categories that are taken from other rows.",
        0.1,
        0.0,
        0.9,
    ),
)


def all_labelled(facts: TableFacts) -> Text | None:
    """Return why a table cannot be served: it has no rows without a label."""
    if facts.unlabelled:
        return None
    return Text(
        "It learns from rows without a label beside the others, and every row here has one; leave "
        "the label of such rows empty in the table."
    )
