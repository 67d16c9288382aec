"""What mixes and shakes rows: targets go along, columns stay columns, draws follow the seed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import beta, kstest

from rebal_core.nn.mixing import feature_noise, mixup, swap_noise


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_targets_are_mixed_as_the_rows_are():
    """The rows are their own targets here, so that both must come out alike."""
    y = torch.arange(500) % 3
    sure = torch.eye(3)[y]
    points, targets = mixup(sure, sure.double(), 0.4, draws())
    torch.testing.assert_close(points, targets.float())
    torch.testing.assert_close(targets.sum(1), torch.ones(500).double())
    hard = torch.eye(3)[y]
    assert (points - hard).abs().amax(1).gt(0.5).float().mean() > 0.2, "labels that rows left"


def test_hard_labels_after_mixing_say_nothing():
    """Class 0 lies at 0 and class 1 at 1: a mixed row at .9 is as often labelled 0 as 1."""
    y = torch.arange(20_000) % 2
    points, targets = mixup(y[:, None].double(), torch.eye(2)[y], 0.4, draws())
    near_one = (points[:, 0] > 0.8) & (points[:, 0] < 0.999)
    assert near_one.sum() > 500
    assert float(y[near_one].double().mean()) == pytest.approx(0.5, abs=0.05)
    assert float(targets[near_one, 1].mean()) > 0.8


@pytest.mark.parametrize("alpha", [0.1, 0.4, 1.0, 3.0])
def test_the_part_is_beta_for_each_row(alpha):
    n = 2000
    parts, _targets = mixup(torch.eye(n, dtype=torch.float64), torch.zeros(n, 2), alpha, draws())
    torch.testing.assert_close(parts.sum(1), torch.ones(n, dtype=torch.float64))
    mixed = parts.diagonal()[(parts > 0).sum(1) == 2].numpy()
    assert len(mixed) > 1000
    if alpha > 0.3:  # Below that, parts round to 0 and 1.
        assert kstest(mixed, beta(alpha, alpha).cdf).pvalue > 0.01


def test_points_may_have_more_axes():
    points, _targets = mixup(torch.arange(24.0).view(4, 3, 2), torch.eye(4), 1.0, draws())
    assert points.shape == (4, 3, 2)
    flat, _targets = mixup(torch.arange(24.0).view(4, 6), torch.eye(4), 1.0, draws())
    assert torch.equal(points.view(4, 6), flat)


def test_weights_in_the_targets_are_mixed_with_them():
    y, weight = torch.arange(300) % 2, torch.tensor([1.0, 9.0])
    sure = torch.eye(2)[y]
    _points, plain = mixup(sure, sure, 0.4, draws())
    _points, weighted = mixup(sure, sure * weight[y, None], 0.4, draws())
    torch.testing.assert_close(weighted, plain * weight)


def test_remix_leans_to_the_rare_class():
    y = (torch.arange(4000) % 10 == 0).long()
    sizes = torch.tensor([3600.0, 400.0])[y]
    sure = torch.eye(2)[y]
    plain_points, plain = mixup(sure, sure, 1.0, draws())
    points, targets = mixup(sure, sure, 1.0, draws(), sizes)
    assert torch.equal(points, plain_points)
    part = points[:, 1]  # That of the rare class in each row.
    more = (part > 0.5) & (part < 1)
    assert more.sum() > 100
    assert (targets[more, 1] == 1).all()
    assert torch.equal(targets[~more], plain[~more])
    alike = mixup(sure, sure, 1.0, draws(), torch.ones(4000))[1]
    assert torch.equal(alike, plain)


def test_noise_has_the_size_asked_for():
    numbers = torch.full((4000, 3), 5.0)
    made = feature_noise(numbers, 0.3, draws())
    np.testing.assert_allclose((made - numbers).std(0), 0.3, rtol=0.05)
    np.testing.assert_allclose(made.mean(0), 5, atol=0.03)
    assert torch.equal(feature_noise(numbers, 0.0, draws()), numbers)


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_swapped_values_are_those_of_other_rows_in_the_same_column(rate):
    codes = torch.arange(2000)[:, None] + torch.tensor([0, 10_000, 20_000])
    made = swap_noise(codes, rate, draws())
    assert made.dtype == torch.int64
    assert torch.equal(made // 10_000, codes // 10_000), "columns stay columns"
    assert float((made != codes).float().mean()) == pytest.approx(rate, abs=0.03)
    together = ((made != codes).sum(1) == 3).float().mean()
    assert float(together) == pytest.approx(rate**3, abs=0.03), "each value for itself"


def test_no_row_is_swapped_with_itself():
    codes = torch.arange(3)[:, None].expand(3, 200)
    assert (swap_noise(codes, 1.0, draws()) != codes).all()


def test_a_row_alone_stays():
    codes = torch.tensor([[3, 4]])
    assert torch.equal(swap_noise(codes, 1.0, draws()), codes)
    points, targets = mixup(torch.ones(1, 2), torch.eye(2)[:1], 0.4, draws())
    assert torch.equal(points, torch.ones(1, 2))
    assert torch.equal(targets, torch.eye(2)[:1])


@pytest.mark.parametrize(
    "work",
    [
        lambda g: mixup(torch.eye(50), torch.eye(50), 0.4, g)[0],
        lambda g: feature_noise(torch.eye(50), 0.1, g),
        lambda g: swap_noise(torch.arange(50)[:, None], 0.5, g),
    ],
)
def test_draws_are_those_of_the_generator(work):
    first = work(draws(1))
    torch.manual_seed(9)
    assert torch.equal(work(draws(1)), first)
    assert not torch.equal(work(draws(2)), first)
