"""``rebal trash``: what a clean-up put away, which only a person removes."""

from __future__ import annotations

import argparse

from rebal_core.cli.output import tell


def trash(arguments: argparse.Namespace) -> int:
    """Tell what lies in the trash of this home; with ``--empty`` remove it for good."""
    from rebal_core.store.home import Home
    from rebal_core.store.trash import empty, look_into

    home = Home()
    found = look_into(home)
    if arguments.empty and found.things:
        empty(home)
        tell(f"Removed {found.bytes / 1e6:,.1f} MB ({found.things:,} in all) for good.")
        return 0
    tell(found.sentence().render())
    if found.things:
        tell("`rebal trash --empty` removes them for good.")
    return 0
