"""What sdmetrics says of columns and pairs; runs in its own environment (see make.sh)."""

import sys
from importlib.metadata import version
from itertools import combinations

import numpy as np
import pandas as pd
from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity
from sdmetrics.single_column import (
    CategoryCoverage,
    KSComplement,
    MissingValueSimilarity,
    TVComplement,
)

with np.load(sys.argv[1]) as arrays:
    given = dict(arrays)
real, made = (
    pd.DataFrame({name[5:]: given[name] for name in given if name.startswith(side)})
    for side in ("real_", "made_")
)
numbers = [name for name in real if real[name].dtype.kind == "f"]
codes = [name for name in real if name not in numbers]

told = {}
for name in numbers:
    told[f"{name} number"] = KSComplement.compute(real[name], made[name])
    told[f"{name} missing"] = MissingValueSimilarity.compute(real[name], made[name])
for name in codes:
    told[f"{name} category"] = TVComplement.compute(real[name], made[name])
    told[f"{name} coverage"] = CategoryCoverage.compute(real[name], made[name])
for pair in combinations([*numbers, *codes], 2):
    columns = list(pair)
    one, two = real[columns].copy(), made[columns].copy()
    if pair[1] in numbers:
        score = CorrelationSimilarity.compute(one, two)
        told[f"{pair[0]} {pair[1]} correlation"] = score
    else:
        cut = [name for name in columns if name in numbers]
        score = ContingencySimilarity.compute(one, two, continuous_column_names=cut or None)
        told[f"{pair[0]} {pair[1]} contingency"] = score
libraries = [f"{name} {version(name)}" for name in ("sdmetrics", "numpy", "pandas", "scipy")]
np.savez(
    sys.argv[2],
    names=np.array(list(told)),
    scores=np.array(list(told.values()), dtype=float),
    versions=np.array(libraries),
)
