"""Decision rules: what a cut-off is tuned for, and the search for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from rebal_core.decisions.tallies import Tallies
from rebal_core.metrics import Counts, count, decision_scores
from rebal_core.metrics.names import COST
from rebal_core.rows import Floats, Ints
from rebal_core.wording import Names, UserError

#: Rules that name the metric they maximise; they serve two classes and many.
MAXIMISE = ("f1", "macro_f1", "balanced_accuracy", "g_mean", "mcc")
#: Rules that name the metric they serve.
METRIC_RULES = (*MAXIMISE, COST)
#: Exponents of the class shares that are tried for many classes.
TAUS = np.round(np.arange(0.0, 2.05, 0.1), 1)
FEWEST_PICKED = 10
#: What is this near to the best counts as equally good on the screen.
PLATEAU = 0.01


@dataclass(frozen=True)
class Rule:
    """A parsed threshold rule: its kind, and the number that belongs to it."""

    kind: str
    value: float = 0.0

    @property
    def text(self) -> str:
        """As :func:`parse_rule` reads it."""
        sign = {"top_k": ":", "recall": ">=", "precision": ">="}.get(self.kind)
        return self.kind if sign is None else f"{self.kind}{sign}{self.value:.12g}"


@dataclass(frozen=True)
class Cutoff:
    """A tuned cut-off.

    Parameters
    ----------
    value : float
        Two classes: decide for the class from this probability on. Many: the exponent tau of
        ``argmax(log p_k - tau log share_k)``.
    low, high : float
        The plateau: the range in which the metric is within .01 of its best, a cost within 1 %.
    sure : bool
        False where the rows did not allow a search and the class share stands in (tau 1).
    """

    value: float
    low: float
    high: float
    sure: bool = True


def parse_rule(text: str, n_classes: int = 2) -> Rule:
    """Read a threshold rule as it is written in a plan.

    Raises
    ------
    UserError
        When there is no such rule, or it cannot serve that many classes.
    """
    if text == "none" or text in MAXIMISE:
        return Rule(text)
    match = re.fullmatch(r"(top_k:|recall>=|precision>=)(\d+(?:\.\d*)?|\.\d+)", text)
    limit = 1_000.0 if text.startswith("top_k") else 1.0
    if text != COST and (match is None or not 0.0 < float(match[2]) <= limit):
        known = Names((*METRIC_RULES, "top_k:20", "recall>=0.8", "precision>=0.5", "none"))
        raise UserError(
            "There is no threshold rule “{text}”; choose from: {known}.", text=text, known=known
        )
    if n_classes > 2:
        raise UserError(
            "The threshold rule “{text}” needs two classes and the table has {classes}; "
            "choose from: {known}.",
            text=text,
            classes=n_classes,
            known=Names((*MAXIMISE, "none")),
        )
    return Rule(text) if match is None else Rule(match[1].rstrip(":>="), float(match[2]))


def predict(proba: Floats, cutoff: float, prior: Floats, positive: int) -> Ints:
    """Return the decision of each row.

    Parameters
    ----------
    proba : ndarray of shape (n, K)
        Repaired probabilities.
    cutoff : float
        A :class:`Cutoff`'s value.
    prior : ndarray of shape (K,)
        Class shares of the training fold; read for many classes only.
    positive : int
        Code of the class in focus; read for two classes only.

    References
    ----------
    Menon et al. (2021), ICLR, post-hoc logit adjustment; tau 0 is the plain argmax, tau 1 serves
    balanced accuracy.
    """
    if proba.shape[1] == 2:
        yes = proba[:, positive] >= cutoff
        return np.where(yes, np.int64(positive), np.int64(1 - positive))
    return _adjusted(*_logs(proba, prior), cutoff)


def _logs(proba: Floats, prior: Floats) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore"):
        return np.log(proba), np.log(np.where(prior > 0, prior, 1.0))


def _adjusted(proba: Floats, prior: Floats, tau: float) -> Ints:
    """Return the decisions of many classes, from the logarithms of both."""
    return np.asarray(np.argmax(proba - tau * prior, axis=1), dtype=np.int64)


def tune_binary(
    truth: np.ndarray,
    p: Floats,
    rule: Rule,
    share: float,
    costs: Floats | None = None,
    used_at: float | None = None,
) -> Cutoff:
    """Find the cut-off that serves the rule best on these rows.

    Candidates are the midpoints between distinct probabilities (2,000 quantiles of them at most)
    that pick at least ten rows; of equally good ones the middle one is taken.

    Parameters
    ----------
    truth : ndarray of shape (n,), bool
        Whether the row is of the class in focus.
    p : ndarray of shape (n,)
        Its repaired probability, from a model that did not see the row.
    share : float
        The class's share, the answer where nothing can be tuned.
    costs : ndarray of shape (n,), optional
        What a wrong decision on each row costs; the rule of the lowest cost needs them.
    used_at : float, optional
        The class's share where the cut-off will be used, if it is not that of these rows.
    """
    if rule.kind == "none":
        return Cutoff(0.5, 0.5, 0.5)
    tallies = Tallies.of(truth, p, costs if rule.kind == COST else None)
    return tune_tallies(tallies, rule, used_at) or Cutoff(share, share, share, sure=False)


def tune_tallies(tallies: Tallies, rule: Rule, share: float | None = None) -> Cutoff | None:
    """Find the cut-off that serves the rule best, of those that were counted.

    Parameters
    ----------
    tallies : Tallies
    rule : Rule
        Another than ``none``.
    share : float, optional
        Of the class in a population of another mix; default that of the counted rows.

    Returns
    -------
    Cutoff or None
        On the scale of the counted probabilities; None where these rows do not allow a search.
    """
    if not 0 < tallies.positives < tallies.rows or (rule.kind == COST and tallies.lost is None):
        return None
    value = _value(tallies.counts(share), rule)
    if rule.kind != "top_k":
        enough = tallies.picked >= FEWEST_PICKED
        enough |= (tallies.picked == 0) & (rule.kind == COST)
        value = np.where(enough, value, -np.inf)
    return _middle_of_best(tallies.cutoffs, value, rule) if np.isfinite(value).any() else None


def _value(counts: Counts, rule: Rule) -> Floats:
    """How well each candidate serves the rule; the larger the better."""
    scores = decision_scores(counts, positive=1)
    if rule.kind == COST:
        return -scores[COST]
    if rule.kind == "top_k":
        picked = counts.said[:, 1]
        room = rule.value / 1_000.0 * counts.true.sum(-1)
        # As many as there is room for; where ties forbid it, the least excess.
        return np.where(picked <= room, picked, -picked)
    if rule.kind in ("recall", "precision"):
        floor, rest = scores[rule.kind], "precision" if rule.kind == "recall" else "recall"
        reached = floor >= rule.value - 1e-12
        return np.where(reached, np.nan_to_num(scores[rest]), np.nan_to_num(floor) - 2.0)
    return scores[rule.kind]


def _middle_of_best(candidates: Floats, value: Floats, rule: Rule) -> Cutoff:
    best = np.flatnonzero(value >= value.max() - 1e-12)
    k = int(best[best.size // 2])
    plateau = PLATEAU * (abs(value[k]) if rule.kind == COST else 1.0)
    good = candidates[value >= value[k] - plateau]
    return Cutoff(float(candidates[k]), float(good[0]), float(good[-1]))


def tune_many(counts: Counts, rule: Rule) -> Cutoff:
    """Find the exponent tau that serves the rule best.

    Parameters
    ----------
    counts : Counts of shape (len(TAUS), K)
        What each tau does on the rows, see :func:`counts_by_tau`.
    """
    if rule.kind == "none":
        return Cutoff(0.0, 0.0, 0.0)
    value = decision_scores(counts, positive=None)[rule.kind]
    if not (np.isfinite(value).any() and (counts.true[0] > 0).sum() > 1):
        return Cutoff(1.0, 1.0, 1.0, sure=False)
    return _middle_of_best(TAUS, value, rule)


def counts_by_tau(y: Ints, proba: Floats, prior: Floats, weight: Floats | None = None) -> Counts:
    """Count the decisions that each tau makes, of shape (len(TAUS), K); rows may weigh."""
    k = proba.shape[1]
    logs, w = _logs(proba, prior), None if weight is None else weight[:, None]
    each = [count(y, _adjusted(*logs, tau), k, w) for tau in TAUS]
    parts = (np.stack([getattr(c, name) for c in each]) for name in ("hit", "true", "said"))
    return Counts(*(part.reshape(len(TAUS), k) for part in parts))
