"""The untreated model, with a cut-off for each row by what is at risk in it."""

from rebal_core.decisions.remedies.row_costs import RowCosts
from rebal_core.strategies.base import STRATEGIES, Strategy

row_costs = STRATEGIES.add(
    Strategy(
        name="row_costs",
        label="Costs row by row",
        family="decision",
        reference="Correa Bahnsen et al. (2013), Cost sensitive credit card fraud detection using "
        "Bayes minimum risk, ICMLA",
        aliases=(
            *("bayes_minimum_risk", "example_dependent_costs", "instance_costs"),
            *(
                "example_dependent_cost_sensitive",
                "逐行代价敏感",
                "逐行代价",
                "样本代价",
                "贝叶斯最小风险",
            ),
        ),
        about="The untreated model; a row is acted on from C_FP / (C_FP + amount) on, where the "
        "amount is the row's own, from the column with the role “amount at risk”, and C_FP the "
        "price of a false alarm. Large amounts are looked at sooner, and the money saved is shown.",
        changes=("cut-off",),
        pitfall="The amount as a feature beside its use as a cost, or one mean amount for all "
        "rows; and a missing amount taken for a typical one, which invents money.",
        decision=RowCosts(),
    )
)
