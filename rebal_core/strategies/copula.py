"""Rare rows are drawn from their columns and the correlations of these."""

from rebal_core.samplers.generators import Copula
from rebal_core.strategies.base import STRATEGIES, Strategy

copula = STRATEGIES.add(
    Strategy(
        name="copula",
        label="Gaussian copula",
        family="synthesis",
        reference="Patki, Wedge & Veeramachaneni (2016), The synthetic data vault, DSAA",
        aliases=("gaussian_copula", "高斯copula", "连接函数"),
        about="New rows of a rare class are drawn from the distribution of each of its columns and "
        "from how they move together.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Drawing each column by itself: columns look right, and the rows are ones that "
        "cannot be. Ties that bend are not learned.",
        steps=(Copula(),),
    )
)
