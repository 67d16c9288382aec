"""What a check is, and the registry of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rebal_core.checks.look import Look
from rebal_core.registry import Registry


@dataclass(frozen=True)
class Finding:
    """What a check has to say about a table.

    Parameters
    ----------
    code : str
        ``RBL001`` and so on; stable for ever.
    severity : {"issue", "tip", "passed"}
        An issue makes numbers wrong, a tip makes them better.
    message : str
        One sentence in English with the numbers filled in.
    values : mapping
        The same numbers, for the translated sentence of the screen.
    columns : tuple of str
        Columns it speaks of.
    """

    code: str
    severity: Literal["issue", "tip", "passed"]
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hit:
    """What a check found: the numbers of its sentence.

    Parameters
    ----------
    values : mapping
        One for each field of the sentence.
    columns : tuple of str
        Columns it speaks of.
    sentence : int
        Which of the check's sentences tells it.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    sentence: int = 0


@dataclass(frozen=True)
class Check:
    """One thing that can be wrong with a table.

    Parameters
    ----------
    code : str
        ``RBL001`` and so on; stable for ever.
    name, family, aliases
        See :class:`rebal_core.registry.Spec`.
    title : str
        The finding in four words.
    severity : {"issue", "tip"}
        An issue makes numbers wrong, a tip makes them better.
    why, fix : str
        Why it matters and what to do, for the user.
    sentences : tuple of str
        What was found, with named fields; translated before the fields are filled in.
    passed : str
        What is said when nothing was found.
    find : callable
        Gets a :class:`Look`; answers with hits, with nothing when all is well, or with None where
        the question does not arise for this table.
    answerable : bool
        Whether the user can say that the column is known before the event (``--trust``).
    """

    code: str
    name: str
    family: str
    title: str
    severity: Literal["issue", "tip"]
    why: str
    fix: str
    sentences: tuple[str, ...]
    passed: str
    find: Callable[[Look], Sequence[Hit] | None]
    answerable: bool = False

    @property
    def label(self) -> str:
        """The title."""
        return self.title

    @property
    def aliases(self) -> tuple[str, ...]:
        """The code, so that ``CHECKS.find("RBL003")`` answers."""
        return (self.code,)

    def run(self, look: Look) -> list[Finding]:
        """Return the findings: none where the check does not apply, one "passed" where all is well.

        ``values["text"]`` of each is its sentence before the fields were filled in.
        """
        hits = self.find(look)
        if hits is None:
            return []
        if not hits:
            return [Finding(self.code, "passed", self.passed, {"text": self.passed})]
        found = []
        for hit in hits:
            text = self.sentences[hit.sentence]
            message = text.format(**hit.values)
            values = {**hit.values, "text": text}
            found.append(Finding(self.code, self.severity, message, values, hit.columns))
        return found


CHECKS: Registry[Check] = Registry("check")


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return names in quotes, the first few of them: ``“a”, “b”, “c” … (+4)``."""
    shown = ", ".join(f"“{name}”" for name in names[:most])
    return shown if len(names) <= most else f"{shown} … (+{len(names) - most})"
