"""The remedies for a long tail, one file each."""

from rebal_core.ranking.remedies import adversarial_embedding as adversarial_embedding
from rebal_core.ranking.remedies import contextual as contextual
from rebal_core.ranking.remedies import dwell_weight as dwell_weight
from rebal_core.ranking.remedies import ipw as ipw
from rebal_core.ranking.remedies import negative_sampling as negative_sampling
from rebal_core.ranking.remedies import none as none
from rebal_core.ranking.remedies import popularity_weight as popularity_weight
from rebal_core.ranking.remedies import rerank as rerank
from rebal_core.ranking.remedies import segment_target as segment_target
from rebal_core.ranking.remedies import tail_upweight as tail_upweight
from rebal_core.ranking.remedies import virtual_behaviour as virtual_behaviour
from rebal_core.ranking.remedies.base import REMEDIES as REMEDIES
from rebal_core.ranking.remedies.base import Remedy as Remedy
