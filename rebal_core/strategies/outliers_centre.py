"""Rows far from the centre of their class."""

from rebal_core.samplers.outliers import OutliersCentre
from rebal_core.strategies.base import STRATEGIES, Strategy

outliers_centre = STRATEGIES.add(
    Strategy(
        name="outliers_centre",
        label="Outliers by centre",
        family="cleaning",
        reference="Boudt, Rousseeuw, Vanduffel & Verdonck (2020), The minimum regularized "
        "covariance determinant estimator, Statistics and Computing 30, 113-128",
        aliases=(
            "mahalanobis",
            "robust_covariance",
            "elliptic_envelope",
            "类中心距离",
            "到类中心的距离",
            "马氏距离离群点",
        ),
        about="Rows farther from the centre of their class than its spread explains. By default "
        "those of the more frequent classes are left out, and rare ones flagged only.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="One centre for all classes, columns of any scale and no limit told: the rare "
        "class lies far from that centre, and a third of it is lost.",
        steps=(OutliersCentre(),),
    )
)
