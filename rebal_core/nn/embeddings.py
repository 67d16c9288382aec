"""How numbers and category codes become points between which lines make sense."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

#: Categories up to so many codes have a column each; more are embedded.
_ONE_HOT = 9

#: A column of numbers whose spread is below this is constant.
_CONSTANT = 1e-12


class Scale(nn.Module):
    """Numbers by their median and quartiles, softly clipped to plus or minus 3.

    The quartiles leave the bulk at scale 1 whatever the tails are, and the clip keeps one wild
    value from carrying the whole answer. A constant column gives 0.

    Parameters
    ----------
    width : int

    References
    ----------
    Holzmüller, Grinsztajn & Steinwart (2024), Better by default, arXiv 2407.04491.
    """

    center: Tensor
    factor: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("center", torch.zeros(width))
        self.register_buffer("factor", torch.ones(width))

    @torch.no_grad()
    def look(self, numbers: Tensor) -> None:
        """Take median and spread from training rows, shape (n, width)."""
        ordered = numbers.sort(dim=0).values
        least, low, middle, high, most = ordered[[len(ordered) * i // 4 for i in range(4)] + [-1]]
        # Where half of the rows or more share a value the quartiles say nothing: take the range.
        spread = torch.where(high - low > _CONSTANT, high - low, (most - least) / 2)
        self.center.copy_(middle)
        self.factor.copy_(torch.where(spread > _CONSTANT, 1 / spread, 0.0))

    def forward(self, numbers: Tensor) -> Tensor:
        """Return numbers of the same shape, (n, width)."""
        unit = (numbers - self.center) * self.factor
        return unit / torch.hypot(unit / 3, torch.ones_like(unit))


class PiecewiseLinear(nn.Module):
    """Each number as a small vector that moves along lines, bending at knots of its column.

    A network learns slowly to bend sharply; here each stretch between knots has a direction of its
    own. Knots lie evenly among the *distinct* values, as in histograms of boosted trees: a column
    of nearly only zeros (a capital gain) has its knots where the other values are.

    Parameters
    ----------
    width : int
        Number columns.
    size : int
        Coordinates that a number becomes.
    stretches : int

    References
    ----------
    Gorishniy, Rubachev & Babenko (2022), On embeddings for numerical features in tabular deep
    learning, arXiv 2203.05556.
    """

    knots: Tensor

    def __init__(self, width: int, size: int, stretches: int = 128) -> None:
        super().__init__()
        self.scale = Scale(width)
        self.register_buffer("knots", torch.zeros(width, stretches + 1))
        bound = stretches**-0.5
        self.steps = nn.Parameter(torch.empty(width, stretches, size).uniform_(-bound, bound))
        self.slope = nn.Parameter(torch.empty(width, size).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(width, size).uniform_(-bound, bound))

    @torch.no_grad()
    def look(self, numbers: Tensor) -> None:
        """Take scale and knots from training rows, shape (n, width)."""
        self.scale.look(numbers)
        last = self.knots.shape[1] - 1
        for knots, column in zip(self.knots, numbers.T, strict=True):
            values = column.unique()  # sorted
            places = [(len(values) - 1) * i // last for i in range(last + 1)]
            knots.copy_(values[places])

    def forward(self, numbers: Tensor) -> Tensor:
        """Return vectors, shape (n, width, size)."""
        width, stretches, _ = self.steps.shape
        lengths = self.knots.diff(dim=1)  # (width, stretches)
        real = lengths > _CONSTANT  # fewer distinct values than knots leave stretches of no length
        steps = self.steps * real.unsqueeze(2)
        starts = (steps.cumsum(dim=1) - steps).flatten(0, 1)  # where each stretch begins
        # The stretch of each number, then its row in the flattened (width * stretches, size).
        stretch = torch.searchsorted(self.knots, numbers.detach().T.contiguous(), right=True) - 1
        first = torch.arange(0, width * stretches, stretches, device=numbers.device)
        row = stretch.clamp(0, stretches - 1).T + first  # (n, width)
        gone = numbers - self.knots[:, :-1].flatten()[row]
        part = gone / torch.where(real, lengths, 1.0).flatten()[row]
        part = (part * real.flatten()[row]).clamp(0, 1).unsqueeze(2)
        along = embedding(row, starts) + part * embedding(row, steps.flatten(0, 1))
        vectors: Tensor = along + self.scale(numbers).unsqueeze(2) * self.slope + self.bias
        return vectors


class OneHot(nn.Module):
    """An indicator of each code of each category column, side by side.

    Parameters
    ----------
    cardinalities : list of int
        Codes of each column run from 0, which is missing or unknown, to cardinality - 1.
    """

    starts: Tensor

    def __init__(self, cardinalities: list[int]) -> None:
        super().__init__()
        starts = [sum(cardinalities[:j]) for j in range(len(cardinalities))]
        self.register_buffer("starts", torch.tensor(starts, dtype=torch.int64), persistent=False)
        self.size = sum(cardinalities)

    def forward(self, codes: Tensor, like: Tensor) -> Tensor:
        """Return indicators, shape (n, sum of cardinalities), of the type of another tensor."""
        return like.new_zeros(len(codes), self.size).scatter(1, codes + self.starts, 1.0)


class Columns(nn.Module):
    """All columns of a row side by side: numbers as small vectors, categories as points.

    A category of few codes has a coordinate a code; one of many is embedded in half as many
    coordinates as codes, at most 50.

    Parameters
    ----------
    width : int
        Number columns.
    cardinalities : list of int
        As in :class:`OneHot`.
    size : int
        Coordinates of a number.

    Attributes
    ----------
    sizes : list of int
        Coordinates of each column, in the order in which they stand.
    """

    def __init__(self, width: int, cardinalities: list[int], size: int = 16) -> None:
        super().__init__()
        self.numbers = PiecewiseLinear(width, size)
        self.few = [j for j, codes in enumerate(cardinalities) if codes <= _ONE_HOT]
        self.many = [j for j, codes in enumerate(cardinalities) if codes > _ONE_HOT]
        self.one_hot = OneHot([cardinalities[j] for j in self.few])
        embedded = [min(50, (cardinalities[j] + 1) // 2) for j in self.many]
        self.tables = nn.ModuleList(
            nn.Embedding(cardinalities[j], size)
            for j, size in zip(self.many, embedded, strict=True)
        )
        self.sizes = [size] * width + [cardinalities[j] for j in self.few] + embedded

    def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Return points, shape (n, sum of sizes)."""
        vectors = self.numbers(numbers).flatten(1)  # (n, width * size)
        looked_up = [table(codes[:, j]) for j, table in zip(self.many, self.tables, strict=True)]
        return torch.cat([vectors, self.one_hot(codes[:, self.few], vectors), *looked_up], dim=1)
