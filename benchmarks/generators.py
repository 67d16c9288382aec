"""Hold our generators against CTGAN, TVAE, TabularARGN and arfpy on five real tables.

    make peers
    export REBAL_DATA=<folder of the real tables>
    bash benchmarks/peers/generators.sh
    python benchmarks/generators.py [generator ...]

What is asked of each stands in ``peers/generators_tables.py``. Ours draw with three seeds, each
peer once, as it comes. Drawn rows stay in ``peers/.generators`` (remove a folder there to have it
drawn again), and all are scored here by the same code:

instead
    Average precision on the hold-out, taught by the whole drawn table; the mean of boosting and
    logistic regression.
uplift
    What the drawn rows of the rare class add to that of the real rows.
shapes, pairs
    How alike columns, and pairs of columns, of the drawn table are to those of the training rows.
copies
    Drawn rows that are exact copies of training rows, beside hold-out rows that are.

Ours minus each peer, with the 95 % interval of 1,000 paired draws of the hold-out, and pooled over
the tables. It writes ``peers/generators.json``, a line a generator and table.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import json
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from peers.generators_tables import DRAWN, SPEED, TABLES, Task, cpu, task
from sklearn.exceptions import ConvergenceWarning

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.evaluation.synthetic.columns import columns_of
from rebal_core.evaluation.synthetic.fast import joined
from rebal_core.evaluation.synthetic.nearness import nearness
from rebal_core.evaluation.synthetic.shapes import column_shapes, merged, pair_trends
from rebal_core.metrics.probabilities import rank_scores
from rebal_core.model import FitJob
from rebal_core.rows import ORIGINAL, Floats, Ints, TypedRows
from rebal_core.schema import Column, Schema
from rebal_core.seeding import generator
from rebal_core.strategies import STRATEGIES
from rebal_core.strategies.fit import resample

#: Those of ours that may be best, and what is told beside them.
GENERATORS = ("autoregressive", "arf", "copula", "gan", "cgan", "vae", "diffusion")
BASELINES = ("smote", "random_over")
PEERS = ("ctgan", "tvae", "tabular_argn", "arfpy")
#: What has the peers draw.
ASKED = "bash benchmarks/peers/generators.sh"
#: The peer that turned out best on a table.
BEST = "best peer"
SEEDS, DRAWS = (0, 1, 2), 1_000
JUDGES = ("hist_gradient_boosting", "logistic")
#: Epochs of CTGAN as it comes, and those of two short fits that its full time follows from.
EPOCHS, SHORT = 300, (1, 5)
#: A processor that waits for others does so from this load on: such wall seconds say little.
BUSY = 1.5
KEPT = Path(__file__).parent / "peers" / "generators.json"


class Judged:
    """One table, prepared once for all generators."""

    def __init__(self, given: Task) -> None:
        self.given = given
        columns = (
            Column(name, "category" if name in given.categories else "number")
            for name in given.train
            if name != given.target
        )
        target = Column(given.target, "category", "target")
        self.schema = Schema((*columns, target))
        self.preparation, self.train = Preparation.fit(
            given.train, self.codes(given.train), self.schema, seed=0
        )
        self.held = self.rows(given.held)
        even = np.full(len(self.held), 1 / len(self.held))
        counts = generator(0, "hold-out", given.name).multinomial(len(even), even, DRAWS)
        self.weights = np.vstack([np.ones((1, len(self.held))), counts]).T.astype(np.float32)

    def codes(self, frame: pd.DataFrame) -> Ints:
        """Return labels, 1 the rare class."""
        return (frame[self.given.target] == self.given.rare).to_numpy().astype(np.int64)

    def rows(self, frame: pd.DataFrame) -> TypedRows:
        """Return rows as the training rows were prepared."""
        return self.preparation.transform(frame, self.codes(frame))

    def taught_by(self, rows: TypedRows) -> Floats:
        """Return the average precision on the hold-out, and under each draw of it."""
        positive = self.held.y == 1
        if np.unique(rows.y).size < 2:  # nothing can be learned: every row is as likely
            return rank_scores(np.zeros(len(positive)), positive, self.weights)[1]
        scores = []
        for name in JUDGES:
            model = CLASSIFIERS[name].build({}, 0)
            model.fit(FitJob(rows=rows, weight=None, n_classes=2))
            proba = model.predict_proba(self.held)[:, 1]
            scores.append(rank_scores(proba, positive, self.weights)[1])
        return np.asarray(np.mean(scores, axis=0))

    @property
    def real(self) -> Floats:
        """The score of the real training rows."""
        path = DRAWN / "real" / f"{self.given.name}-{self.given.hash}.npz"
        return _remembered(path, lambda: {"real": self.taught_by(self.train)})["real"]


@cache
def judged(name: str) -> Judged:
    """Return a table, read and prepared once."""
    return Judged(task(name, Path(os.environ["REBAL_DATA"])))


def draw(name: str, seed: int, table: str) -> None:
    """Have one of ours draw a whole table and the missing rare rows, in one fit."""
    folder = DRAWN / f"{name}-{seed}" / table
    if (folder / "told.json").exists():
        return
    on = judged(table)
    given, real = on.given, on.given.whole
    common = next(label for label in real if label != given.rare)
    counts = ((0, 2 * real[common]), (1, 2 * real[given.rare] + given.extra[given.rare]))
    load, wall, used = os.getloadavg()[0], time.monotonic(), cpu()
    recipe = resample(Arm(name, JUDGES[0], params=(("counts", counts),)), on.train, None, seed=seed)
    told = {
        "hash": given.hash,
        "asks": "exact counts",
        "seconds": round(time.monotonic() - wall, 2),
        "cpu seconds": round(cpu() - used, 2),
        "load": [round(load, 1), round(os.getloadavg()[0], 1)],
        "versions": [f"{lib} {version(lib)}" for lib in ("rebal", "numpy", "torch")],
    }
    made = on.preparation.restore(given.train, recipe, np.arange(len(on.train)))
    made[given.target] = np.where(recipe.label == 1, given.rare, common)
    made = made.loc[recipe.origin != ORIGINAL, list(given.train)]
    whole = pd.concat([made[made[given.target] == k].head(n) for k, n in real.items()])
    folder.mkdir(parents=True, exist_ok=True)
    whole.to_parquet(folder / "whole.parquet", index=False)
    made.drop(whole.index).to_parquet(folder / "extra.parquet", index=False)
    (folder / "told.json").write_text(json.dumps(told, indent=1) + "\n")


def scored(who: str, table: str) -> tuple[dict[str, Any], dict[str, Floats]] | None:
    """Return what is told of drawn rows, and their scores under each draw; None without rows."""
    folder = DRAWN / who / table
    if not (folder / "told.json").exists():
        return None
    on, told = judged(table), json.loads((folder / "told.json").read_text())
    if told["hash"] != on.given.hash:
        sys.exit(f"{folder} is of other rows; remove it.")
    whole, extra = (pd.read_parquet(folder / f"{part}.parquet") for part in ("whole", "extra"))

    def scores() -> dict[str, Floats]:
        rows = on.rows(whole)
        near = nearness(on.train, rows, on.held)
        real, made = columns_of(on.train), columns_of(rows)
        return {
            "instead": on.taught_by(rows),
            "beside": on.taught_by(joined(on.train, on.rows(extra))),
            "shapes": np.array(merged(column_shapes(real, made))),
            "pairs": np.array(merged(pair_trends(real, made))),
            "copies": np.array([near.copies.made.value, near.copies.held.value]),
            "nearness": np.array([near.made, near.held, near.membership.value]),
        }

    return told, _remembered(folder / "scores.npz", scores)


def _remembered(path: Path, find: Callable[[], dict[str, Floats]]) -> dict[str, Floats]:
    """Return arrays from a file, and write it where it is not there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **find())
    with np.load(path) as found:
        return dict(found)


