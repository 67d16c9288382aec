"""The tables on which generators are compared, and what is asked of them: for ours and peers alike.

It needs numpy and pandas only, so that the environment of every peer can import it.

Each table is cut to 10,000 rows (stratified), 30 % of them are held out (stratified, seed 0), and a
generator sees the rest as a frame with the target column. Of that it makes

whole
    a table with as many rows of each class as the training part has, and
extra
    as many more rows of the rare class as are missing for balance, 10,000 at most.

Columns that are known only afterwards (``duration``), weights and marks of a split are left out.
Codes of things that have no order are handed on as categories. ``page-blocks0`` is the one small
set: it has the most rare rows of them (559), and numbers only, as no other table here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

CAP, HOLD_OUT, MOST, SEED = 10_000, 0.3, 10_000, 0
#: Who has no conditions is asked until there are enough, or for so many processor seconds.
PATIENCE = 300.0
#: Where drawn rows are kept.
DRAWN = Path(__file__).parent / ".generators"


@dataclass(frozen=True)
class Table:
    """One table: its file, its target, the rare class, and which numbers are names."""

    file: str
    target: str
    rare: str
    codes: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    share: float | None = None


TABLES = {
    "page-blocks0": Table("small/page-blocks0", "Class", "positive"),
    "caravan": Table("caravan", "Purchase", "Yes", codes=("MOSTYPE", "MOSHOOFD")),
    "online_shoppers": Table(
        "online_shoppers",
        "Revenue",
        "True",
        codes=("OperatingSystems", "Browser", "Region", "TrafficType"),
    ),
    "bank_marketing": Table("bank_marketing", "y", "yes", drop=("duration",)),
    "adult": Table("adult", "income", ">50K", drop=("fnlwgt", "split"), share=0.02),
}
#: Made by numbers of a seed, on which seconds are measured; not one of the five.
SPEED = "speed"


@dataclass(frozen=True)
class Task:
    """What a generator learns from, and what it is judged on."""

    name: str
    target: str
    rare: str
    train: pd.DataFrame
    held: pd.DataFrame

    @property
    def categories(self) -> list[str]:
        """Columns that are no numbers, the target among them."""
        return [c for c in self.train if not pd.api.types.is_numeric_dtype(self.train[c])]

    @property
    def whole(self) -> dict[str, int]:
        """Rows of each class of a whole table."""
        return {str(k): int(n) for k, n in self.train[self.target].value_counts().items()}

    @property
    def extra(self) -> dict[str, int]:
        """Rows of the rare class that are missing for balance."""
        counts = self.whole
        return {self.rare: min(max(counts.values()) - counts[self.rare], MOST)}

    @property
    def hash(self) -> str:
        """16 hex digits that stand for the values of both parts."""
        text = self.train.to_csv(index=False) + self.held.to_csv(index=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def task(name: str, folder: Path) -> Task:
    """Return a table in its two parts; ``folder`` holds the real tables."""
    if name == SPEED:
        frame, target, rare = simulated(), "label", "rare"
    else:
        table = TABLES[name]
        frame = _read(table, folder)
        target, rare = table.target, table.rare
        frame = _part(frame, target, min(1.0, CAP / len(frame)))[0]
    held, train = _part(frame, target, HOLD_OUT)
    return Task(name, target, rare, train, held)


def simulated(train: int = 20_000) -> pd.DataFrame:
    """Return six numbers and eight categories around 12 hidden centres, 5 % of them rare.

    So many rows that about ``train`` are left to learn from.
    """
    rows = round(train / (1 - HOLD_OUT))
    rng = np.random.default_rng(SEED)
    kind = rng.integers(0, 12, rows)
    z = rng.normal(0, 1.6, (12, 6))[kind] + rng.normal(size=(rows, 6)) @ rng.normal(0, 0.6, (6, 6))
    frame = pd.DataFrame({"n0": np.exp(z[:, 0] / 2).round(3), "n1": np.rint(10 * z[:, 1])})
    for j in range(2, 6):
        frame[f"n{j}"] = z[:, j].round(4)
    for j, width in enumerate((2, 3, 4, 6, 8, 12, 20, 40)):
        odds = z @ rng.normal(0, 0.7, (6, width)) - 0.15 * np.arange(width)
        drawn = (odds + rng.gumbel(size=odds.shape)).argmax(axis=1)
        frame[f"c{j}"] = pd.Series(drawn).map("v{:02}".format).astype(object)
    odds = 1.4 * z[:, 2] - 1.1 * z[:, 3] + 0.8 * (frame["c3"] == "v01") + np.abs(z[:, 4])
    odds += rng.logistic(size=rows)
    rare = odds > np.quantile(odds, 0.95)
    frame["label"] = np.where(rare, "rare", "common").astype(object)
    return frame


def filled(
    draw: Callable[[str | None, int], pd.DataFrame],
    wanted: Mapping[str, int],
    target: str,
    conditional: bool,
) -> tuple[pd.DataFrame, int]:
    """Ask until every class has its rows, and return them with the number of rows drawn.

    ``draw(label, rows)`` hands rows over, of one class where there are conditions. Rows of a class
    that was not asked for, or that has enough, are left out.
    """
    got = {label: pd.DataFrame() for label in wanted}
    asked, start = 0, cpu()

    def more(label: str | None) -> bool:
        """Ask once; tell whether a class still lacks rows, and there is time."""
        nonlocal asked
        missing = {k: wanted[k] - len(got[k]) for k in wanted if label in (None, k)}
        again = any(0 < missing[k] < wanted[k] for k in missing)
        part = draw(label, max(sum(missing.values()), 1_000 if again else 1))
        asked += len(part)
        for k, rows in missing.items():
            fresh = part[part[target].astype(str) == k].head(rows)
            got[k] = pd.concat([got[k], fresh], ignore_index=True)
        late = cpu() - start >= PATIENCE
        return not late and any(len(got[k]) < wanted[k] for k in missing)

    for label in wanted if conditional else (None,):
        while more(label):
            pass
    return pd.concat(got.values(), ignore_index=True), asked


def cpu() -> float:
    """Return processor seconds of this process and of those that it waited for."""
    return sum(os.times()[:4])


def _read(table: Table, folder: Path) -> pd.DataFrame:
    frame = pd.read_parquet(folder / f"{table.file}.parquet").drop(columns=list(table.drop))
    for name in frame:
        number = pd.api.types.is_numeric_dtype(frame[name])
        if not number or frame[name].dtype == bool or name in table.codes:
            frame[name] = frame[name].astype(str).astype(object)
    if table.share is None:
        return frame
    rare = (frame[table.target] == table.rare).to_numpy()
    keep = round(table.share / (1 - table.share) * int((~rare).sum()))
    chosen = np.random.default_rng(SEED).permutation(np.flatnonzero(rare))[:keep]
    return frame.iloc[np.sort(np.concatenate([np.flatnonzero(~rare), chosen]))]


def _part(frame: pd.DataFrame, target: str, share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a share of every class, and the rest, both in the order of the table."""
    rng, y = np.random.default_rng(SEED), frame[target].to_numpy()
    chosen = np.zeros(len(frame), dtype=bool)
    for label in sorted(set(y)):
        rows = rng.permutation(np.flatnonzero(y == label))
        chosen[rows[: round(share * len(rows))]] = True
    return frame[chosen].reset_index(drop=True), frame[~chosen].reset_index(drop=True)
