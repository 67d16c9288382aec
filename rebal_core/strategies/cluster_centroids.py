"""Each frequent class is replaced by the centres of its clusters."""

from rebal_core.samplers.clusters import ClusterCentroids
from rebal_core.strategies.base import STRATEGIES, Strategy

cluster_centroids = STRATEGIES.add(
    Strategy(
        name="cluster_centroids",
        label="Cluster centroids",
        family="under",
        reference="Lin, Tsai, Hu & Jhang (2017), Clustering-based undersampling in "
        "class-imbalanced data, Information Sciences 409, 17-26",
        aliases=(
            "clustercentroids",
            "kmeans_undersampling",
            "聚类质心",
            "聚类欠采样",
            "聚类中心欠采样",
        ),
        about="The rows of each more frequent class are replaced by the centres of as many "
        "clusters as rows are asked for. Sparse regions count for more after it.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Calling it “balanced trees”, which it has nothing to do with; and trusting the "
        "mean of a category. No centre is a row that was ever seen.",
        steps=(ClusterCentroids(),),
    )
)
