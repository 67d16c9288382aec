"""The command line: the same work without a browser.

Nothing heavy is imported before a command is known, so ``rebal --help`` answers at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command: :func:`rebal_core.cli.frame.main`, whenever Ctrl-C comes."""
    before = signal.getsignal(signal.SIGINT)
    ours = before is signal.default_int_handler
    ours = ours and threading.current_thread() is threading.main_thread()
    if ours:
        signal.signal(signal.SIGINT, _end)
    try:
        from rebal_core.cli import frame

        if ours:
            signal.signal(signal.SIGINT, before)
        return frame.main(argv)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return 130


def _end(_number: int, _frame: FrameType | None) -> None:
    # Nothing is begun yet; and an exception in the midst of an import of compiled code becomes any
    # other there (numpy makes an ImportError of it).
    os.write(2, b"Interrupted.\n")
    os._exit(130)
