"""What is asked of the library in a notebook, read in its types; what is of another is refused."""

from __future__ import annotations

import numbers
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from rebal_core.data.dataset import label_text
from rebal_core.wording import Names, Text, UserError


def read_options(options: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return options in their types.

    Parameters
    ----------
    options : mapping
    known : mapping of str to object
        Defaults by name; what is None by default may be None.

    Raises
    ------
    UserError
        When there is no such option, or a value is of another type.
    """
    for name in options:
        if name not in known:
            raise UserError(
                "compare has no option “{name}”; it has {options}.",
                name=name,
                options=Names(("strategies", "classifiers", "trust", *known)),
            )
    return {
        name: value if value is None and known[name] is None else _READERS[name](name, value)
        for name, value in options.items()
    }


def _unfit(name: str, value: Any, noun: Text) -> UserError:
    plain = value is None or isinstance(value, (str, bool, int, float))
    shown = repr(value) if plain else type(value).__name__
    return UserError("{name} is {value}; give {noun}.", name=name, value=shown, noun=noun)


def whole(name: str, value: Any) -> int:
    """Return a whole number."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise _unfit(name, value, Text("a whole number"))
    return operator.index(value)


def _number(name: str, value: Any) -> float:
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise _unfit(name, value, Text("a number"))
    return float(value)


def word(name: str, value: Any, noun: Text | None = None) -> str:
    """Return a name; ``noun`` says which, where it is none."""
    if not isinstance(value, str):
        raise _unfit(name, value, noun or Text("a name"))
    return value


def words_of(name: str, value: Any) -> str | list[str]:
    """Return a name, or several."""
    if isinstance(value, str):
        return value
    found: list[Any] = list(value) if isinstance(value, Iterable) else [None]
    if not all(isinstance(one, str) for one in found):
        raise _unfit(name, value, Text("a name, or a list of names"))
    return found


def _split(name: str, value: Any) -> str:
    known = {"rows": "stratified", "stratified": "stratified", "group": "group", "time": "time"}
    if not isinstance(value, str) or value not in known:
        raise _unfit(name, value, Text("rows, group or time"))
    return known[value]


def _params(name: str, value: Any) -> dict[str, dict[str, Any]]:
    """Return what is set, by names of strategies and classifiers."""
    owners: Mapping[Any, Any] = value if isinstance(value, Mapping) else {None: None}
    inner = [name for one in owners.values() if isinstance(one, Mapping) for name in one]
    if not all(isinstance(one, str) for one in (*owners, *inner)):
        noun = Text("values by the names of strategies or classifiers and of their parameters")
        raise _unfit(name, value, noun)
    return {
        owner: {n: by_label(said) for n, said in one.items()} if isinstance(one, Mapping) else one
        for owner, one in owners.items()
    }


def by_label(value: Any) -> Any:
    """Return what is said of classes by their labels as the table writes these: 1.0 is ``1``."""
    if isinstance(value, pd.Series):
        value = value.to_dict()
    if not isinstance(value, Mapping):
        return value
    return {label_text(label): by_label(inner) for label, inner in value.items()}


def _as_given(name: str, value: Any) -> Any:
    return value


#: Options that name one column.
COLUMN = ("group", "time", "value")
_READERS: dict[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(("folds", "repeats", "seed"), whole),
    **dict.fromkeys(("margin", "false_alarm"), _number),
    **dict.fromkeys(("metric", "rule"), word),
    **dict.fromkeys((*COLUMN, "drop", "rates"), _as_given),
    "split": _split,
    "positive": lambda name, value: label_text(value),
    "params": _params,
}
