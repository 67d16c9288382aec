"""What a result depends on beside its inputs: the code that makes it, and the libraries below.

Each task names the modules that shape it; what these import follows from their sources. So an
edited sampler makes only its own cells anew, and another scikit-learn those of its learners.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.decisions import REPAIRS
from rebal_core.evaluation.synthetic.fast import FAST, SIMPLE
from rebal_core.experiment.sources import closure, code_of, libraries_of
from rebal_core.ranking.plan import RankingPlan
from rebal_core.strategies import STRATEGIES

#: How results are written and read, and the tasks themselves, whose imports shape no number.
_FILES = "rebal_core.experiment.files"
_LEARNING = "rebal_core.experiment.tasks.learning"
_JUDGING = "rebal_core.experiment.tasks.judging"
_JUDGED = "rebal_core.experiment.judged"
_SYNTHETIC = "rebal_core.experiment.tasks.synthetic"
_MADE = "rebal_core.experiment.made_rows"
_RANKING = "rebal_core.experiment.tasks.ranking"
_RANKED = "rebal_core.experiment.ranked"
_PREPARING = ("rebal_core.data.dataset", "rebal_core.data.preparing.preparation")
_TEXT = "rebal_core.data.preparing.tfidf"
_FITTING = "rebal_core.strategies.fit"
_NEIGHBORS = "rebal_core.samplers.neighbors"
#: How a model is kept: an older one that cannot be read any more is fitted again.
_KEEPING = frozenset({"rebal_core.classifiers.skops_file", "rebal_core.classifiers.sound_trees"})
#: A GPU only says which rows are likely near: what is near is decided without its library.
_GUESSING = frozenset({"rebal_core.samplers.tiles_gpu"})
#: What a strategy does after the fit, which shapes none.
_DECIDING = frozenset({"rebal_core.decisions.decision"})


def of_splits() -> list[Any]:
    """Return what shapes the splits."""
    splits = "rebal_core.experiment.splits"
    return [code_of(splits), libraries_of(splits)]


def of_preparing(text: bool) -> list[Any]:
    """Return what shapes prepared rows; ``text`` says whether a column is text."""
    without = frozenset() if text else frozenset({_TEXT})
    code = code_of(*_PREPARING, alone=(_FILES, _LEARNING))
    return [code, libraries_of(*_PREPARING, without=without)]


def of_neighbors() -> list[Any]:
    """Return what shapes a search for neighbours."""
    return [code_of(_NEIGHBORS), libraries_of(_NEIGHBORS, without=_GUESSING)]


def of_resampling(steps: Sequence[object]) -> list[Any]:
    """Return what shapes the rows that these steps make."""
    return _of_fold(_FITTING, *_modules(steps))


def of_fit(steps: Sequence[object], classifier: str) -> list[Any]:
    """Return what shapes a fit with these steps and its predictions."""
    return _of_fold(_FITTING, CLASSIFIERS[classifier].make.__module__, *_modules(steps))


def of_alarms() -> list[Any]:
    """Return what shapes the search for leaks."""
    return [code_of("rebal_core.evaluation.alarms", "rebal_core.data.entities", alone=(_JUDGING,))]


def of_judging() -> list[Any]:
    """Return what shapes a verdict, its curves and its report, and how they are kept."""
    modules = [f"rebal_core.evaluation.{name}" for name in ("curves", "report", "stored")]
    modules += sorted({spec.fit.__module__ for spec in REPAIRS})
    modules += sorted({type(s.decision).__module__ for s in STRATEGIES if s.decision is not None})
    return [code_of(*modules, alone=(_JUDGING, _JUDGED))]


def of_synthetic() -> list[Any]:
    """Return what shapes the judgement of made rows, and how it is kept."""
    modules = ["rebal_core.evaluation.synthetic.verdict"]
    modules += [CLASSIFIERS[name].make.__module__ for name in (FAST, SIMPLE)]
    without = _KEEPING | _GUESSING
    code = code_of(*modules, alone=(_SYNTHETIC, _MADE), without=without)
    return [code, libraries_of(*modules, without=without)]


def of_ranking(plan: RankingPlan) -> list[Any]:
    """Return what shapes a comparison of rankings, and how it is kept."""
    modules = [f"rebal_core.ranking.{name}" for name in ("reading", "compare", "report")]
    modules += sorted({arm.model.make.__module__ for arm in plan.arms})
    modules += sorted({f"rebal_core.ranking.remedies.{arm.remedy.name}" for arm in plan.arms})
    code = code_of(*modules, alone=(_RANKING, _RANKED))
    return [code, libraries_of(*modules)]


@cache
def _prepared() -> frozenset[str]:
    """Return the modules whose libraries the prepared rows answer for."""
    return frozenset(closure(*_PREPARING))


def _of_fold(*modules: str) -> list[Any]:
    without = _KEEPING | _DECIDING
    aside = without | _GUESSING | (_prepared() - {*modules})
    return [code_of(*modules, without=without), libraries_of(*modules, without=aside)]


def _modules(steps: Iterable[object]) -> list[str]:
    return sorted({type(step).__module__ for step in steps})
