"""The parameters by which networks say how long and how fast they learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rebal_core.params import Choice, Number, Param


def schedule_parameters(**usual: Any) -> tuple[Param, ...]:
    """Return how long and how fast a learner learns, with its own defaults.

    Parameters
    ----------
    **usual
        A default of each parameter of :data:`SCHEDULE` that the learner shall have.
    """
    kinds: dict[str, Callable[[Any], Param]] = {
        "C": lambda v: Number("C", "Inverse penalty C", "Smaller fits less closely.", v, 1e-6, 1e6),
        "epochs": lambda v: Number(
            "epochs",
            "Epochs",
            "At most so many passes over the rows; 0 suits the table.",
            v,
            0,
            10_000,
        ),
        "patience": lambda v: Number(
            "patience",
            "Patience",
            "Epochs without a gain before it stops; 0 for a third of all.",
            v,
            0,
            1000,
        ),
        "batch_size": lambda v: Number(
            "batch_size", "Batch", "Rows of a step; 0 suits the table.", v, 0, 10_000_000
        ),
        "optimizer": lambda v: Choice(
            "optimizer", "Optimiser", "What turns slopes into steps.", v, _OPTIMIZERS
        ),
        "learning_rate": lambda v: Number(
            "learning_rate", "Learning rate", "How far a step goes at most.", v, 1e-6, 10.0
        ),
        "rate": lambda v: Choice(
            "rate", "Course of the rate", "How the learning rate moves.", v, _RATES
        ),
        "warm_up": lambda v: Number(
            "warm_up", "Warm-up", "Part of the steps in which the rate rises.", v, 0.0, 0.5
        ),
        "weight_decay": lambda v: Number(
            "weight_decay", "Weight decay", "How fast weights shrink (L2).", v, 0.0, 10.0
        ),
        "l1": lambda v: Number(
            "l1", "L1", "What a weight costs, large or small; drives some to 0.", v, 0.0, 10.0
        ),
    }
    return tuple(kinds[name](usual[name]) for name in SCHEDULE if name in usual)


_OPTIMIZERS = (
    ("adamw", "AdamW"),
    ("adam", "Adam"),
    ("sgd", "SGD with momentum"),
    ("adagrad", "Adagrad"),
    ("adadelta", "Adadelta"),
    ("rmsprop", "RMSprop"),
    ("lbfgs", "L-BFGS, all rows at once"),
    ("newton", "Newton, all rows at once"),
    ("cg", "Conjugate gradient, all rows at once"),
)
_RATES = (
    ("constant", "The same all the time"),
    ("cosine", "Falls along a cosine"),
    ("flat_cosine", "The same, then falls along a cosine"),
    ("coslog", "Ever longer waves"),
    ("plateau", "Halved where nothing is gained"),
)
#: Parameters of a learner that are not of its network.
SCHEDULE = (
    "C",
    "epochs",
    "patience",
    "batch_size",
    "optimizer",
    "learning_rate",
    "rate",
    "warm_up",
    "weight_decay",
    "l1",
)
#: Defaults that most networks share.
USUAL: Mapping[str, Any] = {
    "optimizer": "adamw",
    "rate": "cosine",
    "epochs": 0,
    "patience": 0,
    "batch_size": 0,
    "warm_up": 0.0,
    "l1": 0.0,
}
