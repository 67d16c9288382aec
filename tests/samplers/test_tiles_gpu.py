"""The search by a GPU finds the same neighbours; torch's CPU stands in where there is none."""

import numpy as np
import pytest
import torch

from rebal_core.samplers import searching, tiles, tiles_gpu


def points(n: int, d: int = 12) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, d)).round(1)  # with equal distances


@pytest.fixture(params=["cpu", "cuda"])
def on_torch(request, monkeypatch):
    """Every search goes by torch, in tiles of which there are several."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device on this machine")
    asked = []

    def there(*size):
        asked.append(size)
        return torch.device(request.param)

    for module in (tiles, searching):
        monkeypatch.setattr(module, "device_for", there)
    monkeypatch.setattr(tiles_gpu, "_TILE", 300)
    monkeypatch.setattr(tiles_gpu.Scores, "queries", 256)
    return asked


@pytest.mark.parametrize("n", [7, 1000])
def test_the_same_neighbours_among_rows(n, on_torch, monkeypatch):
    x = points(n)
    there = searching.among(x, 11)
    assert on_torch
    monkeypatch.undo()
    here = searching.among(x, 11)
    np.testing.assert_array_equal(there.positions, here.positions)
    np.testing.assert_array_equal(there.distances, here.distances)


def test_the_same_neighbours_of_others_and_of_grown_rows(on_torch, monkeypatch):
    x, q = points(900), points(500) + 0.1
    there = [searching.search(x, q, 5), *searching.among_grown(x, 600, 6)]
    monkeypatch.undo()
    here = [searching.search(x, q, 5), *searching.among_grown(x, 600, 6)]
    for one, other in zip(there, here, strict=True):
        np.testing.assert_array_equal(one.positions, other.positions)
        np.testing.assert_array_equal(one.distances, other.distances)


def test_what_is_left_out_for_float32_is_compared_with_all(on_torch):
    x = points(800) * 1e-3 + 1e4  # differences that float32 hardly sees
    found = searching.among(x, 5)
    gaps = np.linalg.norm(x[:, None] - x[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    np.testing.assert_allclose(found.distances, np.sort(gaps, axis=1)[:, :5], atol=1e-12)


def test_whole_products_are_asked_for_and_the_setting_is_given_back(on_torch, monkeypatch):
    met = []
    real = torch.Tensor.topk
    monkeypatch.setattr(
        torch.Tensor,
        "topk",
        lambda *a, **k: met.append(torch.get_float32_matmul_precision()) or real(*a, **k),
    )
    torch.set_float32_matmul_precision("high")
    try:
        searching.among(points(400), 5)
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision("highest")
    assert set(met) == {"highest"}


def test_a_gpu_is_asked_for_where_it_is_worth_it_and_has_room(monkeypatch):
    assert tiles_gpu.device_for(1000, 1000, 20) is None, "few"
    monkeypatch.setattr(tiles_gpu, "visible_gpus", lambda: 1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for free, there in ((2**34, torch.device("cuda")), (2**30, None)):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda free=free: (free, 2**34))
        assert tiles_gpu.device_for(100_000, 100_000, 20) == there
    monkeypatch.setattr(tiles_gpu, "visible_gpus", lambda: 0)
    assert tiles_gpu.device_for(100_000, 100_000, 20) is None
