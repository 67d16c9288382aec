"""Regenerate the sample tables: ``python -m rebal_core.data.simulate [FOLDER]``."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

from rebal_core.data.simulate import write_tables


def main() -> None:
    """Write the tables into the folder named, by default where the package keeps them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(str(files("sample_data")))
    for path in write_tables(folder):
        sys.stdout.write(f"{path} {path.stat().st_size / 1024:.0f} KB\n")


if __name__ == "__main__":
    main()
