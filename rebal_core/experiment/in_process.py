"""A comparison inside this process: for notebooks and tests, without an engine of its own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rebal_core.experiment.dispatch import Dispatcher
from rebal_core.experiment.lock import EngineLock
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.task import Node, Place
from rebal_core.experiment.version import stamp
from rebal_core.experiment.worker import execute
from rebal_core.store.rows import RunRow
from rebal_core.store.store import Store
from rebal_core.wording import UserError

_HERE = Place("here", "cpu", "", "")


class OneProcess:
    """A cluster of one place, which is here: a task ends before ``start`` returns.

    Parameters
    ----------
    home : Path
        Home folder of the store.
    """

    def __init__(self, home: Path) -> None:
        self._home = str(home)
        self._answers: list[tuple[int, dict[str, Any]]] = []

    def places(self) -> dict[str, Place]:
        """Return the one place."""
        return {_HERE.name: _HERE}

    def trouble(self) -> None:
        """Return nothing: there always is a place."""

    def rest(self) -> None:
        """Do nothing: here is no pause."""

    def start(self, node: Node, attempt: int, flag: Path, place: Place) -> None:
        """Run the task to its end."""
        answer = execute(self._home, asdict(node), str(flag), lambda _report: None)
        self._answers.append((attempt, answer))

    def ended(self, timeout: float) -> list[tuple[int, dict[str, Any]]]:
        """Return what has ended since."""
        answers, self._answers = self._answers, []
        return answers

    def reports(self) -> list[dict[str, Any]]:
        """Return nothing: nobody could read it meanwhile."""
        return []

    def kill(self, place: Place) -> None:
        """Do nothing: a task cannot be left behind here."""

    def lose(self, attempt: int) -> None:
        """Do nothing: an attempt cannot get lost here."""


def run_here(store: Store, plan: Plan) -> RunRow:
    """Run a comparison to its end in this process and return its row.

    Raises
    ------
    UserError
        When an engine serves this home already.
    """
    lock = EngineLock(store.home.lock)
    if not lock.take():
        raise UserError(
            "An engine serves {home} already; hand the plan in to it.", home=store.home.path
        )
    try:
        number = store.add_run("compare", plan.to_dict(), dataset=plan.dataset, version=stamp())
        dispatcher = Dispatcher(store, OneProcess(store.home.path), stamp())
        while store.run(number).live:
            dispatcher.turn(0.0)
    finally:
        lock.release()
    return store.run(number)
