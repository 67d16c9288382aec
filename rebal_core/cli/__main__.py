"""``python -m rebal_core.cli`` is ``rebal``."""

import sys

from rebal_core.cli.frame import main

sys.exit(main())
