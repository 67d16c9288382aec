"""Strategies that a user saved under a name: registered ones combined, with what is set of them.

They lie in one small file of the home. A run knows nothing of them: its arms are named by what a
saved strategy is made of, so that they are the same in another home, or once the name is gone.
"""

from __future__ import annotations

import fcntl
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.facts import TableFacts
from rebal_core.families import FAMILIES
from rebal_core.files import put_json, read_json, unfinished, write_once
from rebal_core.params import ColumnNames, Counts, Table
from rebal_core.place import home_path, make_home, private
from rebal_core.strategies.base import STRATEGIES, Strategies, Strategy
from rebal_core.trouble import reason_of
from rebal_core.wording import Text, Unsuitable, UserError

FILE = "strategies.json"
#: Words that mean several strategies where strategies are named.
_SEVERAL = ("quick", "all")
_NAME = re.compile(r"[a-z0-9_]{1,40}")


@dataclass(frozen=True)
class SavedStrategy:
    """Registered strategies under a name of the user's.

    Parameters
    ----------
    name : str
    made_of : str
        Registered names, joined by ``+``.
    params : mapping
        What differs from the defaults, by the names that the combination lists; what is said of
        classes, by label.
    """

    name: str
    made_of: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def strategy(self) -> Strategy:
        """As a strategy.

        Raises
        ------
        UserError
            When the parts cannot stand together, or are not known to this version.
        """
        if self.made_of not in STRATEGIES:
            raise UserError(
                "“{name}” is made of {parts}, which this version does not have.",
                name=self.name,
                parts=self.made_of,
            )
        whole = STRATEGIES[self.made_of]
        for name in self.params:
            whole.listed(name)
        return replace(
            whole, name=self.name, label=self.name, aliases=(), made_of=self.made_of,
            preset=dict(self.params),
        )  # fmt: skip

    def made(self, arm: Arm, classes: Sequence[str]) -> bool:
        """Return whether an arm of a table with these classes is its."""
        return arm.strategy == self.made_of and arm.params_by_label(classes) == self.params


@dataclass(frozen=True)
class Saved:
    """What a home holds.

    Parameters
    ----------
    strategies : tuple of SavedStrategy
        Those that can be used, in the order in which they were saved.
    unusable : mapping of str to Text
        Why the others cannot, by name.
    damage : Text or None
        Why the file cannot be read at all.
    """

    strategies: tuple[SavedStrategy, ...] = ()
    unusable: Mapping[str, Text] = field(default_factory=dict)
    damage: Text | None = None

    def beside(self, registry: Strategies = STRATEGIES) -> Strategies:
        """Return the registry with the saved strategies after its own.

        It tells why one that is asked for cannot be used.
        """
        return registry if self == Saved() else _Beside(registry, self)

    def named(self, name: str) -> SavedStrategy | None:
        """Return the one of that name."""
        return next((one for one in self.strategies if one.name == name), None)

    def has(self, name: str) -> bool:
        """Return whether there is one of that name, be it usable or not."""
        return self.named(name) is not None or name in self.unusable


class _Beside(Strategies):
    """A registry with what a user saved, which tells why what is asked for cannot be used."""

    def __init__(self, registry: Strategies, saved: Saved) -> None:
        super().__init__("strategy", {name: family.words for name, family in FAMILIES.items()})
        self._saved = saved
        for spec in (*registry, *(one.strategy for one in saved.strategies)):
            self.add(spec)

    def find(self, word: str) -> Strategy:
        if word in self._saved.unusable and not self.names_one(word):
            raise UserError("{reason}", reason=self._saved.unusable[word])
        try:
            return super().find(word)
        except UserError as error:
            if self._saved.damage is None:
                raise
            raise UserError("{told} {damage}", told=error, damage=self._saved.damage) from None


def saved_strategies(home: Path | None = None) -> Saved:
    """Return what a home holds (None: the usual one); nothing is made where there is none."""
    path = (home or home_path()) / FILE
    try:
        entries = _read(path)
    except (OSError, ValueError, RecursionError) as error:
        damage = Text(
            "The strategies that you saved cannot be read ({error}); “{path}” stays as it is, and "
            "is set aside when you save another.",
            {"error": reason_of(error), "path": path},
        )
        return Saved(damage=damage)
    found, unusable = [], {}
    for name, entry in entries.items():
        try:
            refuse_name(name)
            one = _of_entry(name, entry)
            _refuse_useless(one.strategy)
            _plain(one.strategy, one.params, None)
            found.append(one)
        except UserError as error:
            unusable[name] = error.text
    return Saved(tuple(found), unusable)


def save_strategy(
    name: str,
    parts: str,
    params: Mapping[str, Any] | None = None,
    facts: TableFacts | None = None,
    *,
    anew: bool = False,
    home: Path | None = None,
) -> SavedStrategy:
    """Save registered strategies under a name, with what is set of them.

    Parameters
    ----------
    name : str
        Small letters, digits and ``_``.
    parts : str
        Names or aliases, joined by ``+``, in an order in which they can stand.
    params : mapping, optional
        By the names of the combination's parameters.
    facts : TableFacts, optional
        Of the table whose classes the values name.
    anew : bool
        Take the place of what is saved under the name.

    Raises
    ------
    UserError
        When the name is taken or cannot be one, the parts cannot stand together, or a value does
        not suit.
    """
    refuse_name(name)
    found = saved_strategies(home).beside().find(parts)
    _refuse_useless(found)
    values = _plain(found, {**found.preset, **(params or {})}, facts)
    one = SavedStrategy(name, found.made_of or found.name, values)

    def change(entries: dict[str, Any]) -> dict[str, Any]:
        if name in entries and entries[name] != _entry(one) and not anew:
            raise UserError(
                "You have saved “{name}” already; remove it first, or choose another name.",
                name=name,
            )
        return {**entries, name: _entry(one)}

    _edit(home, change)
    return one


