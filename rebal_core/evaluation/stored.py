"""An evaluation, and the curves of a class, as plain values and one array; and back.

Frozen values know their own types, so nothing is listed by hand: a field that is added is stored,
and one that an older file lacks takes its default.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from rebal_core.arm import Protocol
from rebal_core.evaluation.arms import ArmCells, Facts
from rebal_core.evaluation.evaluate import Evaluation
from rebal_core.rows import Floats

T = TypeVar("T")

#: What is told of the table beside its rows; what the user trusts is asked anew each time.
_FACTS = ("rows", "unlabelled", "target", "fingerprint", "unused", "alarms")
#: What comes with the plan of a run, and from its arms.
_PLANNED = ("arms", "protocol", "facts")


def evaluation_state(evaluation: Evaluation) -> tuple[dict[str, Any], Floats]:
    """Return what a run keeps of its evaluation: strict JSON, and the numbers that it points to."""
    arrays = _Arrays()
    known: Mapping[str, Any] = evaluation.facts
    state = {
        "arms": [[arm.name, arm.status, arm.reason] for arm in evaluation.arms],
        "facts": {name: known[name] for name in _FACTS if name in known},
    }
    for part in fields(Evaluation):
        if part.name not in _PLANNED:
            state[part.name] = _plain(getattr(evaluation, part.name), arrays)
    return state, arrays.joined()


def evaluation_from(
    state: Mapping[str, Any],
    numbers: Floats,
    protocol: Protocol,
    arms: Mapping[str, ArmCells],
    trusted: tuple[str, ...] = (),
) -> Evaluation:
    """Return the evaluation that :func:`evaluation_state` told.

    Parameters
    ----------
    protocol : Protocol
        Of the run's plan.
    arms : mapping
        Every arm of the plan by name; how it ended is known from the state.
    trusted : tuple of str
        Columns that the user says, now, are known before the event.
    """
    ended = [
        replace(arms[name], status=status, reason=reason) for name, status, reason in state["arms"]
    ]
    facts: Facts = {**state["facts"], "trusted": trusted}  # type: ignore[typeddict-item]
    rest = {name: value for name, value in state.items() if name not in _PLANNED}
    given = {"arms": tuple(ended), "protocol": protocol, "facts": facts}
    found: Evaluation = _made(Evaluation, rest, numbers, given)
    return found


def state_of(value: Any) -> tuple[Any, Floats]:
    """Return any frozen value as strict JSON, and the numbers that it points to."""
    arrays = _Arrays()
    return _plain(value, arrays), arrays.joined()


def from_state(kind: type[T], state: Any, numbers: Floats) -> T:
    """Return the value that :func:`state_of` told; its arrays are views of ``numbers``.

    Raises
    ------
    KeyError, TypeError, ValueError
        When it is a value of another kind.
    """
    found: T = _value(kind, state, numbers)
    return found


class _Arrays:
    """All arrays of a value, one behind the other."""

    def __init__(self) -> None:
        self.parts: list[Floats] = []
        self.size = 0

    def add(self, array: Floats) -> dict[str, Any]:
        """Return where the array begins, and its shape."""
        place = {"at": self.size, "shape": list(array.shape)}
        self.parts.append(np.asarray(array, dtype=np.float64).ravel())
        self.size += array.size
        return place

    def joined(self) -> Floats:
        """Return them as one."""
        return np.concatenate(self.parts) if self.parts else np.zeros(0)


def _plain(value: Any, arrays: _Arrays) -> Any:
    if isinstance(value, np.ndarray):
        return arrays.add(value)
    if _writes_itself(type(value)):
        return value.to_dict()
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name), arrays) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(part, arrays) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part, arrays) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)  # JSON has no word for it
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"{type(value).__name__} is no plain value")


def _writes_itself(kind: Any) -> bool:
    """Tell whether a type knows how it is written: of several kinds, its fields do not tell."""
    return all(hasattr(kind, name) for name in ("to_dict", "from_dict"))


def _value(kind: Any, state: Any, numbers: Floats) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is np.ndarray:
        size = int(np.prod(state["shape"]))
        found = numbers[state["at"] : state["at"] + size]
        return found.reshape(state["shape"])
    if origin in (Union, types.UnionType):
        if state is None:
            return None
        return _value(next(part for part in inner if part is not type(None)), state, numbers)
    if origin is tuple:
        parts = inner[:1] * len(state) if inner[-1] is Ellipsis else inner
        return tuple(_value(p, v, numbers) for p, v in zip(parts, state, strict=True))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return {name: _value(inner[1], part, numbers) for name, part in state.items()}
    if _writes_itself(kind):
        return kind.from_dict(state)
    if is_dataclass(kind):
        return _made(kind, state, numbers, {})
    if kind is float:
        return float(state)
    if kind is Any or (origin is Literal and state in inner):
        return state
    if isinstance(kind, type) and isinstance(state, kind):
        return state
    raise TypeError(f"{state!r} is no {kind}")


def _made(kind: Any, state: Mapping[str, Any], numbers: Floats, given: Mapping[str, Any]) -> Any:
    """Make a frozen value; what an older state does not know takes its default."""
    values = dict(given)
    for part, hint in _parts(kind):
        if part.name in given:
            continue
        if part.name in state:
            values[part.name] = _value(hint, state[part.name], numbers)
        elif part.default is MISSING and part.default_factory is MISSING:
            raise KeyError(part.name)
    return kind(**values)


@cache
def _parts(kind: Any) -> list[tuple[Any, Any]]:
    hints = get_type_hints(kind)
    return [(part, hints[part.name]) for part in fields(kind)]
