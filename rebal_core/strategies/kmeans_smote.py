"""SMOTE inside clusters."""

from rebal_core.samplers.kmeans_smote import KMeansSMOTE
from rebal_core.strategies.base import STRATEGIES, Strategy

kmeans_smote = STRATEGIES.add(
    Strategy(
        name="kmeans_smote",
        label="KMeans-SMOTE",
        family="over",
        reference="Last, Douzas & Bacao (2017), arXiv 1711.00837",
        aliases=("k_means_smote", "聚类过采样", "聚类smote"),
        about="All rows are clustered; new rows are made inside the clusters that a rare class "
        "dominates, the more the sparser.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="The usual code makes more rows than are asked for, stops where no cluster holds "
        "enough rare rows, which is common at a high ratio, and fails on rows that are all the "
        "same.",
        steps=(KMeansSMOTE(),),
    )
)
