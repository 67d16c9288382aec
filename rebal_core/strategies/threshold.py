"""Nothing is done but to choose the cut-off."""

from rebal_core.strategies.base import STRATEGIES, Strategy

threshold = STRATEGIES.add(
    Strategy(
        name="threshold",
        label="Tuned cut-off",
        family="decision",
        reference="Elkan (2001), The foundations of cost-sensitive learning, IJCAI",
        aliases=("threshold_tuning", "cutoff", "threshold_moving", "阈值调整", "阈值移动"),
        about="The untreated model, with the cut-off chosen on held-out rows. Changes decisions "
        "only; ranking and probabilities stay.",
        untreated=True,
    )
)
