"""Fit a peer on a table and keep what it draws; runs in an environment of its own (generators.sh).

Each peer runs with the settings that it comes with. It is used as a program from outside: its
documented calls, nothing of its code.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from generators_tables import DRAWN, SEED, Task, cpu, filled, task


class Ctgan:
    """CTGAN: a class may be asked for, but need not come, so other rows are left out."""

    settings: ClassVar[dict[str, int]] = {}
    conditional, libraries = True, ("ctgan", "torch")

    def fit(self, given: Task) -> None:
        """Learn."""
        import torch
        from ctgan import CTGAN

        torch.manual_seed(SEED)
        self.target = given.target
        self.model = CTGAN(enable_gpu=False, **self.settings)
        self.model.set_random_state(SEED)
        self.model.fit(given.train, discrete_columns=given.categories)

    def draw(self, label: str | None, rows: int) -> pd.DataFrame:
        """Draw rows of which most are of a class."""
        return self.model.sample(rows, condition_column=self.target, condition_value=label)


class Tvae:
    """TVAE: no conditions."""

    settings: ClassVar[dict[str, int]] = {}
    conditional, libraries = False, ("ctgan", "torch")

    def fit(self, given: Task) -> None:
        """Learn."""
        import torch
        from ctgan import TVAE

        torch.manual_seed(SEED)
        self.model = TVAE(enable_gpu=False, **self.settings)
        self.model.set_random_state(SEED)
        self.model.fit(given.train, discrete_columns=given.categories)

    def draw(self, label: str | None, rows: int) -> pd.DataFrame:
        """Draw rows."""
        return self.model.sample(rows)


class TabularArgn:
    """TabularARGN: draws the other columns given the class, so every row counts."""

    conditional, libraries = True, ("mostlyai-engine", "torch")

    def fit(self, given: Task) -> None:
        """Learn."""
        from mostlyai.engine import TabularARGN

        self.target = given.target
        self.model = TabularARGN(device="cpu", random_state=SEED)
        self.model.fit(given.train)

    def draw(self, label: str | None, rows: int) -> pd.DataFrame:
        """Draw rows of a class."""
        return self.model.sample(seed_data=pd.DataFrame({self.target: [label] * rows}))


class Arf:
    """Arfpy: no conditions."""

    conditional, libraries = False, ("arfpy", "scikit-learn")

    def fit(self, given: Task) -> None:
        """Learn."""
        from arfpy.arf import arf

        np.random.seed(SEED)  # noqa: NPY002 (it draws from these)
        self.model = arf(x=given.train, random_state=SEED, verbose=False)
        self.model.forde()

    def draw(self, label: str | None, rows: int) -> pd.DataFrame:
        """Draw rows."""
        return self.model.forge(n=rows)


PEERS = {"ctgan": Ctgan, "tvae": Tvae, "tabular_argn": TabularArgn, "arfpy": Arf}


def main(name: str, table: str, epochs: str = "") -> None:
    """Fit, draw, and write the rows with what they took.

    With ``epochs`` it fits for so many and tells the seconds only: those of all epochs follow from
    two such fits where they would take an hour.
    """
    given, peer = task(table, Path(os.environ["REBAL_DATA"])), PEERS[name]()
    if epochs:
        peer.settings = {"epochs": int(epochs)}
    asks = "conditions" if peer.conditional else "drawn until there are enough"
    told = {"peer": name, "table": table, "hash": given.hash, "asks": asks}
    told["versions"] = [f"{lib} {version(lib)}" for lib in peer.libraries]
    told["versions"].append(f"python {sys.version.split()[0]}")
    folder, load = DRAWN / name / table, os.getloadavg()[0]
    folder.mkdir(parents=True, exist_ok=True)
    steps = {"fit": None} if epochs else {"fit": None, "whole": given.whole, "extra": given.extra}
    for step, wanted in steps.items():
        wall, used = time.monotonic(), cpu()
        if wanted is None:
            peer.fit(given)
        else:
            rows, asked = filled(peer.draw, wanted, given.target, peer.conditional)
            rows[given.train.columns].to_parquet(folder / f"{step}.parquet")
            told[f"{step} rows"], told[f"{step} drawn"] = len(rows), asked
        told[f"{step} seconds"] = round(time.monotonic() - wall, 2)
        told[f"{step} cpu seconds"] = round(cpu() - used, 2)
    told["load"] = [round(load, 1), round(os.getloadavg()[0], 1)]
    path = folder / (f"epochs-{epochs}.json" if epochs else "told.json")
    path.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
