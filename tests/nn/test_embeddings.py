"""How numbers and codes become points."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rebal_core.nn.embeddings import Columns, OneHot, PiecewiseLinear, Scale


def test_numbers_are_scaled_by_their_quartiles_and_softly_clipped() -> None:
    column = torch.arange(101.0)
    column[-1] = 1e6
    scale = Scale(1)
    scale.look(column.unsqueeze(1))
    given = scale(torch.tensor([[50.0], [75.0], [100.0], [1e6], [-1e30]])).flatten()
    unit = torch.tensor([0.0, 0.5, 1.0])  # 25 to 75 is one
    assert torch.allclose(given[:3], unit / (1 + (unit / 3) ** 2) ** 0.5)
    assert given[3:].tolist() == pytest.approx([3.0, -3.0], abs=1e-3)


def test_columns_of_mostly_one_value_are_scaled_by_their_range_and_constants_are_nothing() -> None:
    numbers = torch.zeros(100, 2)
    numbers[:5, 0] = torch.tensor([10.0, 20.0, 30.0, 40.0, 50.0])
    numbers[:, 1] = 7.0
    scale = Scale(2)
    scale.look(numbers)
    given = scale(torch.tensor([[25.0, 7.0], [0.0, 900.0]]))
    assert given[:, 0].tolist() == pytest.approx([1 / (1 + 1 / 9) ** 0.5, 0.0])
    assert given[:, 1].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("distinct", [1, 2, 5, 9, 40])
def test_vectors_move_along_lines_between_knots(distinct: int) -> None:
    torch.manual_seed(0)
    embedding = PiecewiseLinear(1, 2, stretches=8).double()
    values = torch.linspace(-1.0, 3.0, distinct) ** 3
    column = torch.cat([values, values[:1].repeat(500)])
    embedding.look(column.unsqueeze(1).double())
    knots = embedding.knots[0].detach().numpy()
    # The steps of stretches without a length belong to no value.
    steps = embedding.steps[0].detach().numpy() * (np.diff(knots) > 0)[:, None]
    heights = np.vstack([np.zeros((1, 2)), steps.cumsum(axis=0)])
    asked = np.linspace(-3.0, 30.0, 200)
    bends = np.stack([np.interp(asked, knots, heights[:, s]) for s in range(2)], axis=1)
    x = torch.tensor(asked).unsqueeze(1)
    line = embedding.scale(x) * embedding.slope[0] + embedding.bias[0]
    assert np.allclose(embedding(x)[:, 0].detach(), bends + line.detach().numpy())


def test_knots_lie_where_the_values_are_and_not_where_the_rows_are() -> None:
    values = torch.arange(20.0)
    column = torch.cat([torch.zeros(5000), values])
    embedding = PiecewiseLinear(1, 2, stretches=32)
    embedding.look(column.unsqueeze(1))
    assert set(embedding.knots[0].tolist()) == set(values.tolist())


def test_columns_of_numbers_do_not_reach_into_each_other() -> None:
    torch.manual_seed(0)
    numbers = torch.randn(200, 3)
    embedding = PiecewiseLinear(3, 4)
    embedding.look(numbers)
    moved = numbers.clone()
    moved[:, 1] += 0.5
    same = (embedding(numbers) == embedding(moved)).all(dim=2).all(dim=0)
    assert same.tolist() == [True, False, True]


def test_each_code_has_an_indicator_of_its_own() -> None:
    codes = torch.tensor([[0, 2], [1, 0], [1, 3]])
    given = OneHot([2, 4])(codes, torch.zeros(1, dtype=torch.float64))
    assert given.dtype == torch.float64
    assert given.tolist() == [[1, 0, 0, 0, 1, 0], [0, 1, 1, 0, 0, 0], [0, 1, 0, 0, 0, 1]]


def test_few_codes_are_indicators_and_many_are_embedded_in_the_order_told() -> None:
    columns = Columns(2, [30, 3, 400], size=5)
    assert columns.sizes == [5, 5, 3, 15, 50]
    codes = torch.tensor([[7, 2, 300]])
    given = columns(torch.zeros(1, 2), codes)
    assert given.shape == (1, sum(columns.sizes))
    parts = given.split(columns.sizes, dim=1)
    assert parts[2].tolist() == [[0, 0, 1]]
    assert torch.equal(parts[3][0], columns.tables[0].weight[7])
    assert torch.equal(parts[4][0], columns.tables[1].weight[300])
