"""The untreated model, with its log-probabilities adjusted by the class shares."""

from rebal_core.decisions.remedies.logit_adjusted import LogitAdjusted
from rebal_core.strategies.base import STRATEGIES, Strategy

logit_adjusted = STRATEGIES.add(
    Strategy(
        name="logit_adjusted",
        label="Logit adjustment",
        family="decision",
        reference="Menon et al. (2021), Long-tail learning via logit adjustment, ICLR",
        aliases=("logit_adjustment", "post_hoc_logit_adjustment", "对数几率调整", "logit调整"),
        about="The untreated model; each row gets the class whose log-probability, less tau times "
        "the logarithm of its share, is largest. One number for any number of classes; 1 serves "
        "balanced accuracy, at the cost of the frequent classes' recall.",
        changes=("cut-off",),
        pitfall="Adding the term with the wrong sign, which favours the majority once more, or "
        "adjusting a model of balanced training, which is adjusted already. Articles keep tau at "
        "1 also where accuracy is what they report, which then must fall.",
        decision=LogitAdjusted(),
    )
)
