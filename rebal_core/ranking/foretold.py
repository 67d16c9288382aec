"""Whether chances of a click or a purchase are what happens in the last fifth of the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from rebal_core.evaluation.bootstrap import FEWEST_DRAWS, MOST_DRAWS, VISITS, row_weights
from rebal_core.evaluation.intervals import LEVEL, Difference
from rebal_core.metrics.probabilities import probability_scores
from rebal_core.ranking.fitting import fit_arm, why_not
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.meetings import Meetings, meetings_of
from rebal_core.ranking.models.base import FitProgress, TellsChances, no_progress
from rebal_core.ranking.plan import RankingArm
from rebal_core.rows import Floats, Ints
from rebal_core.seeding import generator
from rebal_core.wording import Text

#: Part of the rows, the last ones, that is foretold.
_LAST = 0.2
#: Clicks or purchases that are needed to judge their chances.
FEWEST = 30
#: What is told of chances.
JUDGED = ("calibration_ratio", "normalised_entropy", "average_precision", "roc_auc")
#: Meetings whose chances are told at once.
_BLOCK = 65_536


@dataclass(frozen=True)
class Foretold:
    """How well the chances of one task are what happens.

    Parameters
    ----------
    shown, happened : int
        Meetings, and how many of them ended so.
    scores : mapping of metric to (float, float, float)
        Each of :data:`JUDGED` with its 95 % interval, of users drawn again; nan where undefined.
    """

    shown: int
    happened: int
    scores: Mapping[str, tuple[float, float, float]]

    @property
    def rate(self) -> float:
        """Part of the meetings that ended so."""
        return self.happened / max(self.shown, 1)

    @property
    def code(self) -> str:
        """``few``, or whether it tells ``more``, the ``same`` or ``less`` than the mean rate."""
        entropy, low, high = self.scores["normalised_entropy"]
        if min(self.happened, self.shown - self.happened) < FEWEST or np.isnan(entropy):
            return "few"
        return "more" if high < 1 else "less" if low > 1 else "same"


@dataclass(frozen=True)
class Foretelling:
    """How well the chances of a model are what happens.

    Parameters
    ----------
    learned : int
        Meetings before the time that is foretold.
    tasks : mapping of str to Foretold
    reason : Text or None
        Why nothing could be foretold.
    """

    learned: int
    tasks: Mapping[str, Foretold] = field(default_factory=dict)
    reason: Text | None = None


def foretold(
    arm: RankingArm, log: EventLog, seed: int, progress: FitProgress = no_progress
) -> Foretelling:
    """Judge the chances of an arm on the last fifth of the time, learned from what was before.

    The past of a meeting is all that its user did before it, within the last fifth as well.
    """
    times = log.moment if log.shown is None else np.append(log.moment, log.shown.moment)
    moment = int(np.sort(times)[int((1 - _LAST) * len(times))])
    early, met = log.before(moment), meetings_of(log)
    learned = int((met.moment < moment).sum())
    refused = why_not(arm, early)
    if refused is not None:
        refused = Text(
            "What was before the last fifth of the time cannot be learned from: {reason}",
            {"reason": refused},
        )
    elif learned == len(met):
        # What is done then may all be of what was shown before.
        refused = Text(
            "Nothing was shown in the last fifth of the time, so there is nothing to judge "
            "chances by."
        )
    if refused is not None:
        return Foretelling(learned, reason=refused)
    ranker = fit_arm(arm, early, seed, progress)
    assert isinstance(ranker, TellsChances)
    late = met.take(met.moment >= moment)
    told = _chances(ranker, late)
    judged = {
        task: _judged(late.outcomes[task], p, late.user, learned, seed) for task, p in told.items()
    }
    return Foretelling(learned, judged)


def _chances(ranker: TellsChances, met: Meetings) -> dict[str, Floats]:
    """Return the chance of each task, shape (meetings,)."""
    found: dict[str, list[Floats]] = {task: [] for task in ranker.tasks}
    for start in range(0, len(met), _BLOCK):
        part = slice(start, start + _BLOCK)
        told = ranker.chances(met.pasts.take(met.past[part]), met.item[part, None])
        for task, p in told.items():
            found[task].append(p[:, 0].astype(np.float64))
    return {task: np.concatenate(parts) for task, parts in found.items()}


def _judged(came: np.ndarray, p: Floats, user: Ints, learned: int, seed: int) -> Foretold:
    """Return the scores of one task.

    The draws know of other users to judge by alone; errors are widened for what was learned from,
    too, as Nadeau and Bengio (2003) widen those of one split.
    """
    y, proba = came.astype(np.int64), np.column_stack([1 - p, p])
    draws = int(np.clip(VISITS / max(len(y), 1), FEWEST_DRAWS, MOST_DRAWS))
    whole = probability_scores(y, proba, 1)
    rng = generator(seed, "users who met")
    drawn = [
        probability_scores(y, proba, 1, weights)
        for _, weights in row_weights(np.arange(len(y)), user, draws, rng)
    ]
    wider = float(np.sqrt(1 + len(y) / max(learned, 1)))
    scores = {}
    for metric in JUDGED:
        known = np.concatenate([part[metric] for part in drawn])
        known = known[~np.isnan(known)]
        error = wider * float(known.std(ddof=1)) if known.size > 1 else np.nan
        value = float(whole[metric][0])
        low, high = Difference(value, error).interval(LEVEL)
        scores[metric] = (value, max(low, 0.0), high)
    return Foretold(len(y), int(y.sum()), scores)
