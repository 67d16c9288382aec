"""Frequent rows go that one of them already tells apart; then links are cut."""

from rebal_core.samplers.condensed import OneSidedSelection
from rebal_core.strategies.base import STRATEGIES, Strategy

one_sided_selection = STRATEGIES.add(
    Strategy(
        name="one_sided_selection",
        label="One-sided selection",
        family="cleaning",
        reference="Kubat & Matwin (1997), Addressing the curse of imbalanced training sets: "
        "one-sided selection, ICML 1997, 179-186",
        aliases=("oss", "单边选择", "单侧选择"),
        about="Frequent rows far from the rare ones go, then those of every link between classes. "
        "Keeps a band around the rare class.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Taking it for random undersampling with a ratio: it depends on one row drawn at "
        "random, and how many rows are left is decided by the data.",
        steps=(OneSidedSelection(),),
    )
)
