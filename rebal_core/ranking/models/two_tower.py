"""Two towers: a net places what somebody did and what there is, and the nearest comes next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rebal_core.classifiers.net_schedule import schedule_parameters
from rebal_core.params import Number
from rebal_core.ranking.attributes import attribute_vectors
from rebal_core.ranking.context import PLACES, ContextReading
from rebal_core.ranking.heads import (
    PARAMETERS,
    TASKS,
    kept_back,
    learned_heads,
    shapes,
    told_by,
)
from rebal_core.ranking.item_values import codes_of
from rebal_core.ranking.log import Bools, EventLog, Visits
from rebal_core.ranking.meetings import Meetings, meetings_of
from rebal_core.ranking.models.base import RECOMMENDERS, FitProgress, Recommender, Scores
from rebal_core.ranking.models.kept import Arrays, KeptModel, Shape, prior_of
from rebal_core.ranking.models.tower_events import beside_of, events_of
from rebal_core.ranking.models.tower_settings import (
    ATTACK,
    ATTRIBUTE,
    ATTRIBUTE_WEIGHT,
    CONTEXT,
    EPSILON,
    NEGATIVES,
    against,
    serves,
)
from rebal_core.rows import Ints
from rebal_core.seeding import child_seed

#: Steps that an epoch has where it can, and the fewest and most events of one.
_STEPS, _LEAST, _MOST = 128, 64, 2_048
#: A chance of a purchase is at least this in the logarithm.
_NEVER = 1e-9


@dataclass
class TwoTowers(KeptModel):
    """The cosine of a visit's point to each item's, learned by foretelling each event of a visit.

    An event's weight says how much it counts that it is foretold; in what came before it counts by
    its place alone.

    Parameters
    ----------
    size : int
        Coordinates of a point.
    length : int
        Events of a visit that are looked back at.
    hidden : int
    dropout : float
    rests : float
        Part of the items that have to be known by their attributes alone, in each step.
    temperature : float
    negatives : str
        What an item stands against, a name of :data:`rebal_core.nn.negatives.WAYS`.
    others : int
        Items that a step draws, where it draws any.
    attack, epsilon : float
        Weight and length of moves of the points against the net; see
        :class:`rebal_core.nn.next_items.Lesson`.
    context : tuple of str
        Columns beside the events that are known when a list is asked for.
    attribute : str
        A column of items; the value of what comes next is foretold, too. Lists do without it.
    attribute_weight : float
        How much that counts.
    heads, order, head_loss : str
    task_weight : float
        Of :mod:`rebal_core.ranking.heads`, which are learned once the towers stand, and know
        nothing of the context.
    epochs, patience, batch_size : int
        0 for a batch that suits the log.
    learning_rate, weight_decay : float

    Attributes
    ----------
    kinds_ : tuple of (str, str)
        How the columns of the context are read.
    """

    kind: ClassVar[str] = "two_tower"

    size: int = 64
    length: int = 20
    hidden: int = 128
    dropout: float = 0.1
    rests: float = 0.1
    temperature: float = 0.1
    negatives: str = "all"
    others: int = 1024
    attack: float = 0.0
    epsilon: float = 0.1
    context: tuple[str, ...] = ()
    heads: str = "off"
    order: str = "next"
    attribute: str = ""
    attribute_weight: float = 0.1
    head_loss: str = "plain"
    task_weight: float = 1.0
    epochs: int = 10
    patience: int = 3
    batch_size: int = 0
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    kinds_: tuple[tuple[str, str], ...] = field(default=(), repr=False, kw_only=True)

    def __post_init__(self) -> None:
        """Take what was read from JSON as what it was."""
        self.context = tuple(self.context)
        self.kinds_ = tuple((str(name), str(kind)) for name, kind in self.kinds_)

    def learned(self, log: EventLog, progress: FitProgress) -> Arrays:
        """Return the points of all items, the tower of users, and the heads if there are some."""
        if self.heads == "off":
            return self._towers(log, progress)
        seed, met = child_seed(self.seed, "two_tower", "heads"), meetings_of(log)
        back = kept_back(met, seed)
        kept = self._towers(log.take(~np.isin(log.user, back)), progress)
        return {**kept, **self._heads(met, np.isin(met.user, back), kept, prior_of(log), seed)}

    def _towers(self, log: EventLog, progress: FitProgress) -> Arrays:
        import torch

        from rebal_core.nn.next_items import Lesson
        from rebal_core.nn.schedule import Schedule
        from rebal_core.nn.training import seeded
        from rebal_core.nn.two_tower import TwoTower

        about = log.about_items
        attributes = np.zeros((len(log.items), 0), dtype=np.float32)
        if about is not None:
            attributes = attribute_vectors(about, child_seed(self.seed, "two_tower", "text"))
        batch = self.batch_size or min(_MOST, max(_LEAST, len(log) // _STEPS))
        schedule = Schedule(
            self.epochs,
            self.patience,
            batch,
            learning_rate=self.learning_rate,
            rate="cosine",
            weight_decay=self.weight_decay,
        )
        reading = ContextReading.of(beside_of(log.beside), self.context)
        self.kinds_ = reading.kinds
        values = codes_of(log, self.attribute) if self.attribute else None
        with seeded(child_seed(self.seed, "two_tower")):
            net = TwoTower(
                torch.from_numpy(log.popularity > 0),
                torch.from_numpy(attributes),
                size=self.size,
                length=self.length,
                hidden=self.hidden,
                dropout=self.dropout,
                rests=self.rests,
                numbers=len(reading.center) if self.context else None,
                words=PLACES,
                values=0 if values is None else int(values.max()) + 1,
            )
            lesson = Lesson(
                *(
                    net,
                    events_of(log, reading),
                    schedule,
                    self.temperature,
                    self.others,
                    self.negatives,
                ),
                attack=self.attack,
                epsilon=self.epsilon,
                values=None if values is None else torch.from_numpy(values),
                values_weight=self.attribute_weight,
            )
            self.story_ = lesson.teach(progress) if len(log) else []
            found = net.kept()
        if self.context:
            found |= {"center": reading.center, "scale": reading.scale}
        return {**found}

    def _heads(
        self, met: Meetings, back: Bools, kept: Arrays, prior: NDArray[np.float32], seed: int
    ) -> Arrays:
        """Return heads on the towers that were learned."""
        from rebal_core.nn.training import seeded
        from rebal_core.nn.two_tower import user_points

        with seeded(seed):
            users = user_points(_of_towers(kept), met.pasts.item, met.pasts.starts).numpy()
            found = learned_heads(met, back, (users, kept["offered"]), prior, vars(self))
        return {f"heads.{name}": array for name, array in found.items()}

    def score(self, visits: Visits) -> Scores:
        """Return cosines by the temperature; popularity where nothing was done."""
        from rebal_core.nn.training import seeded
        from rebal_core.nn.two_tower import scores

        known = None
        if self.context and visits.beside is not None:
            reading = ContextReading(self.kinds_, self.arrays_["center"], self.arrays_["scale"])
            known = reading.words(visits.beside), reading.numbers(visits.beside)
        with seeded(0):
            found = scores(self._users(visits, known), self.arrays_["offered"], self.temperature)
        if known is None:
            found[visits.lengths == 0] = self.arrays_["prior"] / np.float32(self.temperature)
        if self.order == "buy" and "buy" in self.tasks:
            # Softmax of what is scored is the chance to come next.
            found += np.log(np.maximum(self.chances(visits)["buy"], _NEVER))
        return found

    def _users(self, visits: Visits, known: Any = None) -> Any:
        """Return the point of each visit."""
        from rebal_core.nn.two_tower import user_points

        return user_points(_of_towers(self.arrays_), visits.item, visits.starts, known)

    @property
    def tasks(self) -> tuple[str, ...]:
        """What its heads tell the chance of; nothing where it has none."""
        return TASKS[: len(self.arrays_.get("heads.bias", ()))]

    def chances(self, visits: Visits, items: Ints | None = None) -> dict[str, Scores]:
        """Return the chance that an item which is shown is chosen, and bought, by task.

        Parameters
        ----------
        items : ndarray of shape (visits, k) or None
            Codes of what each is shown; None for the whole catalogue.

        Returns
        -------
        dict of ndarray of shape (visits, k)
        """
        from rebal_core.nn.training import seeded

        with seeded(0):
            return told_by(self.arrays_, self._users(visits), items)

    def check(self) -> None:
        """Refuse what is not of two towers: a context that is read otherwise, too."""
        super().check()
        if tuple(name for name, _ in self.kinds_) != self.context:
            raise ValueError("a context that is read otherwise")

    def shapes(self, items: int) -> dict[str, Shape]:
        """Return the shapes of the towers."""
        size, hidden, both = self.size, self.hidden, 2 * self.size
        numbers = sum(kind == "number" for _, kind in self.kinds_)
        context: dict[str, Shape] = {
            "center": (numbers,),
            "scale": (numbers,),
            "user.words": (PLACES, size),
            "user.slopes": (numbers, size),
        }
        heads = shapes(size, max(1, len(self.tasks))) if self.heads != "off" else {}
        return {
            **(context if self.context else {}),
            **{f"heads.{name}": shape for name, shape in heads.items()},
            "prior": (items,),
            "read": (items, size),
            "offered": (items, size),
            "user.places": (self.length, size),
            "user.start": (size,),
            "user.straight.weight": (size, both),
            "user.bent.1.weight": (hidden, both),
            "user.bent.1.bias": (hidden,),
            "user.bent.4.weight": (size, hidden),
            "user.bent.4.bias": (size,),
        }


def _of_towers(arrays: Arrays) -> Arrays:
    """Return what makes the towers, without the scale of a context or heads."""
    return {n: array for n, array in arrays.items() if n.startswith(("read", "offered", "user."))}


def _make(seed: int, **params: Any) -> TwoTowers:
    return TwoTowers(seed, **params)


two_tower = RECOMMENDERS.add(
    Recommender(
        name="two_tower",
        label="Two towers",
        family="net",
        aliases=("two_towers", "dual_encoder", "dssm", "双塔", "双塔模型"),
        reference="Yi et al. (2019), Sampling-bias-corrected neural modeling for large corpus item "
        "recommendations, RecSys",
        about="A net places what somebody did last and every item, and the nearest items come "
        "next. It learns the order of events, and knows new items by their attributes. Uses a GPU "
        "when there is one.",
        make=_make,
        parameters=(
            Number("size", "Size", "Coordinates of a point.", 64, 2, 1024),
            Number(
                "length", "Latest events", "Events of a visit that are looked back at.", 20, 1, 500
            ),
            Number("hidden", "Units of a layer", "More see finer patterns.", 128, 1, 4096),
            Number("dropout", "Dropout", "Part of the units that rest meanwhile.", 0.1, 0, 0.9),
            Number(
                "rests",
                "Items known by attributes",
                "Part of the items that a step knows by their attributes alone: so it learns to "
                "place new ones.",
                0.1,
                0,
                0.9,
            ),
            Number(
                "temperature",
                "Temperature",
                "Cosines are divided by it; the lower, the surer the net can be.",
                0.1,
                0.01,
                1,
            ),
            NEGATIVES,
            Number(
                "others",
                "Other items",
                "Items drawn for a step, where the negatives are drawn.",
                1024,
                1,
                100_000,
            ),
            ATTACK,
            EPSILON,
            CONTEXT,
            ATTRIBUTE,
            ATTRIBUTE_WEIGHT,
            *PARAMETERS,
            Number("epochs", "Epochs", "Passes over the events, at most.", 10, 1, 1000),
            Number("batch_size", "Batch", "Events of a step; 0 suits the log.", 0, 0, 65_536),
            *schedule_parameters(patience=3, learning_rate=3e-3, weight_decay=0.01),
        ),
        serves=serves,
        against=against,
        fast={"epochs": 12, "size": 16, "hidden": 16},
    )
)
