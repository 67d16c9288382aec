"""What a comparison of rankings shall hold: models, remedies, and how they are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rebal_core.ranking.models import RECOMMENDERS, Recommender
from rebal_core.ranking.remedies import REMEDIES, Remedy
from rebal_core.wording import Names, UserError

USUAL_MODELS = ("popularity", "item_knn", "two_tower")


@dataclass(frozen=True)
class RankingArm:
    """A model with a remedy.

    Parameters
    ----------
    model : Recommender
    remedy : Remedy
    model_params, remedy_params : mapping
        All parameters of each.
    """

    model: Recommender
    remedy: Remedy
    model_params: Mapping[str, Any]
    remedy_params: Mapping[str, Any]

    @property
    def name(self) -> str:
        """As ``rerank/two_tower``."""
        return f"{self.remedy.name}/{self.model.name}"

    @property
    def settings(self) -> dict[str, Any]:
        """What the model is trained by: its parameters, and what the remedy sets otherwise."""
        teach = self.remedy.teach
        return {**self.model_params, **({} if teach is None else teach(self.remedy_params))}

    @property
    def tells_chances(self) -> bool:
        """Whether its model learns chances, which are to be judged."""
        return self.settings.get("heads", "off") != "off" and not self.remedy.reranks


@dataclass(frozen=True)
class RankingPlan:
    """The arms, and how they are asked.

    Parameters
    ----------
    arms : tuple of RankingArm
        Of each model the untreated arm first.
    k : int
        Places of a list.
    unseen : bool
        Leave out what somebody has had already.
    seed : int
    windows : int
        Later windows of time that are foretold as well, beside the last event of each user.
    """

    arms: tuple[RankingArm, ...]
    k: int = 10
    unseen: bool = False
    seed: int = 0
    windows: int = 0
    models: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        names = dict.fromkeys(arm.model.name for arm in self.arms)
        object.__setattr__(self, "models", tuple(names))

    def arm(self, name: str) -> RankingArm:
        """Return an arm by its name.

        Raises
        ------
        UserError
        """
        for arm in self.arms:
            if arm.name == name:
                return arm
        raise UserError(
            "There is no arm “{name}”; choose from {arms}.",
            name=name,
            arms=Names(arm.name for arm in self.arms),
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that its models and remedies want to know of each event."""
        named = [name for arm in self.arms for name in arm.remedy.columns(arm.remedy_params)]
        named += [name for arm in self.arms for name in arm.model.columns(arm.model_params)]
        return tuple(dict.fromkeys(named))

    @property
    def item_columns(self) -> tuple[str, ...]:
        """Columns that its models and remedies want to know of each item."""
        named = [name for arm in self.arms for name in arm.remedy.item_columns(arm.remedy_params)]
        named += [name for arm in self.arms for name in arm.model.item_columns(arm.model_params)]
        return tuple(dict.fromkeys(named))


def plan_rankings(
    models: Sequence[str] | None = None,
    strategies: Sequence[str] = ("none",),
    params: Mapping[str, Mapping[str, Any]] | None = None,
    k: int = 10,
    unseen: bool = False,
    seed: int = 0,
    windows: int = 0,
) -> RankingPlan:
    """Return the plan that a user's words describe.

    The untreated arm of each model is always there: the others are judged against it.

    Parameters
    ----------
    models, strategies : sequence of str
        Names or aliases.
    params : mapping of owner to mapping of parameter to value

    Raises
    ------
    UserError
        When a word names nothing, or a parameter is set of what is not asked for.
    """
    chosen = list({m.name: m for m in map(RECOMMENDERS.find, models or USUAL_MODELS)}.values())
    remedies = {r.name: r for r in map(REMEDIES.find, ("none", *strategies))}
    values = dict(params or {})
    for owner in values:
        names = [entry.name for entry in (*chosen, *remedies.values())]
        if owner not in names:
            raise UserError(
                "--set names “{owner}”, which is no part of this comparison; it has {names}.",
                owner=owner,
                names=Names(names),
            )
    arms = [
        RankingArm(
            model,
            remedy,
            model.read(values.get(model.name, {})),
            remedy.read(values.get(remedy.name, {})),
        )
        for model in chosen
        for remedy in remedies.values()
    ]
    return RankingPlan(tuple(arms), k, unseen, seed, windows)
