"""Run a script in the environment of a peer, hand arrays over and back, and keep the numbers."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
Arrays = Mapping[str, NDArray[Any]]


def asked(peer: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Return the arrays that ``<peer>_side.py`` writes when it is handed these."""
    python = HERE / f".{peer}" / "bin" / "python"
    if not python.exists():
        sys.exit(f"There is no {python}; run `bash benchmarks/peers/make.sh` first.")
    with tempfile.TemporaryDirectory() as folder:
        given, told = Path(folder) / "given.npz", Path(folder) / "told.npz"
        np.savez(given, **arrays)
        script = HERE / f"{peer}_side.py"
        subprocess.run([python, "-W", "ignore", script, given, told], check=True)
        with np.load(told) as found:
            return dict(found)


def hash_of(arrays: Arrays) -> str:
    """Return 16 hex digits that stand for the values of arrays."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()[:16]


def keep(name: str, numbers: Mapping[str, Any], data: str, versions: NDArray[Any]) -> None:
    """Print numbers, and write them with command, versions and hash of the data."""
    ours = [f"{lib} {version(lib)}" for lib in ("numpy", "scikit-learn", "rebal")]
    told = {
        "command": f"python benchmarks/peers/{name}.py",
        "ours": ours,
        "theirs": versions.tolist(),
        "data": data,
        **numbers,
    }
    text = json.dumps(told, indent=1) + "\n"
    (HERE / f"{name}.json").write_text(text)
    print(text, end="")
