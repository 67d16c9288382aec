"""SMOTE from the rows at the border alone."""

from rebal_core.samplers import BorderlineSMOTE
from rebal_core.strategies.base import STRATEGIES, Strategy

borderline_smote = STRATEGIES.add(
    Strategy(
        name="borderline_smote",
        label="Borderline-SMOTE",
        family="over",
        reference="Han, Wang & Mao (2005), Borderline-SMOTE, ICIC 2005, LNCS 3644, 878-887",
        aliases=("borderline", "borderlinesmote", "边界过采样", "边界线过采样"),
        about="New rows are made from the rare rows that lie at the border, where at least half of "
        "the near rows are of other classes.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="A partner among the nearest frequent rows puts new rows on the wrong side: kind 1 "
        "takes partners of the class alone, kind 2 goes at most half of the way. Rows among other "
        "classes only are noise, and no row is made from them.",
        steps=(BorderlineSMOTE(),),
    )
)
