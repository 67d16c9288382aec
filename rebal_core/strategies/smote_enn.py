"""SMOTE, then the contradicted rows go."""

from rebal_core.samplers import SMOTEENN
from rebal_core.strategies.base import (
    COUNTS,
    RATIO,
    STRATEGIES,
    FoldFacts,
    Param,
    Strategy,
)
from rebal_core.strategies.smote import NEIGHBORS, no_neighbours

#: Above this the search for contradicted rows takes many minutes, unless columns are few.
MOST_ROWS = 150_000


def _limit(facts: FoldFacts) -> str | None:
    few = facts.numbers <= 9 and not (facts.categories or facts.texts or facts.embeddings)
    if facts.rows > MOST_ROWS and not few:
        return (
            f"Cleaning compares every row with every other, which takes too long for "
            f"{facts.rows:,} rows (at most {MOST_ROWS:,}); choose smote."
        )
    return no_neighbours(facts)


smote_enn = STRATEGIES.add(
    Strategy(
        name="smote_enn",
        label="SMOTE + ENN",
        family="combined",
        reference="Batista, Prati & Monard (2004), SIGKDD Explorations 6, 20-29",
        aliases=("smoteenn", "smote+enn", "过采样加清洗", "smote加enn"),
        about="SMOTE, then every row that a near row contradicts is dropped. Clears the border "
        "between classes; bends the probabilities, which are recalibrated.",
        sampler=SMOTEENN(),
        parameters=(
            NEIGHBORS,
            RATIO,
            COUNTS,
            Param("n_neighbors", 3, 1, 100, "A row stays when this many near rows all agree."),
        ),
        limit=_limit,
    )
)
