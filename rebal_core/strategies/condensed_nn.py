"""Frequent rows go that the rows left already tell apart."""

from rebal_core.samplers.condensed import CondensedNN
from rebal_core.strategies.base import STRATEGIES, Strategy

condensed_nn = STRATEGIES.add(
    Strategy(
        name="condensed_nn",
        label="Condensed nearest neighbour",
        family="under",
        reference="Hart (1968), The condensed nearest neighbor rule, IEEE Trans. Information "
        "Theory 14, 515-516",
        aliases=(
            "cnn_undersampling",
            "condensed_nearest_neighbour",
            "condensed_nearest_neighbor",
            "压缩近邻",
            "压缩最近邻",
            "浓缩近邻",
        ),
        about="Of the frequent rows only those stay that a nearest neighbour among the rows "
        "already kept gets wrong. Keeps the border and all noise on it.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Using it to clean: it keeps exactly the rows that contradict their surroundings, "
        "errors among them.",
        steps=(CondensedNN(),),
    )
)
