"""Two towers: a net places what somebody did and what there is, and the nearest comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rebal_core.classifiers.net_schedule import schedule_parameters
from rebal_core.data.formats import count
from rebal_core.params import Choice, ColumnNames, Number
from rebal_core.ranking.about import tells_of_items, tells_the_item
from rebal_core.ranking.attributes import attribute_vectors
from rebal_core.ranking.context import PLACES, ContextReading
from rebal_core.ranking.heads import (
    PARAMETERS,
    TASKS,
    kept_back,
    learned_heads,
    refuses,
    shapes,
    told_by,
)
from rebal_core.ranking.log import Bools, EventLog, Visits
from rebal_core.ranking.meetings import Meetings, meetings_of
from rebal_core.ranking.models.base import RECOMMENDERS, FitProgress, Recommender, Scores
from rebal_core.ranking.models.kept import Arrays, KeptModel, Shape, prior_of
from rebal_core.ranking.models.tower_events import beside_of, events_of, left_alone
from rebal_core.rows import Ints
from rebal_core.seeding import child_seed
from rebal_core.wording import Text

#: Steps that an epoch has where it can, and the fewest and most events of one.
_STEPS, _LEAST, _MOST = 128, 64, 2_048
#: A chance of a purchase is at least this in the logarithm.
_NEVER = 1e-9
NEGATIVES = Choice(
    "negatives",
    "Negatives",
    "What an item that came next stands against while the net learns; how often each of these is "
    "there is corrected.",
    "all",
    (
        ("all", "All items; of more than 4,000 those of the step and some drawn"),
        ("in_batch", "Items of the step's other events"),
        ("uniform", "Items drawn alike"),
        ("popularity", "Items drawn by popularity"),
        ("impressions", "Items shown and left alone, beside those of the step"),
    ),
)
CONTEXT = ColumnNames(
    "context",
    "Known when asked",
    "Columns of what is known when a list is asked for, before anything is chosen: a query, a "
    "device, an hour, the user. Never what is known only afterwards.",
    roles=("feature", "ignore", "group", "time"),
)
ATTACK = Number(
    "attack",
    "Weight of the attack",
    "How much it counts that points stand in order also where each is moved against the net, once "
    "it has learned without; 0 for no attack.",
    0.0,
    0,
    100,
)
EPSILON = Number("epsilon", "Length of the attack", "How far a point is moved.", 0.1, 0, 1)


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


def _serves(log: EventLog, params: Mapping[str, Any]) -> Text | None:
    for name in params["context"]:
        values = beside_of(log.beside)[name]
        if tells_the_item(log.item, values):
            return Text(
                "“{column}” says of nearly all rows which item was chosen, as only what comes "
                "afterwards does; leave it away.",
                {"column": name},
            )
        if tells_of_items(log.item, values, len(log.items)):
            return Text(
                "“{column}” says the same in all rows of an item: it tells of what is chosen, and "
                "is not known when a list is asked for.",
                {"column": name},
            )
    if params["negatives"] == "impressions" and not left_alone(log)[1].size:
        return Text(
            "Impressions as negatives are items that were shown to a user and left alone, and this "
            "log has none; choose other negatives."
        )
    return refuses(log, params)


def _against(params: Mapping[str, Any], items: int) -> Text:
    """Return what an item stands against while it is learned."""
    from rebal_core.nn.negatives import EXACT

    way = params["negatives"]
    if way == "all" and items <= EXACT:
        return Text("While it learns, what came next stands against all other items.")
    templates = {
        "all": "While it learns, what came next stands against the items of the step's other "
        "events and {others} drawn alike; a correction (log q) undoes how often each is there.",
        "in_batch": "While it learns, what came next stands against the items of the step's other "
        "events; a correction (log q) undoes how often each is there.",
        "uniform": "While it learns, what came next stands against {others} items drawn alike; a "
        "correction (log q) undoes how often each is there.",
        "popularity": "While it learns, what came next stands against {others} items drawn by "
        "popularity to the power of 0.75; a correction (log q) undoes how often each is there.",
        "impressions": "While it learns, what came next stands against the items of the step's "
        "other events, corrected (log q) for how often each is there, and against items that its "
        "user was shown and left alone.",
    }
    return Text(templates[way], {"others": count(min(params["others"], items))})


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
            *PARAMETERS,
            Number("epochs", "Epochs", "Passes over the events, at most.", 10, 1, 1000),
            Number("batch_size", "Batch", "Events of a step; 0 suits the log.", 0, 0, 65_536),
            *schedule_parameters(patience=3, learning_rate=3e-3, weight_decay=0.01),
        ),
        serves=_serves,
        against=_against,
        fast={"epochs": 12, "size": 16, "hidden": 16},
    )
)
