"""TabM: many perceptrons that share most of their weights, answering together."""

from __future__ import annotations

from tabm import EnsembleView, LinearEnsemble, make_tabm_backbone
from torch import Tensor

from rebal_core.nn.embeddings import Columns
from rebal_core.nn.net import Net


class TabM(Net):
    """Perceptrons that differ in how they weigh columns and units; their answers are averaged.

    Parameters
    ----------
    width : int
        Number columns.
    cardinalities : list of int
        Codes of each category column run from 0, which is missing or unknown, to cardinality - 1.
    n_classes : int
    members : int
        Perceptrons.
    hidden, depth : int
        Units of a hidden layer, and how many layers.
    dropout : float

    References
    ----------
    Gorishniy, Kotelnikov & Babenko (2025), TabM, ICLR, arXiv 2410.24210.
    """

    def __init__(
        self,
        width: int,
        cardinalities: list[int],
        n_classes: int,
        members: int = 16,
        hidden: int = 128,
        depth: int = 2,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.members = members
        self.columns = Columns(width, cardinalities)
        self.view = EnsembleView(k=members)
        self.layers = make_tabm_backbone(
            d_in=sum(self.columns.sizes),
            n_blocks=depth,
            d_block=hidden,
            dropout=dropout,
            k=members,
            start_scaling_init="normal",
            # A member weighs all coordinates of one column alike at first.
            start_scaling_init_chunks=self.columns.sizes,
        )
        self.head = LinearEnsemble(hidden, n_classes, k=members)

    def look(self, numbers: Tensor) -> None:
        """Take scale and knots of the numbers."""
        self.columns.numbers.look(numbers)

    def embed(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Return points, shape (n, d)."""
        points: Tensor = self.columns(numbers, codes)
        return points

    def body(self, embedded: Tensor) -> Tensor:
        """Return what the head answers on, shape (n, members, hidden)."""
        hidden: Tensor = self.layers(self.view(embedded))  # (n, d) -> (n, members, d) -> ...
        return hidden
