"""What runs on a GPU where there is one: the same network, to the same answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rebal_core.arm import Arm
from rebal_core.nn.rows import Source, best_device
from rebal_core.rows import Layout, TypedRows
from rebal_core.strategies import fit_arm

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="there is no CUDA device on this machine"
)


def rows_of(n: int = 2000) -> TypedRows:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 4)).astype(np.float32)
    y = (rng.random(n) < 1 / (1 + np.exp(2 - 2 * x[:, 0]))).astype(np.int64)
    names = ("a", "b", "c", "d")
    codes = rng.integers(-1, 3, size=(n, 1)).astype(np.int32)
    return TypedRows(x, codes, y, Layout(names, ("e",), (3,), players=names))


def test_a_table_that_fits_stays_on_the_device() -> None:
    rows = rows_of()
    source = Source([rows.numbers], rows.codes, rows.y, np.ones(len(rows)), best_device())
    taken = source.take(torch.tensor([3, 1]))
    assert taken.numbers.device.type == "cuda"
    np.testing.assert_array_equal(taken.numbers.cpu().numpy(), rows.numbers[[3, 1]])
    np.testing.assert_array_equal(taken.codes.cpu().numpy(), rows.codes[[3, 1]] + 1)


@pytest.mark.parametrize("network", ["mlp", "tabm", "ft_transformer", "torch_logistic"])
@pytest.mark.parametrize("name", ["none", "focal", "ldam_drw", "mixup"])
def test_it_learns_there_as_here(name: str, network: str, monkeypatch) -> None:
    rows = rows_of()
    there = fit_arm(Arm(name, network), rows, seed=0).predict_proba(rows)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    here = fit_arm(Arm(name, network), rows, seed=0).predict_proba(rows)
    assert np.abs(there - here).mean() < 0.05  # other draws, and sums in another order
