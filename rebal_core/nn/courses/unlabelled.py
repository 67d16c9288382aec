"""Courses that also learn from rows without a label, which the network labels itself."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from rebal_core.nn import mixing
from rebal_core.nn.course import Course, Taught
from rebal_core.nn.net import Net, averaged
from rebal_core.nn.ranges import ranges
from rebal_core.nn.rows import Rows, Source

#: Rows at a time outside training.
_CHUNK = 16_384


def believed(p: Tensor, shares: Tensor, part: float) -> tuple[Tensor, Tensor]:
    """Choose rows whose class is believed: of each class those that are most probably of it.

    As many rows as the class should have, times `part`. One threshold for all classes would take
    the frequent one alone, for which probabilities are high, and each round would be worse.

    Parameters
    ----------
    p : Tensor of shape (n, K)
        Probabilities of rows without a label.
    shares : Tensor of shape (K,)
        Class shares of the labelled rows; the others are taken to have the same.
    part : float
        Of the rows, 0 to 1.

    Returns
    -------
    places : Tensor of shape (m,), int64
        Ascending; a row that several classes claim belongs to that which it clears by most.
    labels : Tensor of shape (m,), int64

    References
    ----------
    Zou, Yu, Kumar, Wang (2018), Unsupervised domain adaptation for semantic segmentation via
    class-balanced self-training, ECCV, for a threshold of each class.
    """
    n, k = p.shape
    wanted = (part * n * shares).round().long().clamp(0, n)
    ordered = p.sort(dim=0, descending=True).values
    columns = torch.arange(k, device=p.device)
    least = ordered[(wanted - 1).clamp_min(0), columns].clamp_min(1e-12)
    clears = torch.where(wanted > 0, p / least, 0.0)
    most, labels = clears.max(dim=1)
    places = torch.nonzero(most >= 1)[:, 0]
    return places, labels[places]


class SelfLabelled(Course):
    """By labelled rows, and beside each batch by shaken rows that the network has labelled.

    A subclass says in which state of the network that is. Without such rows it teaches plainly.

    Parameters
    ----------
    part : float
        Of the rows without a label, so many are believed.
    weight : float
        Of their mean loss, beside that of the labelled rows.
    sd : float
        Of the noise that shakes them, in standard deviations of each column.
    swaps : float
        Part of their categories that are those of another row.
    """

    def __init__(
        self, part: float = 0.5, weight: float = 1.0, sd: float = 0.1, swaps: float = 0.1
    ) -> None:
        self.part, self.weight, self.sd, self.swaps = part, weight, sd, swaps
        self.places = self.labels = torch.zeros(0, dtype=torch.int64)

    @property
    def idle(self) -> bool:
        """Whether there is nothing beside the labelled rows."""
        return not (self.part and self.weight)

    def begin(self, taught: Taught) -> None:
        """Measure the columns."""
        super().begin(taught)
        self.free = None if self.idle else taught.unlabelled
        self.width = self.sd * ranges(taught.source).unit

    @torch.no_grad()
    def label(self, net: Net, free: Source) -> None:
        """Choose the rows to learn from, by what the network says of them now."""
        trains, exactness = net.training, next(net.parameters()).dtype
        net.eval()
        parts = []
        for at in torch.arange(len(free)).split(_CHUNK):  # type: ignore[no-untyped-call]
            rows = free.take(at, exactness)
            parts.append(averaged(net(rows.numbers, rows.codes)).softmax(dim=1))
        net.train(trains)
        shares = self.taught.shares.to(parts[0])
        places, labels = believed(torch.cat(parts), shares, self.part)
        self.places, self.labels = places.cpu(), labels.cpu()

    def loss(self, net: Net, rows: Rows) -> Tensor:
        """Return the loss of the labelled rows, and that of as many others beside it."""
        lost = super().loss(net, rows)
        if self.free is None or not len(self.places):
            return lost
        drawn = torch.randint(len(self.places), (len(rows),))
        others = self.free.take(self.places[drawn], rows.numbers.dtype)
        numbers, codes = self.shaken(others)
        y = self.labels[drawn].to(rows.y.device)
        return lost + self.weight * self.each(net(numbers, codes), y).mean()

    def shaken(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """Return numbers with noise, and codes of which some are of other rows."""
        draws = torch.default_generator
        numbers = mixing.feature_noise(rows.numbers, self.width.to(rows.numbers), draws)
        return numbers, mixing.swap_noise(rows.codes, self.swaps, draws)

    def told(self) -> Mapping[str, Any]:
        """Return how many rows of each class are believed."""
        if self.free is None:
            return {}
        counts = torch.bincount(self.labels, minlength=self.taught.n_classes)
        return {"believed": counts.tolist()}

    def state(self) -> dict[str, Any]:
        """Return the rows that are believed, and their labels."""
        return {"places": self.places, "labels": self.labels}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take them up."""
        self.places, self.labels = state["places"], state["labels"]


