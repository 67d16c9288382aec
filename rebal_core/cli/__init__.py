"""The command line: the same work without a browser.

Nothing heavy is imported before a command is known, so ``rebal --help`` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command: :func:`rebal_core.cli.frame.main`, whenever Ctrl-C comes."""
    try:
        from rebal_core.cli import frame

        return frame.main(argv)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return 130
