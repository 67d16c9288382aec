"""A network that makes a row column by column, each told what is known of the others."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding_bag, relu

from rebal_core.nn.generators.learner import Batch, Learner
from rebal_core.nn.generators.parts import Shape, gumbel, waves

#: Share of a code that no row of a class has, as good as none.
_NEVER = 1e-12


class Shares(nn.Module):
    """How often each code comes, in a class and beside codes of other blocks that are known.

    A block that is not known adds nothing, so that any may be left out.

    Parameters
    ----------
    shape : Shape
    width : int
    drop : float
        Units that rest.
    """

    waves: Tensor

    def __init__(self, shape: Shape, width: int, drop: float) -> None:
        super().__init__()
        nothing = torch.zeros(1, waves(shape).shape[1])  # of a block that is not known
        self.register_buffer("waves", torch.cat([waves(shape), nothing]), persistent=False)
        bends = self.waves.shape[1]
        self.known = nn.Parameter(torch.randn(shape.width + 1, width) * 0.05)
        self.bends = nn.Parameter(torch.randn(bends, width) * 0.1)
        self.label = nn.Embedding(shape.classes, width)
        nn.init.normal_(self.label.weight, std=0.3)
        self.inner = nn.Sequential(
            nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Dropout(drop), nn.Linear(width, width)
        )
        self.rest = nn.Dropout(drop)
        self.start = nn.Embedding(shape.classes, shape.width)
        nn.init.zeros_(self.start.weight)
        self.asked = nn.Parameter(torch.randn(shape.width, width) * 0.01)
        self.asked_bends = nn.Parameter(torch.zeros(bends, width))

    def table(self) -> Tensor:
        """Return what each code adds where it is known, (all codes + 1, width)."""
        return self.known + self.waves @ self.bends

    def heads(self) -> Tensor:
        """Return what the logit of each code is read by, (all codes, width)."""
        return self.asked + self.waves[:-1] @ self.asked_bends

    def features(self, seen: Tensor) -> Tensor:
        """Return what logits are read from, (n, width) -> (n, width)."""
        features: Tensor = self.rest(relu(seen + self.inner(seen)))
        return features

    def forward(self, at: Tensor, y: Tensor) -> Tensor:
        """Return logits of all codes, (n, blocks) -> (n, all codes).

        Parameters
        ----------
        at : Tensor of shape (n, blocks)
            Places among all codes; behind the last where a block is not known.
        y : Tensor of shape (n,)
        """
        unknown = len(self.known) - 1
        seen = embedding_bag(at, self.table(), mode="sum", padding_idx=unknown) + self.label(y)
        logits: Tensor = self.start(y) + self.features(seen) @ self.heads().T
        return logits


class Autoregressive(Learner):
    """Learns the shares of each block's codes, whichever others are known.

    Half of the rows of a step show the first blocks, as they are when rows are made; half show any,
    so that a row may be made beside whatever is given of it.

    Parameters
    ----------
    shape : Shape
    width : int
    drop : float

    References
    ----------
    Tiwald et al. (2025), TabularARGN, arXiv 2501.12012; Hoogeboom et al. (2022), Autoregressive
    diffusion models, arXiv 2110.02037 (of any order, by one draw of what is known).
    """

    maker: Shares
    modes = 64

    def __init__(self, shape: Shape, width: int = 128, drop: float = 0.1) -> None:
        super().__init__(shape)
        self.maker = Shares(shape, width, drop)

    @torch.no_grad()
    def look(self, codes: Tensor, y: Tensor) -> None:
        """Start from the shares in each class, which take long to learn else.

        A code that no row of a class has is not made for it: where one class is rare, a little that
        leaks from its codes into the others is as much as it has of them.
        """
        hot = self.blocks.hot(codes)
        sums = self.kinds(y).T @ hot
        shares = sums / self.kinds(y).sum(dim=0).clamp_min(1).unsqueeze(1)
        self.maker.start.weight.copy_(shares.clamp_min(_NEVER).log())

    def optimizers(self) -> list[torch.optim.Optimizer]:
        """Return the one."""
        self.moves = torch.optim.AdamW(self.parameters(), 2e-3, weight_decay=1e-4)
        return [self.moves]

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Take a step down the mean surprise of the blocks that are not shown."""
        shown, share = self._shown(len(batch), batch.codes.shape[1])
        at = (batch.codes + self.blocks.starts).masked_fill(~shown, self.shape.width)
        surprise = self.blocks.surprise(self.maker(at, batch.y), batch.codes)
        loss = (surprise.masked_fill(shown, 0).sum(dim=1) / share).mean()
        self.moves.zero_grad(set_to_none=True)
        (loss / batch.codes.shape[1]).backward()  # type: ignore[no-untyped-call]
        self.moves.step()
        return {"loss": loss}

    def _shown(self, n: int, blocks: int) -> tuple[Tensor, Tensor]:
        """Return what is shown of each row, (n, blocks), and the share that is not, (n,)."""
        order = torch.rand(n, blocks)
        order[: n // 2] = torch.arange(blocks, dtype=torch.float32)
        count = torch.randint(blocks, (n, 1))
        shown = order.argsort(dim=1).argsort(dim=1) < count
        return shown, 1 - count[:, 0] / blocks

    def made(self, y: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Return places and codes of new rows."""
        return self.beside(y, {})

    def beside(self, y: Tensor, given: Mapping[int, Tensor]) -> tuple[Tensor, Tensor]:
        """Return places and codes of new rows around codes of blocks that are given."""
        maker, starts = self.maker, self.blocks.starts.tolist()
        table, heads = maker.table(), maker.heads()
        codes = torch.zeros(len(y), len(starts), dtype=torch.int64)
        seen, first = maker.label(y), maker.start(y)
        for j, known in given.items():
            codes[:, j] = known
            seen = seen + table[known + starts[j]]
        for j, (start, size) in enumerate(zip(starts, self.shape.sizes, strict=True)):
            if j in given:
                continue
            part = slice(start, start + size)
            logits = maker.features(seen) @ heads[part].T + first[:, part]
            codes[:, j] = (logits + gumbel(logits)).argmax(dim=1)
            seen = seen + table[codes[:, j] + start]
        return 2 * torch.rand(len(y), self.shape.places) - 1, codes