def remove_strategy(name: str, home: Path | None = None) -> Any:
    """Forget a saved strategy; runs that compared it stay as they are.

    Returns
    -------
    object
        What was saved and where it stood, for :func:`restore_strategy`.

    Raises
    ------
    UserError
        When none is saved under the name.
    """
    gone: list[Any] = []

    def change(entries: dict[str, Any]) -> dict[str, Any]:
        _require(name, entries)
        gone.append((list(entries).index(name), entries[name]))
        return {n: entry for n, entry in entries.items() if n != name}

    _edit(home, change)
    return gone[0]


def restore_strategy(name: str, removed: Any, home: Path | None = None) -> None:
    """Put back in its place what was removed, unless something else has its name by now."""
    place, entry = removed

    def change(entries: dict[str, Any]) -> dict[str, Any]:
        every = list(entries.items())
        # A name that stands there twice keeps its first place and its last meaning.
        return dict([*every[:place], (name, entry), *every[place:], *every])

    _edit(home, change)


def rename_strategy(name: str, new: str, home: Path | None = None) -> None:
    """Give a saved strategy another name.

    Raises
    ------
    UserError
        When none is saved under the name, or the new one is taken or cannot be one.
    """
    refuse_name(new)

    def change(entries: dict[str, Any]) -> dict[str, Any]:
        _require(name, entries)
        if new in entries and new != name:
            raise UserError("You have saved “{name}” already; choose another name.", name=new)
        return {new if n == name else n: entry for n, entry in entries.items()}

    _edit(home, change)


def refuse_name(name: str) -> None:
    """Refuse what cannot be the name of a saved strategy.

    Raises
    ------
    UserError
    """
    if not _NAME.fullmatch(name):
        raise UserError(
            "“{name}” cannot be a name; take small letters a to z, digits and _, at most 40 "
            "of them.",
            name=name[:60],
        )
    _refuse_taken(name)


def _refuse_taken(name: str) -> None:
    if STRATEGIES.names_any(name) or CLASSIFIERS.names_one(name) or name in _SEVERAL:
        raise UserError("“{name}” means something else already; choose another name.", name=name)


def _refuse_useless(strategy: Strategy) -> None:
    if strategy.untreated or strategy.family == "reference":
        raise Unsuitable(
            "{strategy} leaves the model alone, so there is nothing to combine; leave it out.",
            strategy=strategy.name,
        )
    if not strategy.serves:
        raise Unsuitable("No classifier works with all of these steps; leave one out.")


def _plain(
    strategy: Strategy, values: Mapping[str, Any], facts: TableFacts | None
) -> dict[str, Any]:
    """Return what differs from the defaults, as JSON holds it; what is said of classes, by label.

    Raises
    ------
    UserError
        When a parameter is unknown or a value does not suit.
    """
    found = {}
    for given, value in values.items():
        name = strategy.listed(given)
        parameter = strategy.parameters[name]
        if isinstance(parameter, Counts | Table):
            # Without a table its classes are not known: those that the value names may be.
            parameter.read(value, facts or _naming(_mapping(value)))
            value = _mapping(value) or None
        else:
            value = parameter.read(value, facts)
        if value != strategy.params[name] and value != {}:
            found[name] = list(value) if isinstance(parameter, ColumnNames) else value
    return found


def _mapping(value: Any) -> Any:
    """Return a mapping from JSON of one; anything else as it is."""
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            found = json.loads(value)
            return found if isinstance(found, dict) else value
    return value


def _naming(value: Any) -> TableFacts | None:
    """Return the facts of a table that has the classes of a value, and no more is known of."""
    if not isinstance(value, Mapping):
        return None
    inner = (name for one in value.values() if isinstance(one, Mapping) for name in one)
    names = tuple(dict.fromkeys(map(str, (*value, *inner))))
    return TableFacts(0, (0,) * len(names), 0, 0, 0, 0, labels=names)


def _of_entry(name: str, entry: Any) -> SavedStrategy:
    """Read an entry of the file.

    Raises
    ------
    UserError
        When it is none.
    """
    match entry:
        case {"strategy": str(made_of), "params": dict(params)}:
            return SavedStrategy(name, made_of.replace(" ", ""), params)
    raise UserError("What is saved as “{name}” is damaged; remove it.", name=name)


def _entry(one: SavedStrategy) -> dict[str, Any]:
    return {"strategy": one.made_of, "params": dict(one.params)}


def _require(name: str, entries: Mapping[str, Any]) -> None:
    if name not in entries:
        raise UserError(
            "You have saved no strategy as “{name}”, or it was removed or renamed since; see the "
            "list of strategies.",
            name=name,
        )


def _read(path: Path) -> dict[str, Any]:
    """Return the entries of the file by name; none where there is no file."""
    try:
        found = read_json(path)
    except FileNotFoundError:
        return {}
    if not isinstance(found, dict):
        raise ValueError("it holds no names")
    # Python reads NaN and halves of letters, too, which could not be written again.
    json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    return found


def _edit(home: Path | None, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Change the entries, one process after the other; a file that cannot be read is kept."""
    folder = home or home_path()
    make_home(folder)
    path = folder / FILE
    with _alone(folder):
        try:
            entries = _read(path)
        except (IsADirectoryError, ValueError, RecursionError):
            entries = {}
            changed = change(entries)
            path.rename(unfinished(path.with_name(f"{FILE}.damaged")))
        else:
            changed = change(entries)
        write_once(path, partial(put_json, value=changed, indent=1), folders=False)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with private(folder / f"{FILE}.lock").open("rb+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # let go where the file is closed
        yield
