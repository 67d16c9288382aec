"""Nothing is done but to choose the cut-off."""

from rebal_core.decisions.remedies.aim import Aim
from rebal_core.strategies.base import STRATEGIES, Strategy

threshold = STRATEGIES.add(
    Strategy(
        name="threshold",
        label="Tuned cut-off",
        family="decision",
        reference="Elkan (2001), The foundations of cost-sensitive learning, IJCAI",
        aliases=("threshold_tuning", "cutoff", "threshold_moving", "阈值调整", "阈值移动"),
        about="The untreated model, with the cut-off chosen on held-out rows: for the goal of the "
        "comparison, or for one of its own. Changes decisions only; ranking and probabilities "
        "stay.",
        changes=("cut-off",),
        pitfall="Choosing the cut-off on the rows that it is judged on, and holding remedies at "
        "0.5 against nothing at 0.5: the cut-off alone explains most of such gains.",
        decision=Aim(),
        untreated=True,
    )
)
