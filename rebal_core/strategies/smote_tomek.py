"""SMOTE, then the links between classes are cut."""

from rebal_core.samplers.smote import SMOTE
from rebal_core.samplers.tomek import Tomek
from rebal_core.strategies.base import STRATEGIES, Strategy

smote_tomek = STRATEGIES.add(
    Strategy(
        name="smote_tomek",
        label="SMOTE + Tomek",
        family="combined",
        reference="Batista, Prati & Monard (2004), SIGKDD Explorations 6, 20-29",
        aliases=("smotetomek", "smote+tomek", "smote加tomek", "过采样加托梅克"),
        about="SMOTE, then of every two rows that are each other's nearest and differ in class "
        "both go. Cuts the links that made rows have.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Cleaning first and making rows afterwards: the links that SMOTE makes then stay. "
        "It is made, then cleaned.",
        steps=(
            SMOTE(),
            Tomek(classes="all"),
        ),
    )
)
