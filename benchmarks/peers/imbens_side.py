"""What imbens scores; runs in its own environment (see make.sh)."""

import sys
from importlib.metadata import version

import numpy as np
from imbens.ensemble import (
    BalanceCascadeClassifier,
    SelfPacedEnsembleClassifier,
    UnderBaggingClassifier,
)
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.tree import DecisionTreeClassifier

#: In the order of balanced_ensembles.py: the class, and how it draws.
KINDS = (
    (SelfPacedEnsembleClassifier, {}),
    (BalanceCascadeClassifier, {}),
    (BalanceCascadeClassifier, {"replacement": False}),
    (UnderBaggingClassifier, {}),
    (UnderBaggingClassifier, {"bootstrap": False}),
)

with np.load(sys.argv[1]) as arrays:
    given = dict(arrays)
scores = np.zeros((len(KINDS), len(given["seeds"]), int(given["fold"].max()) + 1, 2))
for k, (kind, draws) in enumerate(KINDS):
    for s, seed in enumerate(given["seeds"].tolist()):
        for fold in range(scores.shape[2]):
            test = given["fold"] == fold
            model = kind(
                estimator=DecisionTreeClassifier(),
                n_estimators=int(given["members"]),
                random_state=seed,
                **draws,
            )
            model.fit(given["x"][~test], given["y"][~test])
            p = model.predict_proba(given["x"][test])[:, 1]
            y = given["y"][test]
            scores[k, s, fold] = roc_auc_score(y, p), average_precision_score(y, p)
libraries = [f"{name} {version(name)}" for name in ("imbalanced-ensemble", "scikit-learn")]
np.savez(sys.argv[2], scores=scores, versions=np.array(libraries))
