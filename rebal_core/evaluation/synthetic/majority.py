"""How many made rows a good model takes for another class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from rebal_core.evaluation.synthetic.fast import called, classifier_for, fitted, folds_by_class
from rebal_core.evaluation.synthetic.shares import Share, Shares
from rebal_core.rows import Ints, TypedRows
from rebal_core.seeding import child_seed

FittedOn = Literal["held", "train"]

#: Rows of the class that have to be held back for a model to be fitted on these alone.
FEWEST = 30
#: Of ten made rows one more than of ten real ones may be taken for another class.
TOLERATED = 0.1


@dataclass(frozen=True)
class HiddenMajority:
    """Rows of a class that a model takes for another.

    Parameters
    ----------
    classifier : str
    fitted_on : {"held", "train"}
        Whether the model saw rows that the made ones were not made from, or, as there are too few
        of them, the training rows.
    shares : Shares
        Rows taken for another class, of the made ones and of the real ones held back.
    """

    classifier: str
    fitted_on: FittedOn
    shares: Shares

    @property
    def failed(self) -> bool:
        """Whether more made rows than real ones belong to another class."""
        return self.shares.beyond(TOLERATED)


def hidden_majorities(
    train: TypedRows, made: TypedRows, held: TypedRows, n_classes: int, seed: int = 0
) -> dict[int, HiddenMajority]:
    """Return how many made rows of each class a good model takes for another.

    A class is judged by models that learned from rows held back, where these are enough: who
    learned from a row also knows its copies. Real rows are judged by models that did not see them.

    Parameters
    ----------
    train, held : TypedRows
        Real rows of all classes.
    made : TypedRows
        Made rows of the classes that grew.
    """
    grown = np.unique(made.y).tolist()
    counts = np.bincount(held.y, minlength=n_classes)
    enough = [k for k in grown if counts[k] >= FEWEST]
    found = _by_held(made, held, enough, n_classes, seed) if enough else {}
    rest = [k for k in grown if k not in found]
    return found | (_by_train(train, made, held, rest, n_classes, seed) if rest else {})


def _by_held(
    made: TypedRows, held: TypedRows, grown: list[int], n_classes: int, seed: int
) -> dict[int, HiddenMajority]:
    """Judge real rows held back by the models of the other folds, made rows by all models."""
    held = held.take(np.flatnonzero(np.bincount(held.y)[held.y] > 1))
    name, proba = classifier_for(held.y, n_classes), np.zeros((len(made), n_classes))
    real = held.y.copy()
    folds = folds_by_class(held.y, child_seed(seed, "majority"))
    for learned, tested in folds:
        model = fitted(name, held.take(learned), n_classes, seed)
        real[tested] = called(model.predict_proba(held.take(tested)), held.y[learned])
        proba += model.predict_proba(made) / len(folds)
    drawn = called(proba, held.y)
    return {k: _of(k, name, "held", made.y, drawn, held.y, real) for k in grown} if folds else {}


def _by_train(
    train: TypedRows,
    made: TypedRows,
    held: TypedRows,
    grown: list[int],
    n_classes: int,
    seed: int,
) -> dict[int, HiddenMajority]:
    name = classifier_for(train.y, n_classes)
    model = fitted(name, train, n_classes, seed)
    drawn, real = (called(model.predict_proba(part), train.y) for part in (made, held))
    return {k: _of(k, name, "train", made.y, drawn, held.y, real) for k in grown}


def _of(
    k: int, name: str, where: FittedOn, made: Ints, drawn: Ints, held: Ints, real: Ints
) -> HiddenMajority:
    shares = Shares(Share.of(drawn[made == k] != k), Share.of(real[held == k] != k))
    return HiddenMajority(name, where, shares)
