"""Two networks against each other: one makes rows, one tells them from real ones."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from rebal_core.nn.generators.learner import Batch, Learner, placed
from rebal_core.nn.generators.parts import Inlet, Reader, Shape, plain, waves
from rebal_core.nn.generators.together import APART, Together

#: Coordinates of the noise that rows are made from.
_NOISE = 32
#: How soft made codes are for the critic: 0 would be as hard as real ones.
_HEAT = 0.2
#: What logits are multiplied by, so that codes soon follow the noise that rows are made from.
_SHARP = 4.0


class Critic(nn.Module):
    """Tells how real rows look, by one number each.

    Parameters
    ----------
    learner : Learner
        Whose rows it looks at.
    more : int
        Coordinates of what was asked for, beside the class.
    width : int
    """

    waves: Tensor

    def __init__(self, learner: Learner, more: int, width: int) -> None:
        super().__init__()
        self.inlet = Inlet(learner.blocks)
        self.register_buffer("waves", waves(learner.shape), persistent=False)
        self.body = plain(self.inlet.size + self.waves.shape[1] + more, width)

    def forward(self, row: tuple[Tensor, Tensor], asked: Tensor) -> Tensor:
        """Return shape (n,) of places, indicators, and what was asked for."""
        seen = torch.cat([self.inlet(*row, asked), row[1] @ self.waves], dim=1)
        answer: Tensor = self.body(seen).squeeze(1)
        return answer


class Gan(Learner):
    """The game as it was first played, with the maker's loss that does not saturate.

    The maker also sees how far what columns have together is from that of real rows, so that no
    mode is lost between two numbers.

    Parameters
    ----------
    shape : Shape
    width : int

    References
    ----------
    Goodfellow et al. (2014), Generative adversarial nets, arXiv 1406.2661; Salimans et al. (2016),
    arXiv 1606.03498 (features of both matched).
    """

    modes: ClassVar[int] = 16
    own: ClassVar[bool] = True
    slack: ClassVar[float] = 0.02
    #: Whether one value of a row is asked for, beside the class.
    asks: ClassVar[bool] = False
    #: Rates of the maker and of the critic.
    rates: ClassVar[tuple[float, float]] = (1e-3, 1e-3)

    def __init__(self, shape: Shape, width: int = 128) -> None:
        super().__init__(shape)
        more = self.asks * shape.width
        self.maker = Reader(_NOISE + shape.classes + more, width, shape, shape.places)
        self.critic = Critic(self, more, width)
        self.together = Together(shape)

    def optimizers(self) -> list[torch.optim.Optimizer]:
        """Return one a network."""
        self.makes, self.tells = (
            torch.optim.Adam(part.parameters(), rate, betas=(0.5, 0.9), fused=True)
            for part, rate in zip((self.maker, self.critic), self.rates, strict=True)
        )
        return [self.makes, self.tells]

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Let the critic learn, then the maker."""
        asked = self.kinds(batch.y)
        real = (batch.places, self.blocks.hot(batch.codes))
        with torch.no_grad():
            made, _ = self.soft(asked)
        told = critic_loss(self.critic(real, asked), self.critic(made, asked))
        moved(self.tells, told)
        made, logits = self.soft(asked)
        loss = maker_loss(self.critic(made, asked))
        apart = self.together.apart(real[1], self.blocks.shares(logits), batch.y)
        moved(self.makes, loss + APART * apart)
        return {"loss": loss, "critic_loss": told}

    def soft(self, asked: Tensor) -> tuple[tuple[Tensor, Tensor], Tensor]:
        """Return rows with a slope, as the critic looks at them, and the logits of their codes."""
        places, logits = self._answered(asked)
        hot = self.blocks.soft(logits, _HEAT)
        return (places * self.blocks.placed(hot), hot), logits

    def made(self, y: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Return places and codes of new rows."""
        asked = torch.cat([self.kinds(y), wanted], dim=1) if self.asks else self.kinds(y)
        places, logits = self._answered(asked)
        return places, self.blocks.drawn(logits)

    def _answered(self, asked: Tensor) -> tuple[Tensor, Tensor]:
        noise = torch.randn(len(asked), _NOISE)
        places, logits = self.maker(torch.cat([noise, asked], dim=1))
        return placed(places), _SHARP * logits


def critic_loss(real: Tensor, made: Tensor) -> Tensor:
    """Return -[log D(x) + log(1 - D(G(z)))], of logits; targets are real and made, no labels."""
    return softplus(-real).mean() + softplus(made).mean()


def maker_loss(made: Tensor) -> Tensor:
    """Return -log D(G(z)), of logits of the critic on made rows."""
    return softplus(-made).mean()


def moved(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """Take one step down a loss."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
