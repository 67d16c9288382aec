"""Heads of two towers: what they learn from a log, how they are calibrated, and what they tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from rebal_core.data.formats import count
from rebal_core.decisions.repairs.base import Lesson
from rebal_core.decisions.repairs.log_linear import line
from rebal_core.params import Choice, Number
from rebal_core.ranking.log import Bools, EventLog
from rebal_core.ranking.meetings import Meetings, meetings_of
from rebal_core.rows import Floats, Ints
from rebal_core.seeding import generator
from rebal_core.wording import Text

#: What heads tell the chance of.
TASKS = ("click", "buy")
#: Meetings of a task that are needed to learn it.
FEWEST = 50
#: Part of the users whose meetings calibrate.
_HELD = 0.2
#: Fewer positives among them calibrate together with all others.
_FEW_HELD = 10

HEADS = Choice(
    "heads",
    "Chances",
    "Whether it also learns how likely somebody chooses, or buys, what he is shown. Needs a column "
    "of events that tells what was shown and left alone. A fifth of the users is kept back to "
    "calibrate. Of the two ways neither was better throughout on simulated logs.",
    "off",
    (
        ("off", "None"),
        ("apart", "A purchase is learned from what was chosen alone"),
        ("esmm", "A purchase is learned from all that was shown (ESMM)"),
    ),
)
ORDER = Choice(
    "order",
    "Order of the lists",
    "By what comes next, or by that times the chance of a purchase, which the heads tell.",
    "next",
    (("next", "What comes next"), ("buy", "What comes next and is bought")),
)
HEAD_LOSS = Choice(
    "head_loss",
    "Loss of the heads",
    "How rare outcomes count while the heads learn; their chances are calibrated afterwards.",
    "plain",
    (
        ("plain", "Log loss"),
        ("balanced", "Log loss in which both outcomes weigh alike"),
        ("focal", "Focal loss"),
    ),
)
TASK_WEIGHT = Number(
    "task_weight",
    "Weight of purchases",
    "How much the loss of purchases counts beside that of choices, where both are learned together "
    "(ESMM).",
    1.0,
    0.01,
    100,
)


PARAMETERS = (HEADS, ORDER, HEAD_LOSS, TASK_WEIGHT)


def refuses(log: EventLog, params: Mapping[str, Any]) -> Text | None:
    """Return why heads cannot be learned from a log, or lists not be ordered by them, or None."""
    if params["heads"] == "off":
        if params["order"] == "next":
            return None
        return Text(
            "Lists are ordered by purchases with the help of the heads; choose some, or another "
            "order."
        )
    if log.shown is None or not len(log.shown):
        return Text(
            "The chance of a click is learned from what was shown and left alone, and this log has "
            "none of it; choose a column of events that tells of it, or no heads."
        )
    came = meetings_of(log).outcomes
    if came["click"].sum() < FEWEST:
        return Text(
            "The chance of a click is learned from at least {least} clicks, and what may be "
            "learned from has {clicks}; choose no heads.",
            {"least": str(FEWEST), "clicks": count(int(came["click"].sum()))},
        )
    left = int((~came["click"]).sum())
    if left < FEWEST:
        return Text(
            "The chance of a click is learned from at least {least} that were shown and left "
            "alone, and what may be learned from has {left}; choose no heads.",
            {"least": str(FEWEST), "left": count(left)},
        )
    if params["order"] == "buy" and ("buy" not in came or came["buy"].sum() < FEWEST):
        return Text(
            "The chance of a purchase is learned from at least {least} purchases, and what may be "
            "learned from has fewer; choose another order.",
            {"least": str(FEWEST)},
        )
    return None


def kept_back(meetings: Meetings, seed: int) -> Ints:
    """Return the users whose meetings calibrate.

    Towers that had learned from them would be too sure of what they chose.
    """
    users = np.unique(meetings.user)
    drawn = generator(seed, "users that calibrate").permutation(users)
    chosen: Ints = drawn[: max(1, int(_HELD * len(users)))]
    return chosen


def learned_heads(
    meetings: Meetings,
    back: Bools,
    points: tuple[NDArray[np.float32], NDArray[np.float32]],
    prior: NDArray[np.float32],
    settings: Mapping[str, Any],
) -> dict[str, NDArray[np.float32]]:
    """Return heads that tell chances as they are, inside :func:`~rebal_core.nn.training.seeded`.

    Parameters
    ----------
    meetings : Meetings
    back : ndarray of shape (n,), bool
        Which are of users that neither the towers nor the heads learn from.
    points : pair of ndarray, of shapes (pasts, size) and (items, size)
        Of the pasts and of the items.
    prior : ndarray of shape (items,)
    settings : mapping
        ``heads``, ``head_loss``, ``task_weight``.

    Returns
    -------
    dict of ndarray
        ``weight`` of shape (tasks, 3 size + 1), ``bias``, ``slope``, ``offset`` of shape (tasks,).
    """
    import torch

    from rebal_core.nn.heads import Pairs, learn, raw

    told = meetings.outcomes
    tasks = [name for name in TASKS if name in told]
    if told[tasks[-1]].sum() < FEWEST:
        tasks = tasks[:1]
    outcome = np.stack([told[name] for name in tasks], axis=1)
    arrays = (*points, prior, meetings.past, meetings.item, outcome, back)
    pairs = Pairs(*map(torch.from_numpy, arrays))
    heads = learn(pairs, settings["heads"], settings["head_loss"], settings["task_weight"])
    logits = raw(heads, pairs).double().numpy()
    lines = []
    for z, came in zip(logits.T, outcome.T, strict=True):
        of = back if came[back].sum() >= _FEW_HELD else np.ones_like(back)
        lines.append(_line(z, came, of))
    weight, bias = heads.kept()
    slope, offset = np.array(lines, dtype=np.float32).T
    return {"weight": weight.numpy(), "bias": bias.numpy(), "slope": slope, "offset": offset}


def _line(logits: Floats, outcome: Bools, back: Bools) -> tuple[float, float]:
    """Return the slope and the offset of logits after which they are calibrated (Platt 1999).

    How sure chances may be is told by those kept back alone; how high they are on average by all,
    as a fifth of them would tell it less surely.
    """
    two, y = np.column_stack([np.zeros_like(logits), logits]), outcome.astype(np.int64)
    slope, _ = line(Lesson(two[back], y[back], np.ones(int(back.sum()))), shift=True)

    def surplus(offset: float) -> float:
        return float(expit(slope * logits + offset).sum() - outcome.sum())

    most = float(np.abs(slope * logits).max()) + 50.0
    return slope, float(brentq(surplus, -most, most))


def told_by(
    arrays: Mapping[str, NDArray[Any]], users: Any, items: Ints | None
) -> dict[str, NDArray[np.float32]]:
    """Return the chance of each task, shape (n, k), inside `seeded`.

    Parameters
    ----------
    arrays : mapping
        ``offered``, ``prior``, and the heads with ``heads.`` before their names.
    users : Tensor of shape (n, size)
    items : ndarray of shape (n, k) or None
        Codes; None for all items.
    """
    import torch

    from rebal_core.nn.heads import chances

    kept = {
        name.removeprefix("heads."): torch.from_numpy(array)
        for name, array in arrays.items()
        if name.startswith("heads.")
    }
    offers, prior = (torch.from_numpy(arrays[name]) for name in ("offered", "prior"))
    shown = None if items is None else torch.from_numpy(items)
    found = chances(kept, users, offers, prior, shown).numpy()
    return dict(zip(TASKS, found, strict=False))


def shapes(size: int, tasks: int) -> dict[str, tuple[int | None, ...]]:
    """Return the shapes of what :func:`learned_heads` gives."""
    return {
        "weight": (tasks, 3 * size + 1),
        **dict.fromkeys(("bias", "slope", "offset"), (tasks,)),
    }
