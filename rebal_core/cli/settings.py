"""Options that name something and give it a value: ``--set smote.ratio=0.5``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from rebal_core.wording import UserError


def setting(text: str, form: str = "PARAM=VALUE") -> tuple[str, str]:
    """Return the name of a parameter and its value, as they are written."""
    name, sign, value = text.partition("=")
    if not name.strip() or not sign:
        raise argparse.ArgumentTypeError(f"“{text}” is not of the form {form}")
    return name.strip(), value.strip()


def owned_setting(text: str) -> tuple[str, str]:
    """Return the same where whose parameter it is stands before its name."""
    form = "OWNER.PARAM=VALUE, for example smote.ratio=0.5"
    name, value = setting(text, form)
    owner, sign, parameter = name.partition(".")
    if not sign or not owner.strip() or not parameter.strip():
        raise argparse.ArgumentTypeError(f"“{text}” is not of the form {form}")
    return name, value


def by_owner(pairs: Sequence[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """Return values by the names of parameters, by whose they are."""
    found: dict[str, dict[str, str]] = {}
    for name, value in once(pairs, "--set").items():
        owner, _, parameter = name.partition(".")
        found.setdefault(owner.strip(), {})[parameter.strip()] = value
    return found


def once(pairs: Sequence[tuple[str, Any]], flag: str) -> dict[str, Any]:
    """Return the pairs as a mapping; an error when one key is given twice."""
    values = dict(pairs)
    if len(values) < len(pairs):
        raise UserError("{flag} names one thing twice; give each name once.", flag=flag)
    return values
