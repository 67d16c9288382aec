"""Compare our neighbour searches, and five remedies on them, with the libraries of today.

    python benchmarks/neighbours.py search [ROWS]    every search on ROWS x 20 (default 200,000)
    python benchmarks/neighbours.py five [ROWS]      five remedies against imbalanced-learn (50,000)
    python benchmarks/neighbours.py flights          six remedies on 3,000,000 rows of 5 numbers
    python benchmarks/neighbours.py                  search and five on 50,000 rows

Data: ``make_classification(ROWS, 20, n_informative=10, weights=[.9], random_state=0)``,
standardised; one thread; processor seconds, which a busy machine stretches least.

``search``: eleven nearest other rows of every row, index build included, and recall on 5,000 rows
that are compared with all. The peers (faiss, pynndescent, usearch) run in an environment of their
own, made by ``make peers``, in one process each. ``five``: SMOTE, ENN, Tomek, SMOTE + Tomek and
SMOTE + ENN of one fold on graphs on disk, as a comparison runs them, against imbalanced-learn's;
above 50,000 rows its time is extrapolated by the exponent between 25,000 and 50,000 rows.

No peer is a dependency: on 200,000 x 20, on a busy machine, faiss's HNSW took 44 s for a recall of
.978 of eleven neighbours, and ours 17 s for .997; at a million rows ours takes 118 s.

The bound of the exact search: a score of two rows is 21 multiply-adds in float32, and each is
looked at once; so n^2 scores cost what a thin matrix product does, and about half of that again.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["NUMBA_NUM_THREADS"] = "1"

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

WIDTH, K, COMPARED, PEERS = 20, 11, 5_000, ".venv-peers/bin/python"


def table(rows: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import make_classification

    X, y = make_classification(rows, WIDTH, n_informative=10, weights=[0.9], random_state=0)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return processor seconds and the result."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def gigabytes() -> float:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def faiss_hnsw(X: np.ndarray, search: int = 40) -> np.ndarray:
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexHNSWFlat(X.shape[1], 16)
    index.hnsw.efConstruction, index.hnsw.efSearch = 60, search
    index.add(X)
    return index.search(X, K + 1)[1]


def faiss_hnsw_80(X: np.ndarray) -> np.ndarray:
    return faiss_hnsw(X, 80)


def faiss_descent(X: np.ndarray) -> np.ndarray:
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexNNDescentFlat(X.shape[1], 32)
    index.nndescent.search_L = 40
    index.add(X)
    return index.search(X, K + 1)[1]


def pynndescent(X: np.ndarray) -> np.ndarray:
    from pynndescent import NNDescent

    return NNDescent(X, n_neighbors=K + 1, random_state=0, n_jobs=1).neighbor_graph[0]


def usearch(X: np.ndarray) -> np.ndarray:
    from usearch.index import Index

    index = Index(ndim=X.shape[1], metric="l2sq", connectivity=16, expansion_add=60)
    index.expansion_search = 40
    index.add(np.arange(len(X)), X, threads=1)
    return index.search(X, K + 1, threads=1).keys.astype(np.int64)


PEER = {f.__name__: f for f in (faiss_hnsw, faiss_hnsw_80, faiss_descent, pynndescent, usearch)}


def run_peer(name: str, folder: Path) -> None:
    """Search as a peer does; write its seconds and the neighbours of the rows that are known."""
    X = np.load(folder / "X.npy").astype(np.float32)
    PEER[name](X[:2000])  # compiled and loaded before
    seconds, found = timed(lambda: PEER[name](X))
    known = np.load(folder / "known.npy")
    np.save(folder / "found.npy", found[known])
    (folder / "told.json").write_text(json.dumps([seconds, gigabytes()]))


def recall(true: np.ndarray, found: np.ndarray, own: np.ndarray, k: int) -> float:
    """Return the part of the k nearest others that is among the first k found, itself aside."""
    hits = 0
    for row, near, me in zip(true, found, own, strict=True):
        hits += len(set(row[:k]) & set(near[near != me][:k]))
    return hits / (k * len(true))


def line(name: str, seconds: float, memory: float, parts: list[float]) -> None:
    told = ", ".join(f"@{k} {part:.4f}" for k, part in zip((1, 3, K), parts, strict=True))
    print(f"{name:16s} {seconds:8.1f} s  {memory:5.2f} GB  recall {told}", flush=True)


def search(rows: int) -> None:
    """Hold every search against the exact neighbours of some rows."""
    from rebal_core.samplers.searching import MOST_EXACT, among
    from rebal_core.samplers.tiles import by_tiles

    X, _y = table(rows)
    known = np.sort(np.random.default_rng(1).choice(rows, COMPARED, replace=False))
    among(X[:2000], K)
    _, true = by_tiles(X, X[known], K, known)

    def parts(found: np.ndarray) -> list[float]:
        return [recall(true, found, known, k) for k in (1, 3, K)]

    seconds, found = timed(lambda: among(X, K))
    name = "ours, exact" if rows <= MOST_EXACT else "ours, in cells"
    line(name, seconds, gigabytes(), parts(found.positions[known]))
    if MOST_EXACT < rows <= 300_000:
        seconds, exact = timed(lambda: by_tiles(X, X, K, np.arange(rows)))
        line("ours, exact", seconds, gigabytes(), parts(exact[1][known]))
    if not Path(PEERS).exists():
        print("The peers are not measured: run `make peers`.")
        return
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "X.npy", X)
        np.save(Path(folder) / "known.npy", known)
        for peer in PEER:
            done = subprocess.run([PEERS, __file__, "peer", peer, folder], capture_output=True)
            if done.returncode:
                print(f"{peer:16s} failed: {done.stderr.decode().strip().splitlines()[-1]}")
                continue
            seconds, memory = json.loads((Path(folder) / "told.json").read_text())
            line(peer, seconds, memory, parts(np.load(Path(folder) / "found.npy")))


def remedies(X: np.ndarray, y: np.ndarray, names: str) -> dict[str, Any]:
    """Run remedies on one fold, whose graphs are on disk; return what those that clean leave."""
    from rebal_core.experiment.neighbours import Folder
    from rebal_core.rows import Layout, TypedRows
    from rebal_core.samplers import Graphs, run_steps
    from rebal_core.strategies import STRATEGIES

    columns = tuple(f"x{j}" for j in range(X.shape[1]))
    layout = Layout(numbers=columns, players=columns)
    codes = np.zeros((len(X), 0), dtype=np.int32)
    rows, found = TypedRows(X.astype(np.float32), codes, y.astype(np.int64), layout), {}
    with tempfile.TemporaryDirectory() as folder:
        shelf = Folder(Path(folder) / "fold")
        for name in names.split():
            graphs = Graphs(X, rows.y, shelf)
            steps = STRATEGIES[name].samplers
            seconds, recipe = timed(
                lambda s=steps, g=graphs: run_steps(
                    s, rows, g, 2, lambda p: np.random.default_rng(p)
                )
            )
            if name in ("enn", "tomek"):  # a comparison holds no recipe either once it is stored
                found[name] = recipe
            print(f"  {name:14s} {seconds:7.1f} s  {len(recipe):,} rows  recall "
                  f"{graphs.recall:.4f}", flush=True)  # fmt: skip
            for note in recipe.notes:
                print(f"    {note}")
    return found


def their_seconds(X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Return imbalanced-learn's seconds for the five."""
    import imblearn.combine
    import imblearn.over_sampling
    import imblearn.under_sampling

    enn = imblearn.under_sampling.EditedNearestNeighbours()
    samplers = {
        "smote": imblearn.over_sampling.SMOTE(random_state=0),
        "enn": enn,
        "tomek": imblearn.under_sampling.TomekLinks(),
        "smote_tomek": imblearn.combine.SMOTETomek(random_state=0),
        "smote_enn": imblearn.combine.SMOTEENN(random_state=0),
    }
    return {n: timed(lambda s=s: s.fit_resample(X, y))[0] for n, s in samplers.items()}


