"""Rows moved to where a network takes them for another class, though they keep their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rebal_core.facts import TableFacts
from rebal_core.model import Attacks
from rebal_core.params import Number
from rebal_core.rows import ADVERSARIAL, DUPLICATE, Ints, Recipe
from rebal_core.samplers.base import Counts
from rebal_core.samplers.neighbors import search_seconds
from rebal_core.samplers.over import OverSampler
from rebal_core.samplers.searching import nearest_of
from rebal_core.step import Fold
from rebal_core.wording import Text

#: So often rows are attacked again for those that crossed over; copies stand in for the rest.
_ROUNDS = 8
#: Processor seconds of a row in an epoch of the network, and of a row in a step of an attack.
_LEARN_SECONDS, _STEP_SECONDS = 2e-5, 1e-5
#: Rows of a class that the network learns from at most.
_MOST_ROWS = 10_000

EPSILON = Number(
    "epsilon",
    "Reach",
    "How far each number may be moved, in standard deviations of its column.",
    0.1,
    0.0,
    1.0,
)
EPOCHS = Number(
    "epochs",
    "Epochs",
    "Passes over the rows of the network that is attacked.",
    20,
    1,
    1000,
)


class FGSM(OverSampler):
    """Add rows that are moved one step up the loss of a network, in all numbers at once.

    Parameters
    ----------
    epsilon : float
        Largest move of a number, in standard deviations of its column.
    epochs : int
        Of the network that is attacked.
    ratio : float
        Rows of each rarer class per row of the most frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio. Of :meth:`fit_resample`: by the labels of y.
    keep_prevalence : bool
        Whether all rows of a class share the weight that it had.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    Notes
    -----
    Attacked is a network that was taught these rows, each class in sum alike: the arm's own, or a
    small perceptron where the arm learns by something else. The slope is that of the true label's
    loss; categories, texts and "was missing" stay, and no number leaves the range that its column
    has. As a row that is attacked again would move the same way, each attack has a size of its own,
    up to `epsilon`. What then lies nearer to a real row of another class than to any of its own is
    not taken; another row is attacked instead, and copies stand in where that fails again and
    again.

    References
    ----------
    Goodfellow, Shlens, Szegedy (2015), Explaining and harnessing adversarial examples, ICLR.
    """

    makes = "adversarial"
    fewest = 1
    parameters = (EPSILON, EPOCHS, *OverSampler.parameters)
    #: Of an attack.
    steps: int = 1

    def __init__(
        self,
        epsilon: float = 0.1,
        epochs: int = 20,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.epsilon = epsilon
        self.epochs = epochs
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state

    def grower(self, fold: Fold) -> Callable[[int, int], Recipe | None]:
        """Teach the network that is attacked."""
        from rebal_core.nn.attacker import taught

        asked = (self.epochs, _MOST_ROWS, _seed(fold), fold.n_classes, fold.aids.network)
        return partial(self._grown, fold, taught(fold.rows, *asked))

    def grow(self, fold: Fold, label: int, size: int) -> Recipe | None:
        """Return attacked rows of one class."""
        return self.grower(fold)(label, size)

    def _grown(self, fold: Fold, network: Attacks, label: int, size: int) -> Recipe:
        rows, members = fold.rows, fold.members(label)
        parts: list[Recipe] = []
        missing, tried = size, 0
        for _ in range(_ROUNDS):
            base = members[fold.rng.integers(0, len(members), missing)]
            reach = self.epsilon * fold.rng.random(missing, dtype=np.float32)
            moved = network.attacked(base, reach, self.steps, _seed(fold))
            numbers = moved[:, : rows.numbers.shape[1]]
            stays = ~_crossed(fold, label, base, numbers)
            kept = base[stays]
            if len(kept):
                drawn = (kept, rows.y, numbers[stays], rows.codes[kept])
                parts.append(Recipe.draws(*drawn, origin=ADVERSARIAL))
            tried, missing = tried + len(base), missing - len(kept)
            if not missing:
                break
        if missing:
            parts.append(
                Recipe.copies(members[fold.rng.integers(0, len(members), missing)], rows.y)
            )
        made, taken = Recipe.join(parts), size - missing
        return made if tried == taken else made.noted(_crossed_note(1 - taken / tried, missing))

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when there is nothing to move."""
        return nothing_to_move(facts) or super().limit(facts)

    @property
    def network_epochs(self) -> int:
        """Epochs in which it teaches the arm's own network."""
        return self.epochs

    def seconds(self, facts: TableFacts) -> float:
        """Return the processor seconds of the network, of the attacks and of what is near them."""
        learned = sum(min(n, _MOST_ROWS) for n in facts.counts)
        made = sum(max(0, max(facts.counts, default=0) - n) for n in facts.counts)
        near = search_seconds(facts.rows, facts) * made / max(facts.rows, 1)
        taught = _LEARN_SECONDS * self.epochs * max(learned, 2000)
        return taught + _STEP_SECONDS * self.steps * made + near


