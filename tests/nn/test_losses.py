"""The losses: against plain numpy, at their identities, far out, and against wrong forms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, logsumexp
from torch import Tensor
from torch.autograd import gradcheck
from torch.nn.functional import cross_entropy

from rebal_core.focal import recovered
from rebal_core.nn.losses import (
    focal,
    label_smoothing,
    ldam,
    ldam_margins,
    logit_adjusted,
    prior_matching,
    soft_cross_entropy,
)

K = 3
SHARES = np.array([0.9, 0.09, 0.01])
ALPHA = np.array([0.2, 0.5, 1.5])
MARGINS = np.array([0.1, 0.2, 0.5])
TARGETS = np.random.default_rng(1).dirichlet(np.ones(K), size=7)
Given = Callable[[Tensor, Tensor], Tensor]


def like(values: np.ndarray, logits: Tensor) -> Tensor:
    return torch.as_tensor(values, dtype=logits.dtype)


def targets(logits: Tensor) -> Tensor:
    return like(TARGETS[np.arange(len(logits)) % len(TARGETS)], logits)


def focal_of(gamma: float, alpha: np.ndarray | None = None) -> Given:
    return lambda z, y: focal(z, y, gamma, None if alpha is None else like(alpha, z))


LOSSES: dict[str, Given] = {
    "focal": focal_of(2.0),
    "focal, weighted": focal_of(0.5, ALPHA),
    "logit-adjusted": lambda z, y: logit_adjusted(z, y, like(np.log(SHARES), z), 1.3),
    "ldam": lambda z, y: ldam(z, y, like(MARGINS, z), 30.0),
    "label smoothing": lambda z, y: label_smoothing(z, y, 0.1),
    "soft targets": lambda z, y: soft_cross_entropy(z, targets(z)),
    "prior matching": lambda z, y: prior_matching(z, like(SHARES, z), 0.7),
}


def reference(name: str, z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the loss as its formula is printed, row by row."""
    rows, log_p = np.arange(len(y)), log_softmax(z, axis=1)
    p, own = np.exp(log_p[rows, y]), log_p[rows, y]
    if name == "focal":
        return -((1 - p) ** 2) * own
    if name == "focal, weighted":
        return -ALPHA[y] * np.sqrt(1 - p) * own
    if name == "logit-adjusted":
        moved = z + 1.3 * np.log(SHARES)
        return logsumexp(moved, axis=1) - moved[rows, y]
    if name == "ldam":
        above = np.exp(30 * (z[rows, y] - MARGINS[y]))
        return -np.log(above / (above + np.exp(30 * z).sum(1) - np.exp(30 * z[rows, y])))
    if name == "label smoothing":
        return -0.9 * own - 0.1 * log_p.mean(axis=1)
    if name == "soft targets":
        return -(TARGETS[rows] * log_p).sum(axis=1)
    return -0.7 * (SHARES * np.log(np.exp(log_p).mean(axis=0))).sum()


def drawn(n: int = 7) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(0)
    return torch.tensor(rng.uniform(-1, 1, (n, K))), torch.arange(n) % K


@pytest.mark.parametrize("name", LOSSES)
def test_it_is_what_its_formula_says(name):
    logits, y = drawn()
    got = LOSSES[name](logits, y).numpy()
    np.testing.assert_allclose(got, reference(name, logits.numpy(), y.numpy()), 1e-10, 1e-13)
    assert got.shape == (() if name == "prior matching" else (len(y),))


@pytest.mark.parametrize("name", LOSSES)
def test_its_gradient_is_its_slope(name):
    logits, y = drawn()
    assert gradcheck(lambda z: LOSSES[name](z, y), logits.requires_grad_())


IDENTITIES: dict[str, Given] = {
    "focal at 0": focal_of(0.0),
    "logit-adjusted at 0": lambda z, y: logit_adjusted(z, y, like(np.log(SHARES), z), 0.0),
    "ldam without margins": lambda z, y: ldam(z, y, torch.zeros(K), 1.0),
    "label smoothing at 0": lambda z, y: label_smoothing(z, y, 0.0),
    "sure targets": lambda z, y: soft_cross_entropy(z, torch.eye(K)[y].to(z.dtype)),
    "prior matching at 0": lambda z, y: (
        cross_entropy(z, y, reduction="none") + prior_matching(z, like(SHARES, z), 0.0)
    ),
}


