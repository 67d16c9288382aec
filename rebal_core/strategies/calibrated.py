"""The untreated model, recalibrated by one named map."""

from rebal_core.decisions.remedies.calibrated import Calibrated
from rebal_core.strategies.base import STRATEGIES, Strategy

calibrated = STRATEGIES.add(
    Strategy(
        name="calibrated",
        label="Recalibrated probabilities",
        family="decision",
        reference="Platt (1999), Advances in Large Margin Classifiers; Kull, Silva Filho & Flach "
        "(2017), Beta calibration, AISTATS; Zadrozny & Elkan (2002), KDD",
        aliases=(
            *("calibration", "platt", "platt_scaling", "isotonic", "beta_calibration"),
            *("概率校准", "校准", "保序回归"),
        ),
        about="The untreated model; its probabilities are put right by the map that you name, "
        "learnt on the held-out rows of the other folds, whether it pays or not. The order of the "
        "rows stays.",
        changes=("probabilities",),
        probabilities="bent",
        pitfall="Calibrating on the rows that the model was fitted on, or on resampled ones: it "
        "then maps to what no new row shows. Expecting a better ranking of it: a rising map "
        "cannot change one.",
        decision=Calibrated(),
    )
)
