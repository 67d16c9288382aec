"""What empulse says; runs in its own environment (see make.sh)."""

import sys
from importlib.metadata import version

import numpy as np
from empulse.datasets import load_credit_scoring_pakdd
from empulse.metrics import cost_loss, savings_score
from empulse.models import CSThresholdClassifier
from sklearn.base import BaseEstimator, ClassifierMixin

#: Of a credit line that is not paid back so much is lost: what the package says.
LOST = 0.75


class Told(ClassifierMixin, BaseEstimator):
    """Says the probability that stands in the first column."""

    def fit(self, X, y):
        """Learn the names of the classes."""
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        """Return what stands there."""
        p = np.asarray(X)[:, 0]
        return np.column_stack([1 - p, p])


def data():
    """Return the credit data: what a model may see, the label, and the costs of each row."""
    found = load_credit_scoring_pakdd(backend="pandas")
    frame = found.data.copy()
    columns = {f"x_{name}": frame[name].to_numpy() for name in frame}
    for name, values in columns.items():
        if values.dtype == object or not np.issubdtype(values.dtype, np.number):
            columns[name] = values.astype(str)
    costs = found.instance_costs
    return {
        **columns,
        "y": np.asarray(found.target, dtype=np.int64),
        "amount": np.asarray(costs["cl"]) * LOST,
        "fp": np.asarray(costs["fp_cost"]),
    }


def said(given):
    """Return decisions and money, by the label, the probability and the costs of each row."""
    y, p = given["y"], given["p"]
    costs = {"fp_cost": np.full(len(y), float(given["fp"])), "fn_cost": given["amount"]}
    model = CSThresholdClassifier(Told(), calibrator=None).fit(p[:, None], y)
    decisions = model.predict(p[:, None], **costs)
    return {
        "decisions": np.asarray(decisions, dtype=np.int64),
        "cost": np.array(cost_loss(y, decisions, **costs)),
        "savings": np.array(savings_score(y, decisions, **costs)),
        "cost_of_ours": np.array(cost_loss(y, given["ours"], **costs)),
        "savings_of_ours": np.array(savings_score(y, given["ours"], **costs)),
    }


with np.load(sys.argv[1]) as arrays:
    handed = dict(arrays)
answer = said(handed) if "p" in handed else data()
libraries = [f"{name} {version(name)}" for name in ("empulse", "numpy", "scikit-learn")]
np.savez(sys.argv[2], versions=np.array(libraries), **answer)
