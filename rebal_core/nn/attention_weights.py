"""Weights of the rows of a batch, by attention between what a row looks like and its class."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity


class ClassAttention(nn.Module):
    """Weigh the loss of each row by how a query of the row meets the embedding of its class.

    ``a_i = softmax over the batch of <q(x_i), e_(y_i)> / (sqrt(d) temperature)`` and
    ``w_i = floor + (1 - floor) n a_i``: mean 1, never below the floor. Queries and embeddings are
    kept at length d^(1/4), so that the score is their cosine and no row outweighs another by more
    than ``e^(2 / temperature)``.

    Parameters
    ----------
    width : int
        Of the features that rows are looked at by.
    n_classes : int
    size : int
        d, of queries and embeddings.
    temperature : float
    floor : float
        0 to 1; 1 weighs all rows alike.

    Notes
    -----
    Two learn, each by a loss of its own. The network learns by the weighted loss, in which the
    weights are constants; could it move them, it would weigh down the rows that it finds hard. The
    weights learn by :meth:`objective`, in which the losses and features are constants: they rise
    where rows are hard that share a look and a class. They cannot rise for a single row, so that
    a wrong label draws less weight than by its own loss; many wrong ones of a kind still do.

    References
    ----------
    Lahoti et al. (2020), Fairness without demographics through adversarially reweighted learning,
    NeurIPS: weights that are learned against the network. Ren, Zeng, Yang, Urtasun (2018), Learning
    to reweight examples for robust deep learning, ICML: why they must not be learned with it.
    """

    def __init__(
        self,
        width: int,
        n_classes: int,
        size: int = 16,
        temperature: float = 1.0,
        floor: float = 0.1,
    ) -> None:
        super().__init__()
        self.query = nn.Linear(width, size)
        self.classes = nn.Embedding(n_classes, size)
        self.temperature = temperature
        self.floor = floor

    def forward(self, features: Tensor, y: Tensor) -> Tensor:
        """Return the weights of the rows, constants to the network, shape (n,).

        Parameters
        ----------
        features : Tensor of shape (n, width)
        y : Tensor of shape (n,), int64
        """
        return _own(self.of_classes(features, y), y)

    @torch.no_grad()
    def of_classes(self, features: Tensor, y: Tensor) -> Tensor:
        """Return what each row would weigh in each class, beside the others as they are, (n, K)."""
        return self._weights(features, y)

    def objective(self, features: Tensor, y: Tensor, losses: Tensor) -> Tensor:
        """Return what the weights learn by, a scalar: minus the weighted mean of the losses.

        Parameters
        ----------
        features : Tensor of shape (n, width)
        y : Tensor of shape (n,), int64
        losses : Tensor of shape (n,)
            Of the network; neither they nor the features are moved by it.
        """
        return -(_own(self._weights(features, y), y) * losses.detach()).mean()

    def _weights(self, features: Tensor, y: Tensor) -> Tensor:
        query, classes = self.query(features.detach()), self.classes.weight
        # (n, 1, size) and (K, size) -> (n, K)
        score = cosine_similarity(query[:, None], classes, dim=2) / self.temperature
        attention = torch.exp(score - _own(score, y).logsumexp(dim=0))
        return self.floor + (1 - self.floor) * len(y) * attention


def _own(of_classes: Tensor, y: Tensor) -> Tensor:
    """Return what is in the column of each row's class, (n, K) -> (n,)."""
    return of_classes.gather(1, y[:, None])[:, 0]
