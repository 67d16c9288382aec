"""Python processes of ours: they run our code and no other, whatever lies where the user stands."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]

#: What a child is told of the environment; secrets of other programs, among them, are not.
_NAMES = frozenset(
    [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "TEMP",
        "TMP",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "LD_LIBRARY_PATH",
        "PYTHONPATH",
        "PYTHONUTF8",
        "PYTHONIOENCODING",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONPYCACHEPREFIX",
        "BROWSER",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "XAUTHORITY",
        "DBUS_SESSION_BUS_ADDRESS",
    ]
)
_FAMILIES = (
    "REBAL_",
    "LC_",
    "XDG_",
    "DASK_",
    "CUDA_",
    "NVIDIA_",
    "OMP_",
    "MKL_",
    "OPENBLAS_",
    "NUMEXPR_",
    "NUMBA_",
    "KMP_",
)
#: Lists of folders, in which an empty or relative entry means where the user stands.
_LISTS = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH")


def command(module: str, *words: str) -> list[str]:
    """Return the words that run a module of ours.

    ``-P``: the folder where the child starts is no place to import from.
    """
    return [sys.executable, "-P", "-m", module, *words]


def environment(home: Path, known: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what a child needs of the environment, and nothing that names a relative folder.

    Parameters
    ----------
    home : Path
        Stays in the environment as ``REBAL_HOME``, whole: the child stands elsewhere.
    known : mapping
        The environment of this process.
    """
    kept = {n: v for n, v in known.items() if n in _NAMES or n.startswith(_FAMILIES)}
    # A checkout that is not installed; beside other packages it would shadow Python's own.
    roots = [] if _ROOT.name in ("site-packages", "dist-packages") else [str(_ROOT)]
    for name in _LISTS:
        folders = [f for f in kept.pop(name, "").split(os.pathsep) if os.path.isabs(f)]
        folders = (roots if name == "PYTHONPATH" else []) + folders
        if folders:
            kept[name] = os.pathsep.join(dict.fromkeys(folders))
    # For the children of the child too: Dask's and multiprocessing's are started by `-c`.
    return {**kept, "REBAL_HOME": str(home), "PYTHONSAFEPATH": "1"}
