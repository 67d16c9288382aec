"""As large a part of every cluster of the frequent rows stays."""

from rebal_core.samplers.clusters import ClusterUnder
from rebal_core.strategies.base import STRATEGIES, Strategy

cluster_under = STRATEGIES.add(
    Strategy(
        name="cluster_under",
        label="Undersampling by cluster",
        family="under",
        reference="Yen & Lee (2009), Cluster-based under-sampling approaches for imbalanced data "
        "distributions, Expert Systems with Applications 36, 5718-5727",
        aliases=("sbc", "cluster_undersampling", "按簇欠采样", "分簇欠采样"),
        about="Each more frequent class is parted into clusters, and as large a part of every one "
        "stays: no region is lost by chance.",
        changes=("ranking", "probabilities"),
        probabilities="shifted",
        pitfall="Taking as many rows of every cluster, small or large: the shares inside the "
        "class are then changed too, and the closed form no longer holds.",
        steps=(ClusterUnder(),),
    )
)
