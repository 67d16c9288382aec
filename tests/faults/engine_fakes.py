"""Tasks that learn nothing: they sleep, fail, die or kill as a control file says.

The engine loads this module by ``REBAL_TASKS``. A file ``behave.json`` in the home maps the kind
or ``arm:repeat:fold`` of a task to what it shall do; ``executions.log`` counts what really ran.
"""

import errno
import json
import os
import re
import signal
import time

import numpy as np

from rebal_core.arm import CellResult
from rebal_core.experiment.files import save_cell
from rebal_core.files import write_json
from rebal_core.wording import UserError

TASKS = {
    kind: f"engine_fakes:{kind}"
    for kind in ("split", "prepare", "alarms", "resample", "cell", "decide", "ingest", "profile")
}


def prepare(params, context):
    """Write a folder's worth of nothing."""
    told("prepare", context)
    write_json(context.result / "about.json", {"fold": params["fold"]})


def split(params, context):
    """Write nothing."""
    told("split", context)
    context.result.parent.mkdir(parents=True, exist_ok=True)
    np.savez(context.result, nothing=np.zeros(1))


def resample(params, context):
    """Write nothing."""
    told("resample" if "arm" in params else "alarms", context)
    if context.result.suffix == ".json":
        write_json(context.result, {})
    else:
        context.result.parent.mkdir(parents=True, exist_ok=True)
        np.savez(context.result, nothing=np.zeros(1))


def cell(params, context):
    """Write a result that depends on the parameters alone."""
    name = cell_name(params)
    told(name, context)
    arm = name.partition(":")[0]
    rng = np.random.default_rng(abs(hash((len(arm), params["repeat"], params["fold"]))) % 2**32)
    score = rng.random(8)
    result = CellResult(
        repeat=params["repeat"],
        fold=params["fold"],
        rows=np.arange(8),
        y=np.arange(8) % 2,
        proba=np.column_stack([1 - score, score]),
        prior_train=np.array([0.5, 0.5]),
        prior_fit=np.array([0.5, 0.5]),
    )
    if params["model_folder"] is not None:
        write_json(context.home / params["model_folder"] / "arm.json", {})
    save_cell(context.result, result)


alarms = resample


def decide(params, context):
    """Write down which cells there were."""
    told("decide", context)
    write_json(context.result, params["arms"])


def profile(params, context):
    """Answer the parameters."""
    told("profile", context)
    write_json(context.result, {"got": dict(params), "seat": os.environ["CUDA_VISIBLE_DEVICES"]})


ingest = profile


def cell_name(params):
    """Name a cell as the control file does."""
    arm = params["arm"]
    return f"{arm['strategy']}/{arm['classifier']}:{params['repeat']}:{params['fold']}"


def told(name, context, work=lambda: None):
    """Do as the control file says, then the work, and note begin and end."""
    _note(name, "begin", context)
    path = context.home / "behave.json"
    table = json.loads(path.read_text()) if path.exists() else {}
    for action in table.get(name, table.get("*" if ":" in name else name, [])):
        _do(action, name, context)
    work()
    _note(name, "end", context)


def _note(name, what, context):
    gpu = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    with (context.home / "executions.log").open("a") as log:
        log.write(f"{name} {what} {os.getpid()} {time.time():.3f} gpu={gpu}\n")


def _begun(name, context):
    lines = (context.home / "executions.log").read_text().splitlines()
    return sum(line.startswith(f"{name} begin ") for line in lines)


def _do(action, name, context):
    what, _, value = action.partition(" ")
    once = context.home / f"once-{name.replace('/', '_')}"
    if what.startswith("once-"):
        if once.exists():
            return
        once.write_text("")
        what = what.removeprefix("once-")
    if what == "after":  # as many tasks of that kind have begun
        kind, times = value.split()
        while _begun(kind, context) < int(times):
            time.sleep(0.02)
    elif what == "sleep":
        end = time.monotonic() + float(value)
        while time.monotonic() < end:
            context.progress(1 - (end - time.monotonic()) / float(value))
            time.sleep(0.02)
    elif what == "deaf":  # asks nobody whether it shall stop
        time.sleep(float(value))
    elif what == "hold":  # C code that never lets go of the interpreter
        re.match(r"(a+)+b", "a" * 40)
    elif what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "kill-engine":
        pid = json.loads((context.home / "engine.lock").read_text())["pid"]
        os.kill(pid, signal.SIGKILL)
        time.sleep(30)
    elif what == "user":
        raise UserError(value)
    elif what == "bug":
        raise ZeroDivisionError("a bug")
    elif what == "full":
        raise OSError(errno.ENOSPC, "No space left on device")
    else:
        raise AssertionError(action)
