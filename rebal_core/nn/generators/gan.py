"""Two networks against each other: one makes rows, one tells them from real ones."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from rebal_core.nn.generators.learner import Batch, Learner, placed
from rebal_core.nn.generators.parts import Inlet, Shape, Trunk, plain

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
    stretches : int
        Into which it has the places of a number cut; 0 for none.
    """

    def __init__(self, learner: Learner, more: int, width: int, stretches: int) -> None:
        super().__init__()
        self.inlet = Inlet(learner.blocks)
        self.stretches = stretches
        spread = learner.shape.places * self.stretches
        self.body = plain(self.inlet.size + spread + more, width)

    def forward(self, row: tuple[Tensor, Tensor], asked: Tensor) -> Tensor:
        """Return shape (n,) of places, indicators, and what was asked for."""
        parts = [self.inlet(*row, asked)]
        if self.stretches:
            parts.append(stretched(row[0], self.stretches))
        answer: Tensor = self.body(torch.cat(parts, dim=1)).squeeze(1)
        return answer


class Gan(Learner):
    """The game as it was first played, with the maker's loss that does not saturate.

    Parameters
    ----------
    shape : Shape
    width : int

    References
    ----------
    Goodfellow et al. (2014), Generative adversarial nets, arXiv 1406.2661.
    """

    modes: ClassVar[int] = 1
    #: Whether one value of a row is asked for, beside the class.
    asks: ClassVar[bool] = False
    #: Stretches of equal share into which the critic has numbers cut.
    stretches: ClassVar[int] = 0
    rate: ClassVar[float] = 1e-3

    def __init__(self, shape: Shape, width: int = 128) -> None:
        super().__init__(shape)
        more = self.asks * shape.width
        inputs = _NOISE + shape.classes + more
        self.maker = Trunk(inputs, width, 2, shape.places + shape.width)
        self.critic = Critic(self, more, width, self.stretches)

    def optimizers(self) -> list[torch.optim.Optimizer]:
        """Return one a network."""
        self.makes = torch.optim.Adam(
            self.maker.parameters(), self.rate, betas=(0.5, 0.9), fused=True
        )
        self.tells = torch.optim.Adam(
            self.critic.parameters(), self.rate, betas=(0.5, 0.9), fused=True
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
        made, _ = self.soft(asked)
        loss = maker_loss(self.critic(made, asked))
        moved(self.makes, loss)
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
        answer = self.maker(torch.cat([noise, asked], dim=1))
        p = self.shape.places
        return placed(answer[:, :p]), _SHARP * answer[:, p:]


def stretched(places: Tensor, count: int) -> Tensor:
    """Return how far each place is through each of some stretches, (n, p) -> (n, p * count)."""
    starts = torch.linspace(-1, 1, count + 1)[:-1]
    return ((places.unsqueeze(2) - starts) * (count / 2)).clamp(0, 1).flatten(1)


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
