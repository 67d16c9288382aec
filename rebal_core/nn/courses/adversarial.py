"""A course in which the network meets rows where it errs on them most."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from rebal_core.model import FitNote
from rebal_core.nn import attacks
from rebal_core.nn.course import Course, Taught
from rebal_core.nn.net import Net, averaged
from rebal_core.nn.ranges import ranges
from rebal_core.nn.rows import Rows, Source, some_of_each
from rebal_core.wording import Text

#: Steps of an attack while it is taught, and while it is measured.
_STEPS, _MEASURED_STEPS = 7, 10
#: Rows of a class that are attacked to measure.
_MEASURED = 500


class Adversarial(Course):
    """By rows of which a part is attacked, each by the network as it is at that step.

    Labels are the true ones; categories, texts and marks of what was missing stay; no number leaves
    its column's range. The robustness that comes of it is measured on held rows: the recall of each
    class under the stronger attack, all classes taken for equally frequent.

    Parameters
    ----------
    attack : {"pgd", "fgsm"}
        See :mod:`rebal_core.nn.attacks`.
    epsilon : float
        Largest move of a number, in standard deviations of its column; 0 attacks nothing.
    clean : float
        Part of the rows that may be attacked and are left as they are.
    attacked : {"rare", "all"}
        Whether rows of the largest class are left alone.
    ramp : float
        Part of the epochs in which the attack grows to its reach; none of these is kept.

    References
    ----------
    Madry, Makelov, Schmidt, Tsipras, Vladu (2018), Towards deep learning models resistant to
    adversarial attacks, ICLR; Kurakin, Goodfellow, Bengio (2017), Adversarial machine learning at
    scale, ICLR, for the clean part.
    """

    def __init__(
        self,
        attack: str = "pgd",
        epsilon: float = 0.1,
        clean: float = 0.5,
        attacked: str = "rare",
        ramp: float = 0.3,
    ) -> None:
        self.attack, self.epsilon, self.clean = attack, epsilon, clean
        self.attacked, self.ramp = attacked, ramp
        self.idle = not epsilon or clean == 1
        self.settled = 0.0 if self.idle else ramp

    def begin(self, taught: Taught) -> None:
        """Measure the columns, and choose what robustness is measured on."""
        super().begin(taught)
        counts = taught.counts
        self.ranges, self.rarest = ranges(taught.source), int(counts.argmin())
        self.open = torch.ones_like(counts, dtype=torch.bool)
        if self.attacked == "rare":
            self.open[counts.argmax()] = False
        held = taught.held
        self.strange = held is not None and bool((held.y == self.rarest).any())
        self.measured: Source = held if held is not None and self.strange else taught.source
        self.places = torch.as_tensor(some_of_each(self.measured.y.numpy(), _MEASURED))

    def start(self, epoch: int) -> None:
        """Set how far the attack goes."""
        grown = self.ramp * self.taught.epochs
        self.reach = self.epsilon * (min(1.0, (epoch + 1) / grown) if grown else 1.0)

    def loss(self, net: Net, rows: Rows) -> Tensor:
        """Return what is lost on a batch, a part of it attacked."""
        numbers = rows.numbers
        if not self.idle:
            chosen = (torch.rand(len(rows)) >= self.clean).to(numbers.device) & self.open[rows.y]
            if chosen.any():
                some = (numbers[chosen], rows.codes[chosen], rows.y[chosen])
                numbers = numbers.clone()
                numbers[chosen] = self._moved(net, *some)
        return self.mean(net(numbers, rows.codes), rows)

    def _moved(self, net: Net, numbers: Tensor, codes: Tensor, y: Tensor) -> Tensor:
        asked = (net, numbers, codes, y, *self._room(numbers, self.reach))
        if self.attack == "fgsm":
            return attacks.fgsm(*asked)
        return attacks.pgd(*asked, torch.default_generator, _STEPS)

    def _room(self, numbers: Tensor, reach: float) -> tuple[Tensor, Tensor, Tensor]:
        """Return how far each column may be moved, and its bounds."""
        found = self.ranges
        return (
            reach * found.unit.to(numbers),
            found.lowest.to(numbers),
            found.highest.to(numbers),
        )

    def after(self, epoch: int, net: Net) -> None:
        """Measure how robust it is by now."""
        self.recalls = None if self.idle else self._recalls(net.eval())

    def end(self, net: Net) -> None:
        """Tell how robust it is."""
        if self.idle:
            return
        clean, attacked = (float(recall[self.rarest]) for recall in self._recalls(net))
        rows = int((self.measured.y[self.places] == self.rarest).sum())
        values = {"clean": clean, "attacked": attacked, "rows": rows, "epsilon": self.epsilon}
        warnings.warn(_note(self.strange, values).render(), FitNote, stacklevel=2)

    def _recalls(self, net: Net) -> tuple[Tensor, Tensor]:
        """Return the recall of each class, (K,), of rows as they are and under the full attack."""
        rows = self.measured.take(self.places, next(net.parameters()).dtype)
        asked = (net, rows.numbers, rows.codes, rows.y, *self._room(rows.numbers, self.epsilon))
        draws = torch.Generator().manual_seed(0)  # of its own: to measure changes no training
        moved = attacks.pgd(*asked, draws, _MEASURED_STEPS)
        first, second = (self._recall(net, numbers, rows) for numbers in (rows.numbers, moved))
        return first, second

    @torch.no_grad()
    def _recall(self, net: Net, numbers: Tensor, rows: Rows) -> Tensor:
        """Return the recall of each class where all are taken for equally frequent."""
        logits = averaged(net(numbers, rows.codes))
        right = (logits - self.taught.shares.to(logits).log()).argmax(dim=1) == rows.y
        k = self.taught.n_classes
        found = torch.bincount(rows.y, right.to(torch.float64), minlength=k)
        return (found / torch.bincount(rows.y, minlength=k).clamp_min(1)).cpu()

    def told(self) -> Mapping[str, Any]:
        """Return how far the attack went, and the recall of each class under the full one."""
        if self.idle or self.recalls is None:
            return {}
        return {"reach": self.reach, "robust_recall": self.recalls[1].tolist()}

    #: Of the last epoch, as it is and under attack.
    recalls: tuple[Tensor, Tensor] | None = None


def _note(strange: bool, values: Mapping[str, Any]) -> Text:
    if strange:
        return Text(
            "All classes taken for equally frequent, the network finds {clean:.0%} of {rows:,} "
            "rows of the rarest class that it did not learn from, and {attacked:.0%} once their "
            "numbers are moved against it by up to {epsilon} standard deviations.",
            values,
        )
    return Text(
        "All classes taken for equally frequent, the network finds {clean:.0%} of {rows:,} rows of "
        "the rarest class that it learned from, and {attacked:.0%} once their numbers are moved "
        "against it by up to {epsilon} standard deviations.",
        values,
    )