class WarmUp(Course):
    """The usual course, on the labelled rows alone.

    Parameters
    ----------
    share : float
        Part of the epochs.
    """

    def __init__(self, share: float) -> None:
        self.share = share


class Consistency(SelfLabelled):
    """By what the network says of rows without a label, which it shall still say of shaken ones.

    Each epoch it labels them anew; at first it knows too little to be believed.

    Parameters
    ----------
    part, weight, sd, swaps
        As in :class:`SelfLabelled`.
    due : float
        Part of the epochs before it is believed.

    References
    ----------
    Sohn et al. (2020), FixMatch, NeurIPS 33; Laine & Aila (2017), Temporal ensembling for
    semi-supervised learning, ICLR, for labels that stay for an epoch.
    """

    def __init__(
        self,
        part: float = 0.5,
        weight: float = 1.0,
        sd: float = 0.1,
        swaps: float = 0.1,
        due: float = 0.2,
    ) -> None:
        super().__init__(part, weight, sd, swaps)
        self.before = () if self.idle else (WarmUp(due),)
        self.share = 1.0 if self.idle else 1 - due

    def start(self, epoch: int) -> None:
        """Label the rows."""
        if self.free is not None:
            self.label(self.taught.net, self.free)


class Teacher(WarmUp):
    """The usual course, which remembers what the network was before it."""

    first_state: dict[str, Any] | None = None

    def start(self, epoch: int) -> None:
        """Remember."""
        if self.first_state is None:
            self.first_state = copy.deepcopy(self.taught.net.state_dict())

    def state(self) -> dict[str, Any]:
        """Return what it remembers."""
        return {"first": self.first_state}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Remember again."""
        self.first_state = state["first"]


class NoisyStudent(SelfLabelled):
    """By labels of a teacher, that the network was until half-time; the student begins anew.

    The student sees shaken rows alone, which its teacher saw as they are.

    Parameters
    ----------
    part, weight, sd, swaps
        As in :class:`SelfLabelled`.

    References
    ----------
    Xie, Luong, Hovy, Le (2020), Self-training with noisy student improves ImageNet classification,
    CVPR.
    """

    def __init__(
        self, part: float = 0.5, weight: float = 1.0, sd: float = 0.1, swaps: float = 0.1
    ) -> None:
        super().__init__(part, weight, sd, swaps)
        self.teacher = Teacher(0.5)
        self.before = () if self.idle else (self.teacher,)
        self.share = 1.0 if self.idle else 1 - self.teacher.share

    def begin(self, taught: Taught) -> None:
        """Take the teacher's labels, then forget what it learned."""
        super().begin(taught)
        if self.free is not None:
            self.label(taught.net, self.free)
        if self.teacher.first_state is not None:  # else a fit is resumed, and brings its own
            taught.net.load_state_dict(self.teacher.first_state)

    def loss(self, net: Net, rows: Rows) -> Tensor:
        """Return the loss of shaken rows, labelled and others."""
        if not self.idle:
            numbers, codes = self.shaken(rows)
            rows = Rows(numbers, codes, rows.y, rows.weight, rows.at)
        return super().loss(net, rows)
