"""The arm that knows nothing but the class shares."""

from rebal_core.strategies.base import STRATEGIES, Strategy

dummy = STRATEGIES.add(
    Strategy(
        name="dummy",
        label="Class shares only",
        family="reference",
        reference="scikit-learn, DummyClassifier(strategy='prior')",
        aliases=("prior_only", "先验"),
        about="Says the class shares for every row: what any model must beat.",
        changes=(),
        learner="prior",
        repair="none",
        threshold="default",
    )
)
