"""What RecTools says of lists; runs in its own environment (see make.sh)."""

import sys
from importlib.metadata import version

import numpy as np
import pandas as pd
from rectools import Columns
from rectools.metrics import (
    MAP,
    MRR,
    NDCG,
    AvgRecPopularity,
    CatalogCoverage,
    HitRate,
    MeanInvUserFreq,
    Precision,
    Recall,
)

with np.load(sys.argv[1]) as arrays:
    given = dict(arrays)
k, items = int(given["k"]), int(given["items"])


def pairs(user, item, rank=None):
    """Return a table as RecTools wants it."""
    columns = {Columns.User: user, Columns.Item: item}
    return pd.DataFrame(columns if rank is None else columns | {Columns.Rank: rank})


def asked(lists):
    """Return the lists as a table, a line a place that is filled."""
    row, place = np.nonzero(lists >= 0)
    return pairs(row, lists[row, place], place + 1)


# NDCG is divided by what k places and |R| items allow, as ours; by default it would be by k ones.
right = {
    "recall": Recall(k),
    "ndcg": NDCG(k, divide_by_achievable=True),
    "mrr": MRR(k),
    "map": MAP(k),
    "precision": Precision(k),
    "hit": HitRate(k),
}
told = {}
for trial in given["trials"]:
    truth = pairs(given[f"{trial}/owner"], given[f"{trial}/true"])
    known = pairs(given[f"{trial}/user"], given[f"{trial}/item"])
    visits = np.arange(int(given[f"{trial}/visits"]))
    for name in given["lists"]:
        reco = asked(given[f"{trial}/{name}"])
        found = {m: metric.calc_per_user(reco, truth) for m, metric in right.items()}
        found["arp"] = AvgRecPopularity(k).calc_per_user(reco, known)
        found["novelty"] = MeanInvUserFreq(k).calc_per_user(reco, known)
        for metric, values in found.items():
            told[f"{trial}/{name}/{metric}"] = values.reindex(visits).to_numpy(float)
        share = CatalogCoverage(k, normalize=True).calc(reco, range(items))
        told[f"{trial}/{name}/coverage"] = np.array([share])
libraries = [f"{name} {version(name)}" for name in ("rectools", "numpy", "pandas", "scipy")]
np.savez(sys.argv[2], versions=np.array(libraries), **told)
