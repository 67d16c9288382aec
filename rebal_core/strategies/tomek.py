"""Of two nearest rows of different classes, the more frequent one's goes."""

from rebal_core.samplers.tomek import Tomek
from rebal_core.strategies.base import STRATEGIES, Strategy

tomek = STRATEGIES.add(
    Strategy(
        name="tomek",
        label="Tomek links",
        family="cleaning",
        reference="Tomek (1976), Two modifications of CNN, IEEE Trans. SMC 6, 769-772",
        aliases=("tomek_links", "tomeklinks", "托梅克链接", "tomek链接", "汤姆克链接"),
        about="Of two rows that are each other's nearest and differ in class, the one of the more "
        "frequent class goes. Takes few rows.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="A link is no pair at equal distances: each row must be the nearest of the other. "
        "And it balances nothing: a few rows go, the class shares stay nearly as they were.",
        steps=(Tomek(),),
    )
)
