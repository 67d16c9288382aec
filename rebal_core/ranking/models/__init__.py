"""The recommenders, one file each."""

from rebal_core.ranking.models import (  # noqa: F401, I001  (the order is the order of the pickers)
    popularity,
    item_knn,
    als,
    ease,
    content,
    two_tower,
)
from rebal_core.ranking.models.base import RECOMMENDERS as RECOMMENDERS
from rebal_core.ranking.models.base import Ranker as Ranker
from rebal_core.ranking.models.base import Recommender as Recommender
