"""The recommenders, one file each."""

from rebal_core.ranking.models.base import RECOMMENDERS as RECOMMENDERS
from rebal_core.ranking.models.base import Ranker as Ranker
from rebal_core.ranking.models.base import Recommender as Recommender
