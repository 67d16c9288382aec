"""Rows from noise, step by step: numbers by Gaussian noise, categories by random codes."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from rebal_core.nn.generators.learner import FARTHEST, Batch, Learner, placed, scored
from rebal_core.nn.generators.parts import Blocks, Inlet, Shape, Trunk

_TIME = 32


class Denoiser(nn.Module):
    """Tells of noisy rows what they were.

    Parameters
    ----------
    blocks : Blocks
    width : int
    """

    def __init__(self, blocks: Blocks, width: int) -> None:
        super().__init__()
        self.inlet = Inlet(blocks)
        shape = blocks.shape
        self.trunk = Trunk(self.inlet.size + _TIME, width, 3, shape.places + shape.width)
        self.places = shape.places

    def forward(
        self, scores: Tensor, hot: Tensor, kinds: Tensor, done: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the velocity of the scores, (n, p), and logits of the codes, (n, width).

        Parameters
        ----------
        scores : Tensor of shape (n, p)
        hot : Tensor of shape (n, width)
        kinds : Tensor of shape (n, classes)
        done : Tensor of shape (n,)
            How far towards noise they are, 0 to 1.
        """
        waves = done.unsqueeze(1) * torch.exp(torch.linspace(0, math.log(1000), _TIME // 2))
        rows = torch.cat([self.inlet(scores, hot, kinds), waves.sin(), waves.cos()], dim=1)
        answer = self.trunk(rows)
        return answer[:, : self.places], answer[:, self.places :]


class Diffusion(Learner):
    """Gaussian and multinomial diffusion of one row, asked for a class.

    Parameters
    ----------
    shape : Shape
    width : int
    times : int
        Steps from noise to a row.

    References
    ----------
    Kotelnikov, Baranchuk, Rubachev & Babenko (2023), TabDDPM, arXiv 2209.15421; Salimans & Ho
    (2022), arXiv 2202.00512 (velocities).
    """

    modes: ClassVar[int] = 0
    kept: Tensor

    def __init__(self, shape: Shape, width: int = 256, times: int = 50) -> None:
        super().__init__(shape)
        self.times = times
        angle = (torch.arange(times + 1) / times + 0.008) / 1.008 * math.pi / 2
        kept = (angle.cos() / angle[0].cos()).square().clamp(1e-5, 1.0)
        self.register_buffer("kept", kept, persistent=False)  # of a row, after each step
        sizes = torch.tensor(shape.sizes, dtype=torch.float32)
        evenly = torch.repeat_interleave(1 / sizes, torch.tensor(shape.sizes))
        self.register_buffer("evenly", evenly, persistent=False)
        self.maker = Denoiser(self.blocks, width)

    evenly: Tensor

    def optimizers(self) -> list[torch.optim.Optimizer]:
        """Return one."""
        self.moves = torch.optim.AdamW(self.parameters(), 2e-3, weight_decay=1e-5, fused=True)
        return [self.moves]

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Put noise on rows, and learn to tell what they were."""
        at = torch.randint(1, self.times + 1, (len(batch),))
        kept = self.kept[at].unsqueeze(1)
        scores = scored(batch.places)
        noise = torch.randn_like(scores)
        hot = self.blocks.hot(batch.codes)
        mixed = kept * hot + (1 - kept) * self.evenly
        noisy = self.blocks.hot(self.blocks.drawn(mixed.clamp_min(1e-20).log()))
        velocity, logits = self.maker(
            kept.sqrt() * scores + (1 - kept).sqrt() * noise,
            noisy,
            self.kinds(batch.y),
            at / self.times,
        )
        goal = kept.sqrt() * noise - (1 - kept).sqrt() * scores
        off = (velocity - goal).square().sum(dim=1)
        missed = self.blocks.surprise(logits, batch.codes).sum(dim=1)
        loss = (off + missed).mean()
        self.moves.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.moves.step()
        return {"loss": loss}

    def made(self, y: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Return places and codes of new rows."""
        kinds = self.kinds(y)
        scores = torch.randn(len(y), self.shape.places)
        codes = self.blocks.drawn(torch.zeros(len(y), self.shape.width))
        for at in range(self.times, 0, -1):
            hot = self.blocks.hot(codes)
            done = torch.full((len(y),), at / self.times)
            velocity, logits = self.maker(scores, hot, kinds, done)
            now, before = self.kept[at], self.kept[at - 1]
            first = now.sqrt() * scores - (1 - now).sqrt() * velocity
            first = first.clamp(-FARTHEST, FARTHEST)
            scores = self._earlier(scores, first, now, before)
            codes = self._less_random(hot, self.blocks.drawn(logits), now, before)
        return placed(scores), codes

    def _earlier(self, scores: Tensor, first: Tensor, now: Tensor, before: Tensor) -> Tensor:
        """Return scores one step less noisy, given what they were told to be at first."""
        share = now / before
        middle = before.sqrt() * (1 - share) * first + share.sqrt() * (1 - before) * scores
        variance = (1 - before) * (1 - share) / (1 - now)
        return middle / (1 - now) + variance.sqrt() * torch.randn_like(scores)

    def _less_random(self, hot: Tensor, told: Tensor, now: Tensor, before: Tensor) -> Tensor:
        """Return codes one step less random, given what they were told to be at first."""
        share, first = now / before, self.blocks.hot(told)
        chance = (share * hot + (1 - share) * self.evenly) * (
            before * first + (1 - before) * self.evenly
        )
        return self.blocks.drawn(chance.clamp_min(1e-20).log())
