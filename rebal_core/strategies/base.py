"""What a strategy is: a frozen spec of steps, each of which says everything about itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

from sklearn.base import clone

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.decisions import Decision
from rebal_core.facts import TableFacts
from rebal_core.families import FAMILIES
from rebal_core.params import Param, unknown_parameter
from rebal_core.registry import Registry
from rebal_core.rows import ORIGINS
from rebal_core.step import Ensemble, Sampler, Step, Training, Weights, order_reason
from rebal_core.wording import Text, Unsuitable, UserError

#: What a remedy can change of a model.
Change = Literal["ranking", "cut-off", "probabilities"]
#: What it does to the probabilities: nothing, a shift that the closed form undoes exactly, or a
#: bend that has to be recalibrated.
Probabilities = Literal["kept", "shifted", "bent"]

#: Tells why a table cannot be served, or None.
Limit = Callable[[TableFacts], Text | None]


def no_limit(facts: TableFacts) -> Text | None:
    """Return no reason: serves every table."""
    return None


@dataclass(frozen=True)
class Strategy:
    """One remedy, or none.

    Parameters
    ----------
    name, label, family, aliases, reference, about
        What people read and search for.
    changes : tuple of {"ranking", "cut-off", "probabilities"}
        What it changes of a model.
    probabilities : {"kept", "shifted", "bent"}
        What it does to them, and so what puts them right: nothing needs to, the closed form, or
        what recalibrates.
    pitfall : str
        What articles get wrong about it, in a sentence or two; empty where nothing is known.
    steps : tuple of Step
        What is done, in this order; none where only the decision differs.
    learner : str, optional
        The classifier that it brings itself, where it does.
    repair : {"none", "chosen"}
        Whether the probabilities stay as they are, or are put right by what the other folds choose.
    threshold : {"default", "tuned"}
        Which decision rule the arm is about.
    untreated : bool
        True where the model is left alone, so that others are compared with it.
    decision : Decision, optional
        What it does once a model is fitted; alone it shares all fits with ``none``.
    remedy : bool
        False where it does nothing about the imbalance, as an average over models does: it gets no
        verdict, and what helps has to beat it like the untreated models.
    rival : str, optional
        A strategy that it must beat too, on the same classifier, before it is said to help.
    fast : mapping
        Settings under which it is tested, where its own take long.
    limit : callable
        Reason why it cannot serve a table, or None, beside those of its steps.
    made_of : str
        Of a strategy that a user saved: the registered names behind it, joined by ``+``, by which
        its arms are named.
    preset : mapping
        What the user saved with it, by the names of :attr:`parameters`; it is read together with
        what else is set, for it may name classes of a table.
    """

    name: str
    label: str
    family: str
    reference: str
    aliases: tuple[str, ...]
    about: str
    changes: tuple[Change, ...] = ("ranking",)
    probabilities: Probabilities = "kept"
    pitfall: str = ""
    steps: tuple[Step, ...] = ()
    learner: str | None = None
    decision: Decision | None = None
    repair: Literal["none", "chosen"] = "chosen"
    threshold: Literal["default", "tuned"] = "tuned"
    untreated: bool = False
    remedy: bool = True
    rival: str | None = None
    fast: Mapping[str, Any] = field(default_factory=dict)
    limit: Limit = field(default=no_limit, repr=False)
    made_of: str = ""
    preset: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        reason = order_reason([step.slot for step in self.steps])
        if reason is not None:
            raise ValueError(f"{self.name}: {reason}")

    @property
    def samplers(self) -> tuple[Sampler, ...]:
        """The steps that change rows."""
        return tuple(step for step in self.steps if isinstance(step, Sampler))

    @property
    def weights(self) -> Weights | None:
        """The step that weighs them."""
        return next((step for step in self.steps if isinstance(step, Weights)), None)

    @property
    def training(self) -> Training | None:
        """The step that changes how the model learns."""
        return next((step for step in self.steps if isinstance(step, Training)), None)

    @property
    def ensemble(self) -> Ensemble | None:
        """The step that makes an ensemble."""
        return next((step for step in self.steps if isinstance(step, Ensemble)), None)

    @property
    def _parts(self) -> tuple[Step | Decision, ...]:
        """All that has parameters."""
        return self.steps if self.decision is None else (*self.steps, self.decision)

    @property
    def changes_rows(self) -> bool:
        """True when the training rows after it are not those before."""
        return bool(self.samplers)

    @property
    def makes(self) -> str:
        """Origin of the rows that it adds, a name of :data:`rebal_core.rows.ORIGINS`."""
        made = [step.makes for step in self.samplers if step.makes != ORIGINS[0]]
        return made[0] if made else ORIGINS[0]

    def places(self) -> dict[str, tuple[int, Param]]:
        """Return each parameter under the name by which it is set, with the place of its step.

        It is the parameter's own name; where two steps have one of that name, the step's stands
        before it: ``smote.ratio``. (A step that stands twice is counted: ``enn2``.) Its default is
        the value that the strategy gives it.
        """
        every = [
            (k, replace(p, default=getattr(step, p.name)))  # type: ignore[type-var]
            for k, step in enumerate(self._parts)
            for p in step.parameters
        ]
        own = [p.name for _k, p in every]
        names = [step.name for step in self._parts]
        told = [n if names.index(n) == k else f"{n}2" for k, n in enumerate(names)]
        return {
            p.name if own.count(p.name) == 1 else f"{told[k]}.{p.name}": (k, p) for k, p in every
        }

    @property
    def parameters(self) -> Mapping[str, Param]:
        """What may be changed, by the name under which it is set."""
        return MappingProxyType({name: p for name, (_k, p) in self.places().items()})

    @property
    def params(self) -> Mapping[str, Any]:
        """Parameters and their present values."""
        values = {n: getattr(self._parts[k], p.name) for n, (k, p) in self.places().items()}
        return MappingProxyType(values)

    def with_params(self, values: Mapping[str, Any], facts: TableFacts | None = None) -> Strategy:
        """Return the strategy with other parameters.

        Parameters
        ----------
        values : mapping
            By the names of :attr:`parameters`; ``step.parameter`` always does.
        facts : TableFacts, optional
            Of the table whose classes and columns the values name.

        Raises
        ------
        UserError
            When there is no such parameter, or the value does not suit it.
        """
        if not (values or self.preset):
            return self
        places = self.places()
        changed: list[dict[str, Any]] = [{} for _ in self._parts]
        given = {self.listed(name): value for name, value in values.items()}
        for name, value in {**self.preset, **given}.items():
            place, parameter = places[self.listed(name)]
            changed[place][parameter.name] = parameter.read(value, facts)
        steps = [
            clone(step).set_params(**new) if new else step
            for step, new in zip(self.steps, changed, strict=False)
        ]
        decision = self.decision and self.decision.set_params(**changed[-1])
        return replace(self, steps=tuple(steps), decision=decision, preset={})

    def listed(self, name: str) -> str:
        """Return the name under which a parameter is listed; its step's may stand before it.

        Raises
        ------
        UserError
            When there is no such parameter.
        """
        places = self.places()
        if name in places:
            return name
        step, _, bare = name.rpartition(".")
        if bare in places and step == self._parts[places[bare][0]].name:
            return bare
        raise unknown_parameter(self.name, name, list(places))

    @property
    def serves(self) -> tuple[str, ...]:
        """Names of the classifiers it can be combined with."""
        every = [c.name for c in CLASSIFIERS if c.family != "reference"]
        every = [self.learner] if self.learner else every
        limits = [step.serves for step in self.steps if step.serves]
        return tuple(
            name
            for name in every
            if all({name, CLASSIFIERS[name].family} & set(limit) for limit in limits)
        )

    def counts_after(self, counts: Sequence[int]) -> tuple[int, ...]:
        """Return the rows of each class after it; what cleaning takes away is not foreseen.

        Raises
        ------
        Unsuitable
            When a class is asked for a number of rows that it cannot have.
        """
        after = tuple(counts)
        for step in self.steps:
            after = step.counts_after(after)
        return after

    def rows_left(self, facts: TableFacts) -> int:
        """Return how many rows it leaves a classifier to learn from in a training part.

        A number that a class was asked for and cannot have is refused where it is asked; here the
        class is taken as it is.
        """
        counts = facts.of_training().counts
        with suppress(Unsuitable):
            counts = self.counts_after(counts)
        return sum(counts if self.ensemble is None else self.ensemble.member_counts(counts))

    def reason(self, facts: TableFacts) -> Text | None:
        """Return why it cannot serve this table with any classifier, or None.

        Each step is asked about the rows that those before it leave.
        """
        told, met = self.limit(facts), facts
        for step in self.steps:
            told = told or step.reason(met)
            with suppress(Unsuitable):
                met = met.of_counts(step.counts_after(met.counts))
        if told or self.decision is None:
            return told
        return self.decision.limit(facts)

    def unsuitable(self, facts: TableFacts, classifier: str) -> Text | None:
        """Return why it cannot serve this table with this classifier, or None.

        The classifier is asked about the rows that the strategy leaves of a training part: what
        remains can be too little for one and enough for another.
        """
        if classifier not in self.serves:
            if self.learner:
                return Text(
                    "{strategy} brings its own learner, {classifier}.",
                    {"strategy": self.name, "classifier": self.learner},
                )
            return Text(
                "{strategy} works with {classifiers} only.",
                {"strategy": self.name, "classifiers": ", ".join(self.serves)},
            )
        told = self.reason(facts) or next((t for s in self.steps if (t := s.idle())), None)
        return told or CLASSIFIERS[classifier].reason(facts, self.rows_left(facts))


#: From the least to the most that is to be put right.
_WORSE: tuple[Probabilities, ...] = ("kept", "shifted", "bent")


def combine(*parts: Strategy) -> Strategy:
    """Return the strategies' steps as one strategy, in the order given.

    Raises
    ------
    Unsuitable
        When steps cannot stand together so; the text tells why.
    """
    saved = next((part for part in parts if part.made_of and len(parts) > 1), None)
    if saved is not None:
        raise Unsuitable(
            "{strategy} is saved as a whole; combine what it is made of: {parts}.",
            strategy=saved.name,
            parts=saved.made_of,
        )
    alone = next((part.name for part in parts if part.untreated), None)
    if alone is not None:
        raise Unsuitable(
            "{strategy} leaves the model alone, so there is nothing to combine; leave it out.",
            strategy=alone,
        )
    steps = tuple(step for part in parts for step in part.steps)
    learners = sorted({part.learner for part in parts if part.learner})
    reason = order_reason([step.slot for step in steps])
    if reason is not None:
        raise Unsuitable("{reason}", reason=reason)
    if len(learners) > 1:
        raise Unsuitable(
            "Each brings its own learner, {classifiers}; leave one out.",
            classifiers=", ".join(learners),
        )
    decisions = [part.decision for part in parts if part.decision is not None]
    if len(decisions) > 1:
        raise Unsuitable("Two strategies decide on one model; leave one out.")
    return Strategy(
        name="+".join(part.name for part in parts),
        label=" + ".join(part.label for part in parts),
        family="your_own",
        reference="; ".join(dict.fromkeys(part.reference for part in parts)),
        aliases=(),
        about=" ".join(dict.fromkeys(part.about for part in parts)),
        changes=tuple(dict.fromkeys(change for part in parts for change in part.changes)),
        probabilities=max((part.probabilities for part in parts), key=_WORSE.index),
        pitfall=" ".join(dict.fromkeys(part.pitfall for part in parts if part.pitfall)),
        steps=steps,
        learner=learners[0] if learners else None,
        decision=decisions[0] if decisions else None,
        repair="none" if all(part.repair == "none" for part in parts) else "chosen",
        remedy=any(part.remedy for part in parts),
        rival=next((part.rival for part in parts if part.rival), None),
        limit=partial(_first_reason, tuple(part.limit for part in parts)),
    )


def _first_reason(limits: Sequence[Limit], facts: TableFacts) -> Text | None:
    return next((reason for limit in limits if (reason := limit(facts))), None)


#: What makes rows and what cuts them stands together, by name.
_TOGETHER = {"under": "over"}


class Strategies(Registry[Strategy]):
    """The registry of strategies, in which ``tomek+smote`` names a combination of entries."""

    def add(self, spec: Strategy) -> Strategy:
        """Register a strategy of a known family."""
        if spec.family not in FAMILIES:
            raise ValueError(f"{spec.name}: there is no family {spec.family!r}")
        return super().add(spec)

    def __iter__(self) -> Iterator[Strategy]:
        families = list(FAMILIES)

        def place(spec: Strategy) -> int:
            return families.index(_TOGETHER.get(spec.family, spec.family))

        return iter(sorted(super().__iter__(), key=place))

    def __contains__(self, name: object) -> bool:
        parts = _parts(name) if isinstance(name, str) else [""]
        return all(super(Strategies, self).__contains__(part) for part in parts)

    def __getitem__(self, name: str) -> Strategy:
        """Return the strategy of that exact name, or the combination of several."""
        parts = [super(Strategies, self).__getitem__(part) for part in _parts(name)]
        return parts[0] if len(parts) == 1 else combine(*parts)

    def find(self, word: str) -> Strategy:
        """Return the strategy that a user's word names; see :meth:`Registry.find`."""
        if "+" not in word or self.names_one(word):
            return super().find(word)
        parts = _parts(word)
        if "" in parts:
            raise UserError("“{word}” lacks a strategy beside a plus sign; name it.", word=word)
        return combine(*(super(Strategies, self).find(part) for part in parts))


def _parts(name: str) -> list[str]:
    return [part.strip() for part in name.split("+")]


STRATEGIES = Strategies("strategy", {name: family.words for name, family in FAMILIES.items()})
