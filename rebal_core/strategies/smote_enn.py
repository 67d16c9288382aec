"""SMOTE, then the contradicted rows go."""

from rebal_core.samplers import ENN, SMOTE
from rebal_core.strategies.base import STRATEGIES, Strategy

smote_enn = STRATEGIES.add(
    Strategy(
        name="smote_enn",
        label="SMOTE + ENN",
        family="combined",
        reference="Batista, Prati & Monard (2004), SIGKDD Explorations 6, 20-29",
        aliases=("smoteenn", "smote+enn", "过采样加清洗", "smote加enn"),
        about="SMOTE, then every row that a near row contradicts is dropped. Clears the border "
        "between classes.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Over- and undersampling the same table one after the other without looking: the "
        "second finds a balanced table, and does nothing.",
        steps=(SMOTE(), ENN()),
    )
)
