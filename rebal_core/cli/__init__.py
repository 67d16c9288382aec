"""The command line: the same work without a browser.

Nothing heavy is imported before a command is known, so ``rebal --help`` answers at once.
"""

from rebal_core.cli.frame import main

__all__ = ["main"]
