"""A network that puts rows into a small space and reads them from it again."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from rebal_core.nn.generators.learner import Batch, Learner
from rebal_core.nn.generators.parts import Inlet, Reader, Shape, Trunk, gumbel
from rebal_core.nn.generators.together import APART, Together

#: Coordinates of a point.
_LATENT = 8
#: Normal distributions that the points of a class are mixed of.
_SPOTS = 32
#: Steps until the divergence has its full weight, and its share before: what is not worth its
#: price in the beginning would never be told by the points.
_WARM, _COLD = 600, 0.1


class Decoder(nn.Module):
    """Reads rows from points, as logits of the codes.

    Parameters
    ----------
    shape : Shape
    width : int
    """

    def __init__(self, shape: Shape, width: int) -> None:
        super().__init__()
        each = (shape.classes, _SPOTS)
        self.shares = nn.Parameter(torch.zeros(each))
        self.middles = nn.Parameter(torch.randn(*each, _LATENT))
        self.scales = nn.Parameter(torch.full((*each, _LATENT), math.log(0.5)))
        self.reader = Reader(_LATENT + shape.classes, width, shape)

    def chance(self, points: Tensor, y: Tensor) -> Tensor:
        """Return the log density of points among those of their class, (n,)."""
        far = (points.unsqueeze(1) - self.middles[y]) * (-self.scales[y]).exp()
        each = -0.5 * (far.square() + math.log(2 * math.pi)).sum(dim=2) - self.scales[y].sum(dim=2)
        return (each + self.shares[y].log_softmax(dim=1)).logsumexp(dim=1)

    def points(self, y: Tensor) -> Tensor:
        """Return points of rows of classes, (n, latent)."""
        k = (self.shares[y] + gumbel(self.shares[y])).argmax(dim=1)
        return self.middles[y, k] + torch.randn(len(y), _LATENT) * self.scales[y, k].exp()

    def forward(self, points: Tensor) -> Tensor:
        """Return logits, (n, latent + classes) -> (n, width)."""
        logits: Tensor = self.reader(points)[1]
        return logits


class Vae(Learner):
    """A variational autoencoder, whose points are a mixture of normal distributions in each class.

    Rows of spots that lie apart are then made of points that lie apart, and none between them. What
    columns of made rows have together is held against real rows besides, as such a network blurs
    it.

    Parameters
    ----------
    shape : Shape
    width : int
    beta : float
        What the divergence of points from those that rows are made of weighs.

    References
    ----------
    Kingma & Welling (2014), Auto-encoding variational Bayes, arXiv 1312.6114; Xu et al. (2019),
    arXiv 1907.00503 (of tables); Tomczak & Welling (2018), arXiv 1705.07120 (a mixture of points
    that is learned); Bowman et al. (2016), arXiv 1511.06349 (the weight that grows); Zhao, Song &
    Ermon (2019), InfoVAE, arXiv 1706.02262 (moments matched beside the bound).
    """

    modes: ClassVar[int] = 16
    own: ClassVar[bool] = True
    slack: ClassVar[float] = 0.02
    taken: Tensor

    def __init__(self, shape: Shape, width: int = 128, beta: float = 1.0) -> None:
        super().__init__(shape)
        self.beta = beta
        self.inlet = Inlet(self.blocks)
        self.maker = self.decoder = Decoder(shape, width)
        self.together = Together(shape)
        self.waves = self.together.waves
        inputs = self.inlet.size + self.waves.shape[1]
        self.encoder = Trunk(inputs, width, 2, 2 * _LATENT)
        self.register_buffer("taken", torch.tensor(0))  # a killed fit goes on with it

    def optimizers(self) -> list[torch.optim.Optimizer]:
        """Return one for both parts."""
        self.moves = torch.optim.AdamW(self.parameters(), 2e-3, weight_decay=1e-5, fused=True)
        return [self.moves]

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Take a step down the negative evidence bound."""
        kinds, hot = self.kinds(batch.y), self.blocks.hot(batch.codes)
        row = self.inlet(batch.places, hot, kinds)
        encoded: Tensor = self.encoder(torch.cat([row, hot @ self.waves], dim=1))
        middle, log_variance = encoded.chunk(2, dim=1)
        points = middle + torch.randn_like(middle) * (0.5 * log_variance).exp()
        logits = self.decoder(torch.cat([points, kinds], dim=1))
        lost = self.blocks.surprise(logits, batch.codes).sum(dim=1)
        apart = divergence(log_variance, self.decoder.chance(points, batch.y))
        self.taken += 1
        beta = self.beta * (self.taken / _WARM).clamp(_COLD, 1.0)
        loss = (lost + beta * apart).mean()
        made = self.decoder(torch.cat([self.decoder.points(batch.y), kinds], dim=1))
        missed = self.together.apart(hot, self.blocks.shares(made), batch.y)
        self.moves.zero_grad(set_to_none=True)
        (loss + APART * missed).backward()  # type: ignore[no-untyped-call]
        self.moves.step()
        return {"loss": loss, "rebuilding": lost.mean(), "divergence": apart.mean()}

    def made(self, y: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Return places and codes of new rows."""
        points = self.decoder.points(y)
        logits = self.decoder(torch.cat([points, self.kinds(y)], dim=1))
        return 2 * torch.rand(len(y), self.shape.places) - 1, self.blocks.drawn(logits)


def divergence(log_variance: Tensor, chance: Tensor) -> Tensor:
    """Return what KL(q || p) of each row is on average: log q of a point of q, less log p of it."""
    spread = 1 + math.log(2 * math.pi) + log_variance
    return -0.5 * spread.sum(dim=1) - chance