def five(rows: int) -> None:
    """Hold five remedies on shared graphs against imbalanced-learn's."""
    import imblearn.under_sampling

    from rebal_core.samplers import nearest

    X, y = table(rows)
    nearest(X[:2000], 3)
    seconds, found = timed(lambda: remedies(X, y, "smote enn tomek smote_tomek smote_enn"))
    print(f"ours {rows:,} x {WIDTH}: {seconds:.1f} s, {gigabytes():.2f} GB")
    small = min(rows, 50_000)
    theirs = sum(their_seconds(X[:small], y[:small]).values())
    if rows > small:
        half = sum(their_seconds(X[: small // 2], y[: small // 2]).values())
        exponent = np.log2(theirs / half)
        theirs *= (rows / small) ** exponent
        print(f"imbalanced-learn extrapolated by the exponent {exponent:.2f}")
    else:
        for name, sampler in (
            ("enn", imblearn.under_sampling.EditedNearestNeighbours()),
            ("tomek", imblearn.under_sampling.TomekLinks()),
        ):
            sampler.fit_resample(X, y)
            same = np.array_equal(np.sort(sampler.sample_indices_), found[name].base)
            print(f"  {name}: the same rows are left: {same}")
    print(
        f"five on {rows:,}: imbalanced-learn {theirs:.1f} s, theirs / ours {theirs / seconds:.1f}"
    )


def flights() -> None:
    """Run six remedies on three million rows of five numbers, exactly."""
    import pandas as pd

    data = Path(os.environ.get("REBAL_DATA", "")) / "flights_3m.parquet"
    if not data.is_file():
        print("flights: not measured; set REBAL_DATA to the folder of the real tables.")
        return
    frame = pd.read_parquet(data)
    date = frame["date"].dt
    numbers = {
        "day": date.day_of_year,
        "minute": 60 * date.hour + date.minute,
        "distance": frame["distance"],
        "origin": frame["origin"].map(frame["origin"].value_counts()),
        "destination": frame["destination"].map(frame["destination"].value_counts()),
    }
    X = np.column_stack([np.asarray(column, dtype=float) for column in numbers.values()])
    y = (frame["delay"] >= 120).to_numpy().astype(int)
    del frame, numbers
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    began = time.perf_counter()
    names = "smote borderline_smote enn tomek smote_tomek smote_enn"
    seconds, _ = timed(lambda: remedies(X, y, names))
    wall = time.perf_counter() - began
    print(
        f"flights {len(X):,} x 5, exact: {seconds:.1f} s, wall {wall:.1f} s, {gigabytes():.2f} GB"
    )


def main() -> None:
    what, *rest = sys.argv[1:] or [""]
    if what == "peer":
        run_peer(rest[0], Path(rest[1]))
    elif what == "search":
        search(int(rest[0]) if rest else 200_000)
    elif what == "five":
        five(int(rest[0]) if rest else 50_000)
    elif what == "flights":
        flights()
    else:
        search(50_000)
        five(50_000)


if __name__ == "__main__":
    main()