@pytest.mark.parametrize("name", IDENTITIES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_each_is_the_cross_entropy_at_one_setting(name, dtype):
    logits, y = drawn(300)
    logits = 8 * logits.to(dtype)
    usual = cross_entropy(logits, y, reduction="none")
    assert (IDENTITIES[name](logits, y) - usual).abs().max() < 1e-6


def test_focal_at_0_is_the_weighted_cross_entropy():
    logits, y = drawn(300)
    weighted = cross_entropy(logits, y, like(ALPHA, logits), reduction="none")
    torch.testing.assert_close(focal_of(0.0, ALPHA)(logits, y), weighted, rtol=0, atol=1e-7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", [*LOSSES, "focal of 0.3", "focal of 1"])
def test_no_sureness_breaks_it(name, dtype):
    loss = LOSSES.get(name) or focal_of(float(name.split()[-1]))
    ends = torch.tensor([0.0, 1e-3, 30.0, 200.0, 1e4], dtype=dtype)
    ends = torch.cat([ends, -ends])
    logits = torch.cartesian_prod(*[ends] * K).repeat_interleave(K, dim=0).requires_grad_()
    y = torch.arange(len(logits)) % K
    value = loss(logits, y)
    value.sum().backward()
    assert value.isfinite().all()
    assert (value >= 0).all()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_focal_keeps_its_slope_where_it_is_sure(dtype):
    """``(1 - p)^0.3`` alone has an endless slope at 1; the loss falls off as e^(-1.3 gap)."""
    logits = torch.tensor([[40.0, 0.0]], dtype=dtype, requires_grad=True)
    focal(logits, torch.tensor([0]), 0.3).sum().backward()
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-5


def test_the_rarest_class_has_the_largest_margin():
    margins = ldam_margins(torch.tensor([1600.0, 100.0, 0.0, 1.0]))
    torch.testing.assert_close(margins * torch.tensor([1600**0.25, 100**0.25, 1, 1]),
                               torch.full((4,), 0.5))  # fmt: skip
    assert ldam_margins(torch.tensor([5, 80]), most=0.3).tolist() == pytest.approx([0.3, 0.15])


# AE-10 of science.md: what each loss is least at, by search.


def minimiser(loss: Given, eta: float) -> float:
    """Return the probability of class 1 at which the risk is least, where its true one is eta."""
    y = torch.tensor([0, 1])

    def risk(gap: float) -> float:
        each = loss(torch.tensor([[0.0, gap]] * 2, dtype=torch.float64), y)
        return float((each * torch.tensor([1 - eta, eta])).sum())

    return float(expit(minimize_scalar(risk, bounds=(-12, 12), method="bounded",
                                       options={"xatol": 1e-9}).x))  # fmt: skip


@pytest.mark.parametrize(
    ("eta", "answer"), [(0.01, 0.154), (0.05, 0.250), (0.1, 0.306), (0.9, 0.694), (0.99, 0.846)]
)
def test_focal_answers_too_near_a_half_and_can_be_recovered(eta, answer):
    q = minimiser(focal_of(2.0), eta)
    assert q == pytest.approx(answer, abs=5e-4)
    assert recovered(np.array([[1 - q, q]]), 2.0)[0, 1] == pytest.approx(eta, abs=1e-3)


@pytest.mark.parametrize("alpha", [0.25, 0.75])
def test_an_alpha_is_recovered_as_a_class_weight(alpha):
    q = minimiser(focal_of(2.0, np.array([1 - alpha, alpha])), 0.1)
    rest, own = recovered(np.array([[1 - q, q]]), 2.0)[0] / [1 - alpha, alpha]
    assert own / (own + rest) == pytest.approx(0.1, abs=1e-3)
    assert recovered(np.array([[1 - q, q]]), 2.0)[0, 1] != pytest.approx(0.1, abs=0.02)


def articles(lam: float, share: float) -> Given:
    """Cross-entropy plus ``lam sum_k pi_k log p_k`` in each row, class 1 having that share."""
    shares = torch.tensor([1 - share, share], dtype=torch.float64)
    return lambda z, y: (
        cross_entropy(z, y, reduction="none") + lam * (shares * torch.log_softmax(z, 1)).sum(1)
    )


def test_the_articles_prior_term_falls_without_end():
    gaps = torch.tensor([5.0, 10, 20, 40, 80], dtype=torch.float64)
    logits, y = torch.stack([torch.zeros(5), gaps], dim=1), torch.ones(5, dtype=torch.int64)
    wrong = articles(0.1, 0.01)(logits, y)
    np.testing.assert_allclose(wrong.numpy(), [-0.5, -1, -2, -4, -7.9], atol=0.05)
    np.testing.assert_allclose((wrong.diff() / gaps.diff())[1:].numpy(), -0.099, atol=1e-4)
    shares = torch.tensor([0.99, 0.01], dtype=torch.float64)
    for loss in (
        logit_adjusted(logits, y, shares.log(), 1.0),
        cross_entropy(logits, y) + prior_matching(logits, shares, 0.1),
        label_smoothing(logits, y, 0.1),
    ):
        assert (loss >= 0).all()


@pytest.mark.parametrize(("lam", "share"), [(0.1, 0.01), (0.5, 0.2)])
def test_with_minus_it_smooths_towards_the_majority(lam, share):
    for eta in (0.05, 0.4, 0.9):
        got = minimiser(articles(-lam, share), eta)
        assert got == pytest.approx((eta + lam * share) / (1 + lam), abs=1e-6)


def test_the_uniform_term_is_label_smoothing():
    """Cross-entropy - (lam / K) sum log p is 1 + lam times that of epsilon = lam / (1 + lam)."""
    logits, y = drawn()
    term = cross_entropy(logits, y, reduction="none") - 0.25 * torch.log_softmax(logits, 1).mean(1)
    torch.testing.assert_close(term, 1.25 * label_smoothing(logits, y, 0.2))


@pytest.mark.parametrize("tau", [0.5, 1.0, 2.0])
def test_the_adjusted_logits_are_those_of_other_class_shares(tau):
    """The sign: shares added while it learns, so that its answers have them divided out."""
    log_shares = torch.tensor([0.95, 0.05], dtype=torch.float64).log()
    got = minimiser(lambda z, y: logit_adjusted(z, y, log_shares, tau), 0.2)
    own, rest = 0.2 / 0.05**tau, 0.8 / 0.95**tau
    assert got == pytest.approx(own / (own + rest), abs=1e-6)
    wrong = minimiser(lambda z, y: logit_adjusted(z, y, -log_shares, tau), 0.2)
    assert wrong < 0.2 < got


def test_prior_matching_is_least_where_the_batch_has_the_shares():
    shares = torch.tensor([0.9, 0.1], dtype=torch.float64)
    spread = torch.tensor([-1.0, 0.0, 3.0], dtype=torch.float64)

    def term(shift: float) -> float:
        return float(prior_matching(torch.stack([torch.zeros(3), spread + shift], 1), shares, 1.0))

    best = minimize_scalar(term, bounds=(-12, 12), method="bounded").x
    assert expit(spread.numpy() + best).mean() == pytest.approx(0.1, abs=1e-5)
    assert term(best) == pytest.approx(float(-(shares * shares.log()).sum()))


# Wrong forms in circulation (science.md 2c, 2g): each with an input on which it fails.


def sure(p: float, label: int = 1) -> tuple[Tensor, Tensor]:
    """One row of that label, whose true class is given the probability p."""
    other, own = np.log(1 - p), np.log(p)
    logits = [[own, other] if label == 0 else [other, own]]
    return torch.tensor(logits, dtype=torch.float64), torch.tensor([label])


def test_focal_without_a_logarithm_rewards_being_wrong():
    alpha, gamma = 0.25, 2.0

    def wrong(p):
        return -alpha * (1 - alpha) / p * p**-gamma

    def ours(p):
        return float(focal_of(gamma, np.array([1 - alpha, alpha]))(*sure(p)))

    assert wrong(0.01) == pytest.approx(-187_500)
    assert ours(0.01) == pytest.approx(1.13, abs=5e-3)
    assert wrong(0.01) < wrong(0.9), "the worse, the lower"
    assert ours(0.01) > ours(0.9) > 0


def test_focal_of_a_probability_taken_for_a_logit_never_gets_near_0():
    """Sigmoid of what is a probability already is .5 to .73: the rows never count as learned."""
    logits, y = sure(1 - 1e-9)
    twice = torch.stack([torch.zeros(1, dtype=torch.float64), logits.softmax(1)[:, 1]], dim=1)
    assert float(focal(twice, y, 0.0)) > 0.3
    assert float(focal(logits, y, 0.0)) < 1e-8


def test_weighted_cross_entropy_beside_focal_has_no_way_back():
    """Neither undoing leads from the sum of both to the true .1; it does from focal alone."""
    weight = np.array([1.0, 4.0])

    def back(q: float, gamma: float) -> float:
        rest, own = recovered(np.array([[1 - q, q]]), gamma)[0] / weight
        return float(own / (own + rest))

    alone = minimiser(focal_of(2.0, weight), 0.1)
    both = minimiser(lambda z, y: focal_of(0.0, weight)(z, y) + focal_of(2.0, weight)(z, y), 0.1)
    assert back(alone, 2.0) == pytest.approx(0.1, abs=1e-3)
    assert abs(back(both, 2.0) - 0.1) > 0.01
    assert abs(back(both, 0.0) - 0.1) > 0.01


def test_cross_entropy_without_the_other_class_is_won_by_always_saying_yes():
    logits = torch.tensor([[-50.0, 50.0]] * 4, dtype=torch.float64)
    y = torch.tensor([1, 0, 0, 0])
    assert float(-(y * torch.log_softmax(logits, 1)[:, 1]).mean()) == pytest.approx(0)
    assert float(focal(logits, y, 0.0).mean()) == pytest.approx(75)


def test_cross_entropy_without_its_minus_is_won_by_being_wrong():
    wrong, right = sure(1e-6), sure(0.9)
    assert -focal(*wrong, 0.0) < -focal(*right, 0.0)
    assert focal(*wrong, 0.0) > focal(*right, 0.0)


def test_cross_entropy_with_its_bracket_missing_depends_on_where_a_row_stands():
    """-1/N on the first term only: all further rows are paid for being wrong."""
    logits = torch.cat([sure(0.9)[0], sure(0.01)[0]])
    own = torch.log_softmax(logits, 1)[:, 1]
    missing = float(-own[0] / 2 + own[1])
    assert missing < 0
    assert float(-own[1] / 2 + own[0]) != pytest.approx(missing)
    y = torch.ones(2, dtype=torch.int64)
    assert float(focal(logits, y, 0.0).mean()) == pytest.approx(float(-own.mean()))
    assert float(focal(logits.flip(0), y, 0.0).mean()) == pytest.approx(float(-own.mean()))


def test_class_sums_over_mixed_sizes_weigh_the_minority_down():
    """Minority sum over n1 + n2 and majority sum over n2: a rare row counts less than another."""
    minority, majority = 5, 95
    each = {"rare": 1 / (minority + majority), "frequent": 1 / majority}
    assert each["rare"] < each["frequent"]
    y = torch.tensor([0] * majority + [1] * minority)
    weight = np.array([1 / majority, 1 / minority])
    loss = focal_of(0.0, weight)(torch.zeros(100, 2, dtype=torch.float64), y)
    assert float(loss[y == 1].sum()) == pytest.approx(float(loss[y == 0].sum()))


def test_a_margin_of_all_classes_is_none():
    cosines, y = torch.tensor([[0.4, 0.3]], dtype=torch.float64), torch.tensor([0])
    plain = ldam(cosines, y, torch.zeros(2), 30.0)
    everywhere = cross_entropy(30 * (cosines - 0.2), y, reduction="none")
    torch.testing.assert_close(everywhere, plain)
    assert ldam(cosines, y, torch.full((2,), 0.2), 30.0) > plain + 1


def test_the_adjusted_loss_learns_the_best_balanced_accuracy():
    """AE-11 of science.md with a linear net: ten Gaussian classes, the rarest 100 times rarer."""
    k, d, rng = 10, 5, np.random.default_rng(0)
    centre = rng.normal(size=(k, d)) * 1.05
    share = 100.0 ** -(np.arange(k) / (k - 1))
    y = rng.choice(k, 20_000, p=share / share.sum())
    x = torch.tensor(centre[y] + rng.normal(size=(y.size, d)))
    truth = torch.arange(k).repeat(3_000)
    even = torch.tensor(centre[truth] + rng.normal(size=(len(truth), d)))
    best = float((torch.cdist(even, torch.tensor(centre)).argmin(1) == truth).double().mean())
    log_shares = torch.tensor(np.log(np.bincount(y) / y.size))

    def balanced(tau: float) -> float:
        torch.manual_seed(0)
        net = torch.nn.Linear(d, k, dtype=torch.float64)
        search = torch.optim.LBFGS(net.parameters(), max_iter=25, line_search_fn="strong_wolfe")

        def step() -> Tensor:
            search.zero_grad()
            loss = logit_adjusted(net(x), torch.tensor(y), log_shares, tau).mean()
            loss.backward()
            return loss

        search.step(step)
        return float((net(even).argmax(1) == truth).double().mean())

    scores = {tau: balanced(tau) for tau in (-1.0, 0.0, 1.0, 2.0)}
    assert scores[1.0] == pytest.approx(best, abs=0.01)
    assert max(scores[0.0], scores[2.0]) < best - 0.05
    assert scores[-1.0] < scores[0.0], "the wrong sign favours the frequent classes once more"
