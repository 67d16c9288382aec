"""Rows that lie more thinly than their neighbours."""

from rebal_core.samplers.outliers import OutliersDensity
from rebal_core.strategies.base import STRATEGIES, Strategy

outliers_density = STRATEGIES.add(
    Strategy(
        name="outliers_density",
        label="Outliers by local density",
        family="cleaning",
        reference="Breunig, Kriegel, Ng & Sander (2000), LOF: Identifying density-based local "
        "outliers, SIGMOD 2000, 93-104",
        aliases=("lof", "local_outlier_factor", "局部离群因子", "局部异常因子"),
        about="Rows that lie in a thinner place of their class than the rows around them. By "
        "default those of the more frequent classes are left out, and rare ones flagged only.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Comparing rare rows with the frequent ones around them: these lie densely, so "
        "that every rare row stands out.",
        steps=(OutliersDensity(),),
    )
)
