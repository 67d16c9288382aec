"""Courses that teach a network in two parts: first what rows look like, then their classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, smooth_l1_loss

from rebal_core.nn.course import Course, Taught
from rebal_core.nn.courses.sampling import ClassAware, repeated
from rebal_core.nn.net import Net
from rebal_core.nn.rows import Rows
from rebal_core.wording import Unsuitable, listed

#: q of the mix in which the rarest class has most rows, and every other some.
_RAREST_FIRST = -0.5


class Masked(Course):
    """Hide values of a row, and learn to tell them from the others; labels are not looked at.

    A hidden number is 0, the mean; a hidden category is missing. What is told is wrong by about 1
    where nothing is known, in numbers as in categories.

    Parameters
    ----------
    hidden : float
        Part of the values.

    References
    ----------
    Yoon, Zhang, Jordon, van der Schaar (2020), VIME: extending the success of self- and
    semi-supervised learning to tabular domain, NeurIPS.
    """

    stepwise = True

    def __init__(self, hidden: float = 0.3) -> None:
        self.hidden = hidden

    def begin(self, taught: Taught) -> None:
        """Make the layer that tells hidden values."""
        super().begin(taught)
        source = taught.source
        self.values = source.values
        with torch.no_grad():
            rows = source.take(torch.zeros(1, dtype=torch.int64))
            net = taught.net.eval()
            features = net.body(net.embed(rows.numbers, rows.codes))
        told = nn.Linear(features.shape[-1], source.width + sum(self.values))
        self.told_by = told.to(source.device)

    def parts(self, net: Net) -> Iterable[tuple[Iterable[nn.Parameter], float]]:
        """Return all but the head, and the layer that tells."""
        return [(_below_head(net), 1.0), (self.told_by.parameters(), 1.0)]

    def loss(self, net: Net, rows: Rows) -> Tensor:
        """Return the mean error on hidden values."""
        hides_numbers = torch.rand_like(rows.numbers) < self.hidden
        hides_codes = torch.rand(rows.codes.shape, device=rows.codes.device) < self.hidden
        numbers = rows.numbers.masked_fill(hides_numbers, 0.0)
        codes = rows.codes.masked_fill(hides_codes, 0)
        told = self.told_by(net.body(net.embed(numbers, codes)))
        # (n, d), or (n, members, d): members after each other, (members * n, d)
        members = 1 if told.ndim == 2 else told.shape[1]
        told = told if told.ndim == 2 else told.transpose(0, 1).flatten(0, 1)
        width = rows.numbers.shape[1]
        wrong = smooth_l1_loss(told[:, :width], rows.numbers.repeat(members, 1), reduction="none")
        errors = [wrong * hides_numbers.repeat(members, 1)]
        for j, one in enumerate(told[:, width:].split(self.values, dim=1)):
            missed = cross_entropy(one, rows.codes[:, j].repeat(members), reduction="none")
            known = torch.tensor(float(self.values[j])).log().clamp_min(1.0)
            errors.append((missed / known * hides_codes[:, j].repeat(members))[:, None])
        each = torch.cat(errors, dim=1).sum(dim=1) * rows.weight.repeat(members)
        hidden = hides_numbers.sum() + hides_codes.sum()
        return each.sum() / (members * hidden).clamp_min(1)

    def state(self) -> dict[str, Any]:
        """Return what the layer that tells has learned."""
        return {"told_by": self.told_by.state_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on with this."""
        self.told_by.load_state_dict(state["told_by"])


class Domain(Course):
    """Learn the classes on the rows of one value of a category, such as one country.

    An epoch is as many rows as ever, so that its steps are as many.

    Parameters
    ----------
    column : str
    value : str
        Empty for the most frequent value that holds rows of two classes or more.
    """

    stepwise = True

    def __init__(self, column: str, value: str = "") -> None:
        self.column, self.value = column, value

    def begin(self, taught: Taught) -> None:
        """Find its rows.

        Raises
        ------
        Unsuitable
            When the column is no category or has no such value, or that holds one class alone.
        """
        super().begin(taught)
        codes, y = taught.source.category(self.column), taught.source.y
        if codes is None:
            raise Unsuitable(
                "“{column}” is no category that a model sees; choose one to learn from first.",
                column=self.column,
            )
        found = (own for k in self._asked(codes) if _two_classes(y[own := codes == k]))
        self.own = next(found, torch.zeros(len(y), dtype=torch.bool)).nonzero()[:, 0]
        if len(self.own):
            return
        if self.value:
            raise Unsuitable(
                "The rows whose “{column}” is “{value}” are all of one class, which teaches to "
                "answer it for every row; choose another value.",
                column=self.column,
                value=self.value,
            )
        raise Unsuitable(
            "No value of “{column}” holds rows of two classes, so there is nothing to learn "
            "first; choose another column.",
            column=self.column,
        )

    def _asked(self, codes: Tensor) -> list[int]:
        """Return the codes that come into question, the best first."""
        often = torch.bincount(codes[codes >= 0]).argsort(descending=True, stable=True).tolist()
        if not self.value:
            return often
        known = self.taught.source.named.get(self.column, ())
        asked = [k for k in often if k < len(known) and known[k] == self.value]
        if not asked or not bool((codes == asked[0]).any()):
            raise Unsuitable(
                "“{column}” has no value “{value}” in the training rows; it has {values}.",
                column=self.column,
                value=self.value,
                values=listed([known[k] for k in often if k < len(known)], 5),
            )
        return asked

    def order(self) -> Tensor:
        """Return its rows, each as often as another or once more, in random order."""
        return repeated(self.own, len(self.taught.source))


