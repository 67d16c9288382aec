"""The game by Wasserstein's distance, asked for a class and one value of a column."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from rebal_core.nn.generators.gan import Critic, Gan, moved
from rebal_core.nn.generators.learner import Batch
from rebal_core.nn.generators.parts import Shape
from rebal_core.nn.generators.together import APART

#: How much a slope of the critic other than 1 costs.
PENALTY = 10.0


class Cgan(Gan):
    """A conditional Wasserstein game with a gradient penalty.

    A real row is drawn by one of its values; a made one is asked for a row of the same class with
    this value, and pays where it has another.

    Parameters
    ----------
    shape : Shape
    width : int
    critic_steps : int
        Steps of the critic for each of the maker.

    References
    ----------
    Gulrajani, Ahmed, Arjovsky, Dumoulin & Courville (2017), Improved training of Wasserstein GANs,
    arXiv 1704.00028; Xu et al. (2019), arXiv 1907.00503; Li, Swersky & Zemel (2015), Generative
    moment matching networks, arXiv 1502.02761.
    """

    asks: ClassVar[bool] = True
    by_value: ClassVar[bool] = True
    rates: ClassVar[tuple[float, float]] = (2e-3, 1e-3)
    taken: Tensor

    def __init__(self, shape: Shape, width: int = 128, critic_steps: int = 1) -> None:
        super().__init__(shape, width)
        self.critic_steps = critic_steps
        self.register_buffer("taken", torch.tensor(0))  # a killed fit goes on with it

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Let the critic learn, and the maker now and then."""
        hot = self.blocks.hot(batch.codes)
        wanted = self.blocks.only(hot, batch.asked)
        asked = torch.cat([self.kinds(batch.y), wanted], dim=1)
        real = (batch.places, hot)
        with torch.no_grad():
            made, _ = self.soft(asked)
        told = distance(self.critic, real, made, asked)
        moved(self.tells, told + PENALTY * steepness(self.critic, real, made, asked))
        self.taken += 1
        if self.taken % self.critic_steps:
            return {"critic_loss": told}
        made, logits = self.soft(asked)
        missed = self.blocks.surprise(logits, batch.codes)
        missed = missed.gather(1, batch.asked.unsqueeze(1)).mean()
        loss = -self.critic(made, asked).mean()
        apart = self.together.apart(hot, self.blocks.shares(logits), batch.y)
        moved(self.makes, loss + missed + APART * apart)
        # A mean of all steps is of those alone in which the maker learned.
        return {"loss": loss * self.critic_steps, "critic_loss": told}


def distance(
    critic: Critic, real: tuple[Tensor, Tensor], made: tuple[Tensor, Tensor], asked: Tensor
) -> Tensor:
    """Return E D(G(z)) - E D(x): what the critic makes small, less the distance it has found."""
    found: Tensor = critic(made, asked).mean() - critic(real, asked).mean()
    return found


def steepness(
    critic: Critic, real: tuple[Tensor, Tensor], made: tuple[Tensor, Tensor], asked: Tensor
) -> Tensor:
    """Return E (|slope of D| - 1)^2 between real and made rows."""
    part = torch.rand(len(asked), 1)
    between = tuple(
        (part * x + (1 - part) * g).requires_grad_() for x, g in zip(real, made, strict=True)
    )
    slopes = torch.autograd.grad(
        critic((between[0], between[1]), asked).sum(), between, create_graph=True
    )
    steep: Tensor = torch.linalg.vector_norm(torch.cat(slopes, dim=1), dim=1)
    return (steep - 1).square().mean()
