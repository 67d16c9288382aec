"""Coded findings about a table: what is wrong, why it matters, what to do."""

from rebal_core.checks import classes, columns, leaks, reading, rows
from rebal_core.checks.base import CHECKS, Check, Hit
from rebal_core.checks.report import mixed_days, profile_report, run_checks

__all__ = [
    "CHECKS",
    "Check",
    "Hit",
    "classes",
    "columns",
    "leaks",
    "mixed_days",
    "profile_report",
    "reading",
    "rows",
    "run_checks",
]
