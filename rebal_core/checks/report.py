"""All checks on one table, and the answer of ``rebal profile``."""

from __future__ import annotations

from typing import Any

from rebal_core.checks.base import CHECKS
from rebal_core.checks.look import Look
from rebal_core.data.dataset import Dataset
from rebal_core.data.profile import profile
from rebal_core.types import Finding, Protocol

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


def mixed_rows(dataset: Dataset, protocol: Protocol) -> list[tuple[str, Finding]]:
    """Return what the folds of a comparison mix: rows of one user, or of before and after.

    Parameters
    ----------
    dataset : Dataset
        With the roles of the comparison.
    protocol : Protocol
        How it splits.

    Returns
    -------
    list of (str, Finding)
        The option that would keep these rows apart, ``group`` or ``time``, and what was found.
    """
    look = Look(dataset)
    asked = {"group": "repeated_groups", "time": "time_order"}
    return [
        (option, finding)
        for option, name in asked.items()
        if getattr(protocol, option) is None
        for finding in CHECKS[name].run(look)
        if finding.severity != "passed"
    ]


def profile_report(dataset: Dataset, folds: int = 5) -> dict[str, Any]:
    """Return the profile with the checks: the JSON of ``rebal profile``."""
    checks = [
        {"code": f.code, "severity": f.severity, "message": f.message}
        for f in run_checks(dataset, folds)
    ]
    return {**profile(dataset).to_dict(), "checks": checks}
