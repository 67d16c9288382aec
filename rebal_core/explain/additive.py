"""Models that are additive in their raw outputs, as an exact explanation takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from rebal_core import focal
from rebal_core.classifiers import LightGBMModel, MarginModel, SklearnModel
from rebal_core.classifiers.encode import Encoding, encode, encoded_players
from rebal_core.decisions.stages import Stage, one_by_one, reweighted, softmax
from rebal_core.explain import kernel, linear, trees
from rebal_core.model import Model
from rebal_core.rows import Floats, Ints, Layout, TypedRows

#: Raw output of a class that the model never saw; its exponential is 0 to all purposes.
_NEVER = -700.0

#: (explained, background, player of each column, worth) -> values.
Exact = Callable[[Any, Any, Ints, Floats], Floats]


@dataclass(frozen=True)
class Additive:
    """A model whose raw outputs are sums over trees or columns.

    Parameters
    ----------
    encoding : str
        Of its rows.
    raw : callable
        Raw outputs of all K classes of encoded rows, shape (n, K).
    exact : callable
        Shapley values of a weighted sum of them.
    first : tuple of Stage
        From raw outputs to probabilities.
    margins : bool
        Whether that begins with a softmax.
    """

    encoding: Encoding
    raw: Callable[[Any], Floats]
    exact: Exact
    first: tuple[Stage, ...]
    margins: bool = False

    def matrix(self, rows: TypedRows) -> Any:
        """Return rows as the model sees them."""
        return encode(rows, self.encoding)

    def players(self, layout: Layout) -> tuple[str, ...]:
        """Return the user's own column behind each column of the matrix."""
        return encoded_players(layout, self.encoding)


def additive_of(model: Model) -> Additive:
    """Return how a model is additive.

    Raises
    ------
    TypeError
        When it is none of those that can be.
    """
    if isinstance(model, MarginModel):
        return _of_margins(model)
    if isinstance(model, LightGBMModel):
        return _of_lightgbm(model)
    if not isinstance(model, SklearnModel):
        raise TypeError(f"{type(model).__name__} is not known to be additive")
    margins = hasattr(model.estimator, "decision_function")
    first = softmax() if margins else reweighted(np.ones(model.n_classes))
    exact = _of_trees(model, margins) if model.explains == "trees" else _of_lines(model)
    return Additive(model.encoding, partial(_raw, model, margins), exact, (first,), margins)


def _raw(model: SklearnModel, margins: bool, matrix: Any) -> Floats:
    estimator = model.estimator
    known = estimator.classes_
    if not margins:
        raw = np.zeros((matrix.shape[0], model.n_classes))
        raw[:, known] = estimator.predict_proba(matrix)
        return raw
    margin = estimator.decision_function(matrix)
    raw = np.full((len(margin), model.n_classes), _NEVER)
    if margin.ndim == 1:
        margin = np.column_stack([np.zeros(len(margin)), margin])
    raw[:, known] = margin
    return raw


def _of_trees(model: SklearnModel, margins: bool) -> Exact:
    estimator, known = model.estimator, np.asarray(model.estimator.classes_, dtype=np.int64)
    if margins:
        outputs = known[1:] if len(known) == 2 else known
        ensemble = trees.boosting(estimator, outputs)
    else:
        grown = getattr(estimator, "estimators_", [estimator])
        ensemble = trees.forest(grown, known, model.n_classes)
    return lambda x, b, player, worth: kernel.shapley(ensemble, x, b, player, worth)


def _of_lines(model: SklearnModel) -> Exact:
    known, found = np.asarray(model.estimator.classes_), model.estimator.coef_
    coefficients = np.zeros((model.n_classes, found.shape[1]))
    coefficients[known[1:] if len(found) == 1 else known] = found
    return partial(linear.shapley, coefficients)


def _of_lightgbm(model: LightGBMModel) -> Additive:
    """Read trees behind a softmax, and behind what puts the answers of a focal loss right."""
    known = np.array(model.classes_, dtype=np.int64)
    ensemble = trees.boosted(model.trees_, known[1:] if model.outputs == 1 else known)

    def raw(matrix: Any) -> Floats:
        margins = np.full((len(matrix), model.n_classes), _NEVER)
        margins[:, known] = model.margins(matrix)
        return margins

    def exact(x: Any, b: Any, player: Ints, worth: Floats) -> Floats:
        return kernel.shapley(ensemble, x, b, player, worth)

    stages = [softmax()]
    if model.focus_ > 0:
        rise, slope = (
            partial(focal.risen, gamma=model.focus_),
            partial(focal.slope, gamma=model.focus_),
        )
        stages.append(Stage(rise, slope))
    return Additive("native", raw, exact, tuple(stages), margins=True)


def _of_margins(model: MarginModel) -> Additive:
    """Read lines behind sigmoids: the raw outputs are log-odds of each class against the others."""
    machine, sigmoids, known = model.machine_, model.sigmoids_, list(model.classes_)
    if machine is None or sigmoids is None or machine.centres is not None:
        raise TypeError("a machine that is not linear in the columns")
    lines = machine.weights.T * sigmoids.slope[:, None]
    coefficients = np.zeros((model.n_classes, lines.shape[1]))
    coefficients[known] = np.vstack([-lines, lines]) if len(lines) == 1 else lines

    def raw(matrix: Any) -> Floats:
        odds = np.full((matrix.shape[0], model.n_classes), _NEVER)
        odds[:, known] = sigmoids.odds(machine.margins(matrix))
        return odds

    return Additive("onehot", raw, partial(linear.shapley, coefficients), (one_by_one(),))