class FineTuned(Course):
    """Learn the classes gently, so that what was learned before is not lost.

    Parameters
    ----------
    slowest : float
        Factor of the learning rate of the first layer; it grows evenly, layer by layer, to 1 at the
        head.
    warm_up : float
        Part of the steps in which the rate rises from 0.
    frozen : float
        Part of the epochs in which the head alone learns.

    References
    ----------
    Howard & Ruder (2018), Universal language model fine-tuning for text classification, ACL.
    """

    stops, stepwise = False, True

    def __init__(self, slowest: float = 0.1, warm_up: float = 0.1, frozen: float = 0.1) -> None:
        self.slowest, self.warm_up, self.frozen = slowest, warm_up, frozen

    def parts(self, net: Net) -> Iterable[tuple[Iterable[nn.Parameter], float]]:
        """Return the parameters layer by layer, each with its rate."""
        layers = _layers(net)
        steps = max(len(layers), 1)
        below = [(own, self.slowest ** (1 - k / steps)) for k, own in enumerate(layers)]
        return [*below, (list(net.head.parameters()), 1.0)]

    def start(self, epoch: int) -> None:
        """Freeze or unfreeze what is below the head."""
        learns = epoch >= self.taught.begins(self.frozen)
        for parameter in _below_head(self.taught.net):
            parameter.requires_grad_(learns)

    def rate(self, done: float) -> float:
        """Return how far it has warmed up."""
        return 1.0 if done >= self.warm_up else max(done, 1e-3) / self.warm_up


class HeadAlone(ClassAware):
    """Teach a new head on balanced batches, on what a network sees by now.

    The answers speak of the natural shares all the same, see
    :class:`rebal_core.nn.courses.sampling.Drawn`.
    """

    def begin(self, taught: Taught) -> None:
        """Forget the head: what it knew was learned on the natural mix."""
        super().begin(taught)
        head = taught.net.head
        with torch.no_grad():
            for parameter in head.parameters():  # one layer has one best state: any start will do
                parameter.zero_()
            if isinstance(bias := getattr(head, "bias", None), Tensor):
                bias.copy_(self.first().to(bias))

    def parts(self, net: Net) -> Iterable[tuple[Iterable[nn.Parameter], float]]:
        """Return the head."""
        return [(net.head.parameters(), 1.0)]

    def loss(self, net: Net, rows: Rows) -> Tensor:
        """Return the mean loss of the head's answers."""
        with torch.no_grad():
            features = net.body(net.embed(rows.numbers, rows.codes))
        return self.mean(net.head(features), rows)


def transferred(
    pretraining: str,
    domain: str,
    value: str,
    part: float,
    budget: float,
    slowest: float,
    warm_up: float,
    frozen: float,
) -> Course:
    """Return pretraining and fine-tuning, with as many steps as :func:`from_scratch`.

    Parameters
    ----------
    pretraining : {"masked", "rarest_first", "domain"}
    domain, value : str
        The column and the value of :class:`Domain`.
    part : float
        Part of the steps that pretraining takes.
    budget : float
        Part of a learner's epochs that both take together; none ends early.
    slowest, warm_up, frozen : float
        As :class:`FineTuned` takes them.
    """
    course = FineTuned(slowest, warm_up, frozen)
    if part:
        first: Course = Masked()
        if pretraining != "masked":
            own = pretraining == "domain"
            first = Domain(domain, value) if own else ClassAware(_RAREST_FIRST)
        first.share, first.stops, first.chosen = budget * part, False, False
        course.before = (first,)
    course.share = budget * (1 - part)
    return course


def from_scratch(budget: float) -> Course:
    """Return the usual course of a part of a learner's epochs, none of which ends early."""
    course = Course()
    course.share, course.stops = budget, False
    return course


def decoupled(part: float) -> Course:
    """Return the usual course, then that of the head alone, which takes a part of the epochs."""
    course, first = HeadAlone(), Course()
    first.share = 1 - part
    course.before = (first,)
    return course


def _two_classes(y: Tensor) -> bool:
    return bool((y != y[:1]).any())


def _below_head(net: Net) -> list[nn.Parameter]:
    return [p for own in _layers(net) for p in own]


def _layers(net: Net) -> list[list[nn.Parameter]]:
    """Return the parameters of each module of a network, as they are made, but for the head."""
    head = {id(p) for p in net.head.parameters()}
    own = [[p for p in m.parameters(recurse=False) if id(p) not in head] for m in net.modules()]
    return [some for some in own if some]
