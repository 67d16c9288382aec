"""The engine's own tasks, which stop where a test wants to kill them, the first time.

``hold.json`` beside the home names the kind of task and the function, as ``module:name``, at which
it stops; the process then tells its number in ``held``.
"""

import importlib
import json
import os
import pkgutil
import time

from rebal_core.experiment import worker

REAL = dict(worker.TASKS)
TASKS = {kind: f"held_tasks:{kind}" for kind in REAL}


def _held(kind):
    def task(params, context):
        beside = context.home.parent
        told, hold = beside / "held", json.loads((beside / "hold.json").read_text())
        if hold["kind"] == kind and not told.exists():
            module, _, name = hold["at"].partition(":")
            place = importlib.import_module(module)
            real = getattr(place, name)

            def stay(*words, **more):
                if not told.exists():
                    told.with_suffix(".part").write_text(str(os.getpid()))
                    told.with_suffix(".part").rename(told)
                    time.sleep(300)
                return real(*words, **more)

            setattr(place, name, stay)
        pkgutil.resolve_name(REAL[kind])(params, context)

    return task


globals().update({kind: _held(kind) for kind in REAL})
