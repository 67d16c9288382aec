"""Diagnosis table: which of five diseases a patient has."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rebal_core.data.simulate.draw import exact_labels
from rebal_core.seeding import generator

SHARES = {
    "cold": 0.62,
    "influenza": 0.24,
    "bronchitis": 0.107,
    "pneumonia": 0.03,
    "tuberculosis": 0.003,
}
#: Mean of each laboratory value by disease (order of SHARES), standard deviation, share missing.
VALUES: dict[str, tuple[tuple[float, ...], float, float]] = {
    "temperature": ((37.1, 38.7, 37.6, 38.8, 37.7), 0.6, 0.0),
    "heart_rate": ((78, 92, 82, 98, 86), 11.0, 0.02),
    "oxygen": ((97.6, 97.0, 96.2, 92.5, 95.2), 1.3, 0.04),
    "log_crp": ((1.3, 2.2, 2.4, 4.3, 3.2), 0.7, 0.25),
    "white_cells": ((7.2, 5.6, 8.8, 13.4, 8.4), 2.2, 0.2),
    "lymphocytes": ((2.2, 1.4, 2.0, 1.2, 1.1), 0.5, 0.35),
    "haemoglobin": ((13.9, 13.8, 13.7, 13.2, 11.9), 1.3, 0.2),
    "weight_loss_kg": ((0.2, 0.4, 0.4, 0.9, 3.0), 1.5, 0.1),
}
#: Chance of each kind of cough (dry, wet, bloody, no cough) by disease.
COUGH = (
    (0.30, 0.15, 0.0, 0.55),
    (0.60, 0.10, 0.0, 0.30),
    (0.15, 0.80, 0.01, 0.04),
    (0.20, 0.70, 0.03, 0.07),
    (0.25, 0.45, 0.20, 0.10),
)
COUGH_DAYS = (4.0, 5.0, 11.0, 8.0, 40.0)
AGE = (35.0, 38.0, 48.0, 60.0, 47.0)


def simulate_diagnosis(rows: int = 12_000, seed: int = 0) -> pd.DataFrame:
    """Return patients with laboratory values, some not measured, and one of five diseases.

    Parameters
    ----------
    rows : int
        Patients; each disease has exactly its share of them (largest remainders).
    seed : int
        Same seed, same table.

    Returns
    -------
    DataFrame
        ``patient_id, age, sex, smoker, cough, cough_days``, the names of :data:`VALUES`,
        ``diagnosis``.

    Notes
    -----
    Truth. Shares: cold 62 %, influenza 24 %, bronchitis 10.7 %, pneumonia 3 %, tuberculosis 0.3 %
    (36 rows). Given the disease, the values are independent and normal with the means and standard
    deviations of :data:`VALUES`, except ``cough_days`` (exponential, means 4, 5, 11, 8, 40) and
    ``cough`` (:data:`COUGH`). Age is normal (sd 17, kept within 1 to 95) with means 35, 38, 48,
    60, 47. ``sex`` has no effect; 45 % smoke with tuberculosis or bronchitis, 25 % otherwise.

    Values are missing at random given the temperature: the share of :data:`VALUES` below 38
    degrees, half of it from 38 on, because the feverish are tested more.
    """
    rng = generator(seed, "diagnosis")
    disease = exact_labels(np.array(list(SHARES.values())), rows, rng)
    smoker = rng.random(rows) < np.where(np.isin(disease, (2, 4)), 0.45, 0.25)
    draws = rng.random(rows)
    cumulative = np.cumsum(np.array(COUGH), axis=1)[disease]
    cough = (draws[:, None] > cumulative).sum(axis=1).clip(max=3)
    columns: dict[str, object] = {
        "patient_id": [f"p{n:05d}" for n in range(rows)],
        "age": np.round(rng.normal(np.array(AGE)[disease], 17)).clip(1, 95).astype(np.int64),
        "sex": rng.choice(np.array(["female", "male"]), rows),
        "smoker": np.where(smoker, "yes", "no"),
        "cough": np.array(["dry", "wet", "bloody", "no cough"])[cough],
        "cough_days": np.ceil(rng.exponential(np.array(COUGH_DAYS)[disease])).astype(np.int64),
    }
    fever = np.zeros(rows, dtype=bool)
    for name, (means, sd, missing) in VALUES.items():
        values = np.round(rng.normal(np.array(means)[disease], sd), 1)
        if name == "temperature":
            fever = values >= 38
        absent = rng.random(rows) < missing * np.where(fever, 0.5, 1.0)
        columns[name] = np.where(absent, np.nan, values)
    columns["diagnosis"] = np.array(list(SHARES))[disease]
    return pd.DataFrame(columns)
