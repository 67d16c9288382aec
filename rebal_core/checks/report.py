"""All checks on one table, and the answer of ``rebal profile``."""

from __future__ import annotations

from typing import Any

from rebal_core.arm import Protocol
from rebal_core.checks.base import CHECKS, Finding
from rebal_core.checks.look import Look
from rebal_core.data.dataset import Dataset
from rebal_core.data.profile import profile

_ORDER = {"issue": 0, "tip": 1, "passed": 2}


def run_checks(dataset: Dataset, folds: int = 5) -> list[Finding]:
    """Run every registered check.

    Parameters
    ----------
    dataset : Dataset
        With or without a target; checks that need one are silent without.
    folds : int
        Folds of the comparison to come.

    Returns
    -------
    list of Finding
        Issues first, then tips, then what passed; by code within each.
    """
    look = Look(dataset, folds)
    found = [finding for check in CHECKS for finding in check.run(look)]
    return sorted(found, key=lambda f: (_ORDER[f.severity], f.code))


def doubts_of_plan(dataset: Dataset, protocol: Protocol) -> tuple[list[Finding], list[Finding]]:
    """Return what should be asked of a comparison that nobody looks at on the pages.

    Parameters
    ----------
    dataset : Dataset
        With the roles of the comparison.
    protocol : Protocol
        How it splits.

    Returns
    -------
    mixed, logged : list of Finding
        That folds mix rows of before and after (rows that belong together are told by the alarm
        ``mixed_groups``); features that a system seems to have written.
    """
    look = Look(dataset)
    mixed = CHECKS["time_order"].run(look) if protocol.time is None else []
    logged = CHECKS["logged"].run(look)
    return (
        [f for f in mixed if f.severity != "passed"],
        [f for f in logged if f.severity != "passed"],
    )


def profile_report(dataset: Dataset, folds: int = 5) -> dict[str, Any]:
    """Return the profile with the checks: the JSON of ``rebal profile``."""
    checks = [
        {"code": f.code, "severity": f.severity, "message": f.message}
        for f in run_checks(dataset, folds)
    ]
    return {**profile(dataset).to_dict(), "checks": checks}
