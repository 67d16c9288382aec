"""Rows that random cuts isolate early."""

from rebal_core.samplers.outliers import OutliersIsolation
from rebal_core.strategies.base import STRATEGIES, Strategy

outliers_isolation = STRATEGIES.add(
    Strategy(
        name="outliers_isolation",
        label="Outliers by isolation forest",
        family="cleaning",
        reference="Liu, Ting & Zhou (2008), Isolation forest, ICDM 2008, 413-422",
        aliases=("isolation_forest", "isolationforest", "孤立森林", "隔离森林"),
        about="Rows that a forest of random cuts through their class isolates early. By default "
        "those of the more frequent classes are left out, and rare ones flagged only.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="A forest of all rows with contamination 0.1: it always finds one row in ten, and "
        "of the rare class more than a third. A rare row is no outlier for being rare.",
        steps=(OutliersIsolation(),),
        fast={"n_estimators": 20},
    )
)
