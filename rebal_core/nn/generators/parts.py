"""What the networks that make rows are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

#: A block of more codes is looked at through so many coordinates.
_MANY, _COORDINATES = 32, 16
#: Waves along the stretches of a number.
WAVES = 8


@dataclass(frozen=True)
class Shape:
    """What a made row consists of.

    Parameters
    ----------
    alone : tuple of p int
        Of each number, the modes without a place in them.
    sizes : tuple of int
        Codes of each block; those of the p numbers first.
    classes : int
    """

    alone: tuple[int, ...]
    sizes: tuple[int, ...]
    classes: int

    @property
    def places(self) -> int:
        """Numbers."""
        return len(self.alone)

    @property
    def width(self) -> int:
        """Codes of all blocks."""
        return sum(self.sizes)


class Blocks(nn.Module):
    """Blocks of codes, side by side as indicators.

    Parameters
    ----------
    shape : Shape
    """

    starts: Tensor
    block: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        sizes = torch.tensor(shape.sizes)
        which = torch.arange(len(sizes))
        block = torch.repeat_interleave(which, sizes, output_size=shape.width)
        self.register_buffer("block", block, persistent=False)
        starts = [sum(shape.sizes[:j]) for j in range(len(shape.sizes))]
        self.register_buffer("starts", torch.tensor(starts, dtype=torch.int64), persistent=False)

    def hot(self, codes: Tensor) -> Tensor:
        """Return indicators, (n, blocks) -> (n, width)."""
        zeros = torch.zeros(len(codes), self.shape.width)
        return zeros.scatter(1, codes + self.starts, 1.0)

    def only(self, hot: Tensor, asked: Tensor) -> Tensor:
        """Return indicators of one block of each row, (n,), and 0 elsewhere."""
        return hot * (self.block == asked.unsqueeze(1))

    def split(self, wide: Tensor) -> tuple[Tensor, ...]:
        """Return one tensor a block, (n, size) each."""
        return torch.split(wide, list(self.shape.sizes), dim=1)

    def soft(self, logits: Tensor, heat: float) -> Tensor:
        """Return Gumbel-softmax draws: points near an indicator, with a slope; (n, width)."""
        noisy = (logits + gumbel(logits)) / heat
        return torch.cat([part.softmax(dim=1) for part in self.split(noisy)], dim=1)

    def shares(self, logits: Tensor) -> Tensor:
        """Return the probabilities of the codes of each block, (n, width)."""
        parts = self.split(logits)
        wide = [p.softmax(dim=1) if p.shape[1] > 1 else torch.ones_like(p) for p in parts]
        return torch.cat(wide, dim=1)

    def drawn(self, logits: Tensor) -> Tensor:
        """Return codes drawn by their probabilities, (n, width) -> (n, blocks)."""
        noisy = logits + gumbel(logits)
        return torch.stack([part.argmax(dim=1) for part in self.split(noisy)], dim=1)

    def picked(self, chances: Tensor) -> Tensor:
        """Return codes drawn by chances that need not sum to 1, (n, width) -> (n, blocks)."""
        codes = torch.zeros(len(chances), len(self.shape.sizes), dtype=torch.int64)
        for j, part in enumerate(self.split(chances)):
            if part.shape[1] > 1:
                sums = part[:, :-1].cumsum(dim=1)
                whole = sums[:, -1:] + part[:, -1:]
                codes[:, j] = (sums <= torch.rand(len(part), 1) * whole).sum(dim=1)
        return codes

    def surprise(self, logits: Tensor, codes: Tensor) -> Tensor:
        """Return the cross-entropy of each block, shape (n, blocks)."""
        logs = torch.cat([part.log_softmax(dim=1) for part in self.split(logits)], dim=1)
        return -logs.gather(1, codes + self.starts)

    def placed(self, hot: Tensor) -> Tensor:
        """Return how far the mode of each number has places in it, (n, width) -> (n, p)."""
        numbers = self.split(hot)[: self.shape.places]
        pairs = zip(numbers, self.shape.alone, strict=True)
        parts = [part[:, alone:].sum(dim=1) for part, alone in pairs]
        return torch.stack(parts, dim=1) if parts else hot[:, :0]


class Inlet(nn.Module):
    """Rows as a network looks at them: a block of many codes becomes a few coordinates.

    Attributes
    ----------
    size : int
        Coordinates of a row.
    """

    def __init__(self, blocks: Blocks) -> None:
        super().__init__()
        self.blocks = blocks
        many = {j: size for j, size in enumerate(blocks.shape.sizes) if size > _MANY}
        self.tables = nn.ModuleDict(
            {str(j): nn.Linear(size, _COORDINATES, bias=False) for j, size in many.items()}
        )
        coded = sum(_COORDINATES if j in many else s for j, s in enumerate(blocks.shape.sizes))
        self.size = blocks.shape.places + coded + blocks.shape.classes

    def forward(self, places: Tensor, hot: Tensor, kinds: Tensor) -> Tensor:
        """Return coordinates, shape (n, size).

        Parameters
        ----------
        places : Tensor of shape (n, p)
        hot : Tensor of shape (n, width)
        kinds : Tensor of shape (n, classes)
            Indicators of the class.
        """
        if not self.tables:
            return torch.cat([places, hot, kinds], dim=1)
        parts = [
            self.tables[str(j)](part) if str(j) in self.tables else part
            for j, part in enumerate(self.blocks.split(hot))
        ]
        return torch.cat([places, *parts, kinds], dim=1)


class Trunk(nn.Module):
    """Layers of which each adds to what it was given.

    Parameters
    ----------
    inputs, width, depth, outputs : int
    """

    def __init__(self, inputs: int, width: int, depth: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.last = nn.Linear(width, outputs)

    def forward(self, rows: Tensor) -> Tensor:
        """Return (n, inputs) -> (n, outputs)."""
        x = self.first(rows)
        for norm, layer in zip(self.norms, self.layers, strict=True):
            x = x + layer(silu(norm(x)))
        answer: Tensor = self.last(silu(x))
        return answer


class Reader(nn.Module):
    """Reads rows: some numbers, and logits of the codes, those of near stretches alike.

    Parameters
    ----------
    inputs, width : int
    shape : Shape
    more : int
        Numbers beside the logits.
    """

    waves: Tensor

    def __init__(self, inputs: int, width: int, shape: Shape, more: int = 0) -> None:
        super().__init__()
        self.register_buffer("waves", waves(shape), persistent=False)
        self.parts = (more, *self.waves.shape)
        self.trunk = Trunk(inputs, width, 2, sum(self.parts))

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return numbers, (n, inputs) -> (n, more), and logits, (n, width)."""
        numbers, alone, along = self.trunk(rows).split(self.parts, dim=1)
        return numbers, alone + along @ self.waves.T


def waves(shape: Shape) -> Tensor:
    """Return waves along the stretches of each number, (width, numbers x waves).

    Near stretches are alike in the slow ones: what is learned of one is soon known of the next.
    """
    result = torch.zeros(shape.width, shape.places * WAVES)
    start = 0
    for j, (size, alone) in enumerate(zip(shape.sizes, shape.alone, strict=False)):
        first = 0 if alone == size else alone  # in order are values that are all, or the stretches
        place = (torch.arange(size - first) + 0.5) / (size - first)
        part = torch.cos(math.pi * place.unsqueeze(1) * torch.arange(1, WAVES + 1))
        result[start + first : start + size, j * WAVES : (j + 1) * WAVES] = part
        start += size
    return result


def plain(inputs: int, width: int) -> nn.Sequential:
    """Return two layers and one answer, without norms: a penalty on its slope is of single rows."""
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, 1),
    )


def gumbel(like: Tensor) -> Tensor:
    """Return noise: the largest of logits with it comes as often as their probabilities say."""
    return -torch.empty_like(like).exponential_().clamp_min(1e-20).log()