class PGD(FGSM):
    """Add rows that are moved up the loss of a network in several steps, each back into reach.

    Parameters
    ----------
    epsilon : float
        Largest move of a number, in standard deviations of its column.
    epochs : int
        Of the network that is attacked.
    steps : int
        Of an attack, each ``2.5 epsilon / steps`` wide.
    ratio : float
        Rows of each rarer class per row of the most frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio. Of :meth:`fit_resample`: by the labels of y.
    keep_prevalence : bool
        Whether all rows of a class share the weight that it had.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    Notes
    -----
    As :class:`FGSM`, but an attack begins anywhere in reach and looks up the slope again and again.

    References
    ----------
    Madry, Makelov, Schmidt, Tsipras, Vladu (2018), Towards deep learning models resistant to
    adversarial attacks, ICLR.
    """

    parameters = (
        EPSILON,
        EPOCHS,
        Number("steps", "Steps", "Of an attack, each back into reach.", 10, 2, 100),
        *OverSampler.parameters,
    )

    def __init__(
        self,
        epsilon: float = 0.1,
        epochs: int = 20,
        steps: int = 10,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        super().__init__(epsilon, epochs, ratio, counts, keep_prevalence, random_state)
        self.steps = steps


def nothing_to_move(facts: TableFacts) -> Text | None:
    """Return why a table cannot be attacked, or None."""
    if facts.numbers or facts.embeddings:
        return None
    return Text(
        "An attack moves numbers, and there is no column of them; choose {strategy}.",
        {"strategy": "random_over"},
    )


def _seed(fold: Fold) -> int:
    return int(fold.rng.integers(2**31))


def _crossed(fold: Fold, label: int, base: Ints, numbers: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which rows lie nearer to a real row of another class than to any of their own.

    Parameters
    ----------
    base : ndarray of shape (m,)
        Whose categories and texts they have.
    numbers : ndarray of shape (m, p)
    """
    space, power = fold.neighbors.space, fold.neighbors.p
    moved = space[base]
    moved[:, : numbers.shape[1]] = numbers
    real, own = fold.origin <= DUPLICATE, fold.rows.y == label
    theirs, others = (nearest_of(space[real & side], moved, 1, p=power)[0] for side in (own, ~own))
    if not others.size:
        return np.zeros(len(base), dtype=bool)
    return np.asarray(others[:, 0] < theirs[:, 0] if theirs.size else others[:, 0] < np.inf)


def _crossed_note(part: float, copies: int) -> Text:
    if not copies:
        return Text(
            "{part:.0%} of the attacked rows of a class came to lie nearest to a row of another; "
            "other rows were attacked instead.",
            {"part": part},
        )
    return Text(
        "{part:.0%} of the attacked rows of a class came to lie nearest to a row of another; "
        "{copies:,} copies stand in for them.",
        {"part": part, "copies": copies},
    )
