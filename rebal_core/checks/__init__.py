"""Coded findings about a table: what is wrong, why it matters, what to do."""

from rebal_core.checks import classes, columns, leaks, logged, reading, rows
from rebal_core.checks.base import CHECKS, Check, Hit
from rebal_core.checks.report import doubts_of_plan, profile_report, run_checks

__all__ = [
    "CHECKS",
    "Check",
    "Hit",
    "classes",
    "columns",
    "doubts_of_plan",
    "leaks",
    "logged",
    "profile_report",
    "reading",
    "rows",
    "run_checks",
]