def line(who: str, table: str, told: dict[str, Any], s: Mapping[str, Floats]) -> dict[str, Any]:
    """Return one generator on one table."""
    real = judged(table).real
    return {
        "generator": who,
        "table": table,
        "real": _told(real[0]),
        "instead": _told(s["instead"][0]),
        "uplift": _told(s["beside"][0] - real[0]),
        "uplift interval": _interval(s["beside"] - real),
        "shapes": _told(s["shapes"]),
        "pairs": _told(s["pairs"]),
        "copies": [_told(v) for v in s["copies"]],
        "5th percentile of distance": [_told(v) for v in s["nearness"][:2]],
        "membership": _told(s["nearness"][2]),
        "seconds": _all_of(told, "seconds"),
        "cpu seconds": _all_of(told, "cpu seconds"),
        "beside other work": max(told["load"]) > BUSY,
        **{k: v for k, v in told.items() if k not in ("peer", "table", "seconds", "cpu seconds")},
    }


def _all_of(told: dict[str, Any], unit: str) -> float:
    """Return what fitting and drawing took together."""
    steps = [unit] if unit in told else [f"{step} {unit}" for step in ("fit", "whole", "extra")]
    return round(sum(told[step] for step in steps), 2)


def full_time() -> dict[str, Any] | None:
    """Return the processor seconds of CTGAN's usual training on the simulated table."""
    folder = DRAWN / "ctgan" / SPEED
    paths = [folder / f"epochs-{n}.json" for n in SHORT]
    if (folder / "told.json").exists():
        fit = json.loads((folder / "told.json").read_text())["fit cpu seconds"]
        return {"CTGAN, cpu seconds": fit, "measured": "in full"}
    if not all(path.exists() for path in paths):
        return None
    short, long = (json.loads(path.read_text())["fit cpu seconds"] for path in paths)
    epoch = (long - short) / (SHORT[1] - SHORT[0])
    fit = short + (EPOCHS - SHORT[0]) * epoch
    told = {"CTGAN, cpu seconds": round(fit), "an epoch": round(epoch, 2)}
    return {**told, "measured": f"from fits of {SHORT[0]} and {SHORT[1]} epochs"}


