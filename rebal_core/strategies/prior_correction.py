"""The untreated model, moved to the class shares where it will be used."""

from rebal_core.decisions.remedies.prior_correction import PriorCorrection
from rebal_core.strategies.base import STRATEGIES, Strategy

prior_correction = STRATEGIES.add(
    Strategy(
        name="prior_correction",
        label="Prior correction",
        family="decision",
        reference="Saerens, Latinne & Decaestecker (2002), Neural Computation 14, 21-41",
        aliases=(
            *("prior_shift", "label_shift", "saerens", "base_rate_correction", "em_prior"),
            *("先验校正", "先验概率校正", "类别占比校正"),
        ),
        about="The untreated model; its repaired probabilities are moved, by a formula, to the "
        "class shares of the population where it will be used: those that you give, or those "
        "estimated from the rows' features. The cut-off is tuned for that mix. Scores are of the "
        "table's own mix, where shares far from it look worse.",
        changes=("cut-off", "probabilities"),
        probabilities="shifted",
        pitfall="Correcting twice: probabilities of balanced training speak of the balanced "
        "shares, and once these are undone of the table's; the second step starts there.",
        decision=PriorCorrection(),
    )
)
