"""The untreated model, with the answer of the least expected cost."""

from rebal_core.decisions.remedies.cost_matrix import CostMatrix
from rebal_core.strategies.base import STRATEGIES, Strategy

cost_matrix = STRATEGIES.add(
    Strategy(
        name="cost_matrix",
        label="Cost matrix",
        family="decision",
        reference="Elkan (2001), The foundations of cost-sensitive learning, IJCAI",
        aliases=(
            *("elkan", "expected_cost", "min_cost", "cost_table", "cost_sensitive_decision"),
            *("代价矩阵", "代价敏感决策"),
        ),
        about="The untreated model; each row gets the answer whose expected cost is lowest, by "
        "what each error costs. Of two classes that is the cut-off C_FP / (C_FP + C_FN), without "
        "a search.",
        changes=("cut-off",),
        pitfall="Searching for a cut-off where the costs are known, and applying it to "
        "probabilities of resampled or weighted training, which are not those of the population; "
        "or writing a gain into the diagonal and a loss beside it, which counts one thing twice.",
        decision=CostMatrix(),
    )
)
