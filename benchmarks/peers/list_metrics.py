"""Hold the metrics of lists against RecTools', visit by visit, on a public clickstream.

Lists of 10 of all 217 items of a clothing shop: the most popular ones, and ten drawn ones, for two
trials: the last event of each session is to be foretold, or all items of its second half.

    bash benchmarks/peers/make.sh rectools
    REBAL_DATA=<folder of the real tables> python benchmarks/peers/list_metrics.py

It takes half a minute, and writes ``list_metrics.json`` beside it; a test holds ours against that.
Two of our definitions are not RecTools' defaults. NDCG is divided by the gain of the best list that
k places and |R| true items allow: their ``divide_by_achievable``. The sum of MAP is divided by
``min(|R|, k)``, theirs by |R| (or by k): where more than k items are true their number is told
times ``|R| / k``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from beside import asked, hash_of, keep

from rebal_core.data.reading.load import read_table
from rebal_core.ranking.exposure import Catalogue, by_visit, over_all
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.metrics import METRICS
from rebal_core.ranking.reading import LogColumns, read_log
from rebal_core.ranking.trial import Trial, Truth, last_events
from rebal_core.rows import Ints

#: Two numbers of a visit are the same up to this.
CLOSE = 1e-6
K = 10
FILE = "eshop_clickstream_2008.parquet"
COLUMNS = LogColumns("session ID", "page 2 (clothing model)", ("year", "month", "day", "order"))


def log_of(folder: Path) -> EventLog:
    """Return the clicks."""
    with tempfile.TemporaryDirectory() as scratch:
        return read_log(read_table(folder / FILE, Path(scratch)), COLUMNS).log


def halves(log: EventLog) -> Trial:
    """Return the trial in which all items of each session's second half are to be foretold."""
    place = np.empty(len(log), dtype=np.int64)
    order = np.argsort(log.user, kind="stable")
    counts = np.bincount(log.user, minlength=len(log.users))
    place[order] = np.arange(len(log)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = place < (counts[log.user] + 1) // 2
    learned, later = log.take(first), log.take(~first)
    people = np.flatnonzero(counts >= 2)
    pairs = np.unique(np.stack([np.searchsorted(people, later.user), later.item]), axis=1)
    starts = np.searchsorted(pairs[0], np.arange(len(people) + 1))
    return Trial(learned, learned.visits(people), Truth(starts, pairs[1]))


def lists_of(trial: Trial) -> dict[str, Ints]:
    """Return the lists that are judged."""
    popularity, n = trial.log.popularity, len(trial.visits)
    best = np.argsort(-popularity, kind="stable")[:K]
    drawn = np.random.default_rng(0).random((n, len(popularity))).argsort(axis=1)[:, :K]
    return {"popular": np.tile(best, (n, 1)), "drawn": drawn}


def handed(trials: dict[str, Trial]) -> dict[str, np.ndarray]:
    """Return what RecTools is told."""
    found = {"trials": np.array(list(trials)), "lists": np.array(["popular", "drawn"])}
    for name, trial in trials.items():
        log, truth = trial.log, trial.truth
        parts = {
            "owner": truth.owner, "true": truth.item, "user": log.user, "item": log.item,
            "visits": np.array(len(truth)),
        }  # fmt: skip
        found |= {f"{name}/{part}": values for part, values in (parts | lists_of(trial)).items()}
        found |= {"k": np.array(K), "items": np.array(len(log.items))}
    return found


def scores(trials: dict[str, Trial]) -> dict[str, np.ndarray]:
    """Return what we say, visit by visit, under the names of the other side."""
    found = {}
    for name, trial in trials.items():
        catalogue = Catalogue.of(trial.log)
        for kind, lists in lists_of(trial).items():
            told = {m: metric(lists, trial.truth) for m, metric in METRICS.items()}
            shown = by_visit(lists, trial.visits, catalogue)
            told |= {m: shown[m] for m in ("arp", "novelty")}
            told["coverage"] = np.array([over_all(lists, trial, catalogue)["coverage"]])
            found |= {f"{name}/{kind}/{metric}": values for metric, values in told.items()}
    return found


def main() -> None:
    """Ask, compare, and print the gaps."""
    folder = os.environ.get("REBAL_DATA")
    if not folder:
        sys.exit("list_metrics: nothing measured. Set REBAL_DATA to the folder of the real tables.")
    log = log_of(Path(folder))
    trials = {"last": last_events(log), "half": halves(log)}
    given = handed(trials)
    theirs, ours = asked("rectools", given), scores(trials)
    versions = theirs.pop("versions")
    if set(ours) != set(theirs):
        sys.exit(f"Not the same metrics: {sorted(set(ours) ^ set(theirs))}")
    for name, trial in trials.items():
        true = np.diff(trial.truth.starts)
        for kind in ("popular", "drawn"):
            theirs[f"{name}/{kind}/map"] *= true / np.minimum(true, K)
    gaps = {name: float(np.abs(ours[name] - theirs[name]).max()) for name in ours}
    numbers = {
        "visits": {name: len(trial.visits) for name, trial in trials.items()},
        "true items": {name: len(trial.truth.item) for name, trial in trials.items()},
        "more than k": {
            name: int((np.diff(trial.truth.starts) > K).sum()) for name, trial in trials.items()
        },
        "means": {name: float(values.mean()) for name, values in theirs.items()},
        "largest gap of a visit": max(gaps.values()),
        "holds": max(gaps.values()) <= CLOSE,
    }
    keep("list_metrics", numbers, hash_of(given), versions)


if __name__ == "__main__":
    main()
