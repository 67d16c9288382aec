"""``python -m rebal_core.cli`` is ``rebal``."""

import sys
from pathlib import Path

# Python puts the folder where the user stands first; what lies there is data, not code of ours.
if not sys.flags.safe_path and Path(sys.path[0]).resolve() != Path(__file__).resolve().parents[2]:
    del sys.path[0]

from rebal_core.cli import main

sys.exit(main())
