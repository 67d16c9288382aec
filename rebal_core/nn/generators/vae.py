"""A network that puts rows into a small space and reads them from it again."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from rebal_core.nn.generators.learner import Batch, Learner, placed, scored
from rebal_core.nn.generators.parts import Inlet, Shape, Trunk

_LATENT = 16
#: The spread of scores around what was told of them is the likeliest one, and so much at least.
_LEAST = 0.02


class Decoder(nn.Module):
    """Reads rows from points: scores with a spread each, and logits of the codes.

    Parameters
    ----------
    shape : Shape
    width : int
    """

    spread: Tensor

    def __init__(self, shape: Shape, width: int) -> None:
        super().__init__()
        self.trunk = Trunk(_LATENT + shape.classes, width, 2, shape.places + shape.width)
        self.register_buffer("spread", torch.ones(shape.places))  # of the real around the told

    def forward(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Return means of the scores, (n, p), and logits, (n, width)."""
        answer, p = self.trunk(points), len(self.spread)
        return answer[:, :p], answer[:, p:]


class Vae(Learner):
    """A variational autoencoder.

    Parameters
    ----------
    shape : Shape
    width : int
    beta : float
        What the divergence of points from the normal distribution weighs.

    References
    ----------
    Kingma & Welling (2014), Auto-encoding variational Bayes, arXiv 1312.6114; Xu et al. (2019),
    arXiv 1907.00503 (of tables);
    Rybkin, Daniilidis & Levine (2021), arXiv 2006.13202 (the spread).
    """

    modes: ClassVar[int] = 0

    def __init__(self, shape: Shape, width: int = 128, beta: float = 1.0) -> None:
        super().__init__(shape)
        self.beta = beta
        self.inlet = Inlet(self.blocks)
        self.encoder = Trunk(self.inlet.size, width, 2, 2 * _LATENT)
        self.maker = self.decoder = Decoder(shape, width)

    def optimizers(self) -> list[torch.optim.Optimizer]:
        """Return one for both parts."""
        self.moves = torch.optim.AdamW(self.parameters(), 2e-3, weight_decay=1e-5, fused=True)
        return [self.moves]

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Take a step down the negative evidence bound."""
        kinds, hot = self.kinds(batch.y), self.blocks.hot(batch.codes)
        real = scored(batch.places)
        middle, log_variance = self.encoder(self.inlet(real, hot, kinds)).chunk(2, dim=1)
        points = middle + torch.randn_like(middle) * (0.5 * log_variance).exp()
        scores, logits = self.decoder(torch.cat([points, kinds], dim=1))
        spread = (real - scores).square().mean(dim=0).sqrt().clamp_min(_LEAST)
        self.decoder.spread.copy_(spread.detach())
        lost = self.blocks.surprise(logits, batch.codes).sum(dim=1) + spread.log().sum()
        apart = divergence(middle, log_variance)
        loss = (lost + self.beta * apart).mean()
        self.moves.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.moves.step()
        return {"loss": loss, "rebuilding": lost.mean(), "divergence": apart.mean()}

    def made(self, y: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Return places and codes of new rows."""
        points = torch.randn(len(y), _LATENT)
        scores, logits = self.decoder(torch.cat([points, self.kinds(y)], dim=1))
        noise = torch.randn_like(scores) * self.decoder.spread
        return placed(scores + noise), self.blocks.drawn(logits)


def divergence(middle: Tensor, log_variance: Tensor) -> Tensor:
    """Return KL(N(middle, variance) || N(0, I)) of each row, never below 0."""
    return 0.5 * (middle.square() + log_variance.exp() - 1 - log_variance).sum(dim=1)
