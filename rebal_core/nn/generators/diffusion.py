"""Rows from noise, step by step: numbers by Gaussian noise, categories by random codes."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from rebal_core.nn.generators.learner import FARTHEST, Batch, Learner, placed, scored
from rebal_core.nn.generators.parts import Blocks, Inlet, Shape, Trunk

#: Coordinates of how noisy a row is, and how fast they turn at most; turns of each score.
_TIME, _FASTEST, _TURNS = 32, 100.0, (1.5, 3.0)
#: Draws start where this share of the way to noise is gone, and their steps get finer towards rows.
_START, _FINER = 0.995, 1.3
#: Steps from noise to a row at most; a strange file may ask for more than anybody waits for.
_MOST = 1000


class Denoiser(nn.Module):
    """Tells of noisy rows what they were.

    Parameters
    ----------
    blocks : Blocks
    width : int
    """

    rates: Tensor

    def __init__(self, blocks: Blocks, width: int) -> None:
        super().__init__()
        self.inlet = Inlet(blocks)
        shape = blocks.shape
        self.places = shape.places
        inputs = self.inlet.size + 2 * len(_TURNS) * self.places + _TIME
        self.trunk = Trunk(inputs, width, 3, self.places + shape.width)
        rates = torch.exp(torch.linspace(0, math.log(_FASTEST), _TIME // 2))
        self.register_buffer("rates", rates, persistent=False)

    def forward(
        self, scores: Tensor, hot: Tensor, kinds: Tensor, done: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the velocity of the scores, (n, p), and logits of the codes, (n, width).

        The logits of a block are by all else of the row: what its own noisy code tells of it is
        known, and is not learned.

        Parameters
        ----------
        scores : Tensor of shape (n, p)
        hot : Tensor of shape (n, width)
        kinds : Tensor of shape (n, classes)
        done : Tensor of shape (n, 1)
            How far towards noise they are, 0 to 1.
        """
        # Spots that lie close together are told apart by waves, not by a smooth network.
        waves = torch.cat([done * self.rates, *(turn * scores for turn in _TURNS)], dim=1)
        seen = torch.cat([self.inlet(scores, hot, kinds), waves.sin(), waves.cos()], dim=1)
        answer = self.trunk(seen)
        return answer[:, : self.places], answer[:, self.places :]


class Diffusion(Learner):
    """Gaussian and multinomial diffusion of one row, asked for a class.

    Noise is told by an angle: of what a row was, the cosine is left of its numbers, and the square
    of this is the chance that a code is still the same.

    Parameters
    ----------
    shape : Shape
    width : int
    times : int
        Steps from noise to a row.

    References
    ----------
    Kotelnikov, Baranchuk, Rubachev & Babenko (2023), TabDDPM, arXiv 2209.15421; Salimans & Ho
    (2022), arXiv 2202.00512 (velocities); Lu et al. (2022), DPM-Solver++, arXiv 2211.01095 (few
    steps of second order).
    """

    modes: ClassVar[int] = 0
    slack: ClassVar[float] = 0.02
    evenly: Tensor

    def __init__(self, shape: Shape, width: int = 128, times: int = 12) -> None:
        super().__init__(shape)
        if not 1 <= times <= _MOST:
            raise ValueError(f"{times} steps from noise to a row")
        self.times = times
        sizes = torch.tensor(shape.sizes)
        evenly = torch.repeat_interleave(1 / sizes, sizes, output_size=shape.width)
        self.register_buffer("evenly", evenly, persistent=False)
        self.maker = Denoiser(self.blocks, width)

    def optimizers(self) -> list[torch.optim.Optimizer]:
        """Return one."""
        self.moves = torch.optim.AdamW(self.parameters(), 3e-3, weight_decay=1e-5, fused=True)
        return [self.moves]

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Put noise on rows, and learn to tell what they were."""
        size = len(batch)
        # Every amount of noise comes as often in each batch.
        done = ((torch.randperm(size) + torch.rand(size)) / size).unsqueeze(1)
        angle = done * math.pi / 2
        left, lost = angle.cos(), angle.sin()
        scores, hot = scored(batch.places), self.blocks.hot(batch.codes)
        noise = torch.randn_like(scores)
        noisy = self.blocks.hot(self.blocks.picked(self._mixed(hot, left.square())))
        velocity, logits = self.maker(
            left * scores + lost * noise, noisy, self.kinds(batch.y), done
        )
        off = (velocity - (left * noise - lost * scores)).square().sum(dim=1)
        logits = logits + self._mixed(noisy, left.square()).clamp_min(1e-6).log()
        missed = self.blocks.surprise(logits, batch.codes).sum(dim=1)
        loss = (off + missed).mean()
        self.moves.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.moves.step()
        return {"loss": loss}

    def made(self, y: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Return places and codes of new rows."""
        kinds, size = self.kinds(y), len(y)
        scores = torch.randn(size, self.shape.places)
        codes = self.blocks.picked(self.evenly.expand(size, -1))
        path = Path()
        for at in range(self.times, 0, -1):
            now, then = (_START * (k / self.times) ** _FINER for k in (at, at - 1))
            hot = self.blocks.hot(codes)
            velocity, logits = self.maker(scores, hot, kinds, torch.full((size, 1), now))
            now, then = now * math.pi / 2, then * math.pi / 2
            scores = path.earlier(scores, velocity, now, then)
            codes = self._less_random(hot, self.blocks.shares(logits), now, then)
        return placed(scores), codes

    def _mixed(self, hot: Tensor, kept: Tensor | float) -> Tensor:
        """Return the chances of codes of which so large a share is kept, the rest at random."""
        return kept * hot + (1 - kept) * self.evenly

    def _less_random(self, hot: Tensor, told: Tensor, now: float, then: float) -> Tensor:
        """Return codes one step less random, given the shares of those they may have been."""
        before = math.cos(then) ** 2
        return self.blocks.picked(
            self._mixed(hot, math.cos(now) ** 2 / before) * self._mixed(told, before)
        )


class Path:
    """The way of numbers from noise to a row, in steps that know where the one before led."""

    def __init__(self) -> None:
        self.first: Tensor | None = None
        self.length = 0.0

    def earlier(self, scores: Tensor, velocity: Tensor, now: float, then: float) -> Tensor:
        """Return scores less noisy, at another angle, given their velocity at this one."""
        first = (math.cos(now) * scores - math.sin(now) * velocity).clamp(-FARTHEST, FARTHEST)
        if then == 0:
            return first
        length = math.log(math.tan(now) / math.tan(then))
        goal = first
        if self.first is not None:
            goal = first + (first - self.first) * (length / self.length / 2)
        self.first, self.length = first, length
        fresh = 1 - math.exp(-2 * length)  # the share of the noise that is drawn anew
        return (
            math.sin(then) / math.sin(now) * math.exp(-length) * scores
            + math.cos(then) * fresh * goal
            + math.sin(then) * math.sqrt(fresh) * torch.randn_like(scores)
        )