def gaps(found: Mapping[tuple[str, str], Floats], ours: str, peer: str) -> dict[str, Any]:
    """Return ours minus a peer: per table with its interval, and pooled over the tables."""
    both = [t for t in TABLES if (ours, t) in found and (peer, t) in found]
    each = [found[ours, t] - found[peer, t] for t in both]
    told = {t: [_told(d[0]), *_interval(d)] for t, d in zip(both, each, strict=True)}
    if both:
        pooled = np.mean(each, axis=0)
        told["pooled"] = [_told(pooled[0]), *_interval(pooled)]
    ahead = sum(bool(d[0] >= 0) for d in each)
    return {"ours": ours, "peer": peer, "at least as good": f"{ahead} of {len(both)}", **told}


def main(names: list[str]) -> None:
    """Draw what ours have not drawn yet, score all that is drawn, and tell."""
    if "REBAL_DATA" not in os.environ:
        print("Nothing compared: set REBAL_DATA to the folder of the real tables.")
        return
    ours = [n for n in names or (*GENERATORS, *BASELINES) if n in STRATEGIES.names()]
    lines, found = [], {}
    for table in (*TABLES, SPEED):
        seeds = SEEDS if table in TABLES else SEEDS[:1]
        for name in (*ours, *PEERS):
            every = [name] if name in PEERS else [f"{name}-{seed}" for seed in seeds]
            for seed in seeds if name in ours else ():
                draw(name, seed, table)
            told = [(who, s) for who in every if (s := scored(who, table)) is not None]
            for who, (note, s) in told:
                lines.append(line(who, table, note, s))
                print(json.dumps(lines[-1]), flush=True)
            if told:
                found[name, table] = np.mean([s["instead"] for _, (_, s) in told], axis=0)
    best = {}
    for table in TABLES:
        if rivals := [p for p in PEERS if (p, table) in found]:
            best[table] = max(rivals, key=lambda p: found[p, table][0])
            found[BEST, table] = found[best[table], table]
    compared = [gaps(found, name, peer) for name in ours for peer in (BEST, *PEERS)]
    for told_gap in compared:
        print(json.dumps(told_gap))
    if not best:
        return
    told = {
        "command": f"{ASKED} && {' '.join(['python benchmarks/generators.py', *names])}",
        "lines": lines,
        BEST: best,
        "not drawn": [f"{p} {t}" for p in PEERS for t in TABLES if (p, t) not in found],
        "ours - peer": compared,
        "speed": full_time(),
    }
    KEPT.write_text(_a_line_each(told))


def _a_line_each(told: Mapping[str, Any]) -> str:
    """Return JSON with a line for each entry of a list."""
    parts = []
    for key, value in told.items():
        text = json.dumps(value)
        if isinstance(value, list):
            text = "[\n  " + ",\n  ".join(json.dumps(entry) for entry in value) + "\n ]"
        parts.append(f" {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _told(value: Any) -> float:
    return round(float(value), 4)


def _interval(draws: Floats) -> list[float]:
    return [_told(v) for v in np.quantile(draws[1:], [0.025, 0.975])]


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    main(sys.argv[1:])
