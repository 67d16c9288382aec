"""A network that was taught rows, and then says where it errs on rows most."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from rebal_core.model import Attackable, Attacks, FitJob, FitNote
from rebal_core.nn import attacks
from rebal_core.nn.course import Course
from rebal_core.nn.mlp import MLP
from rebal_core.nn.net import Net
from rebal_core.nn.ranges import ranges
from rebal_core.nn.rows import Source, some_of_each
from rebal_core.nn.schedule import Schedule
from rebal_core.nn.training import seeded, train
from rebal_core.rows import Ints, Layout, TypedRows

#: Steps of an epoch, as long as its batches are not larger than this.
_STEPS, _BATCH = 16, 256
#: Rows that are attacked at a time.
_CHUNK = 16_384
#: On every machine the same rows are made.
_CPU = torch.device("cpu")


class Attacker:
    """A network under attack, and how far rows may be moved.

    Parameters
    ----------
    net : Net
        On the CPU, as are the rows.
    rows : Source
        To be moved, with true labels as the network counts them.
    among : Source
        Whose spread is the unit of a move, and whose range its bound.
    """

    def __init__(self, net: Net, rows: Source, among: Source) -> None:
        self._net, self._rows, self._ranges = net, rows, ranges(among)

    @property
    def moves(self) -> bool:
        """Whether any number may be moved."""
        return bool((self._ranges.unit > 0).any())

    def attacked(
        self, at: Ints, reach: NDArray[np.float32], steps: int, seed: int
    ) -> NDArray[np.float32]:
        """Return the numbers of rows after an attack; marks of what was missing stay.

        Parameters
        ----------
        at : ndarray of shape (m,)
            Places of the rows.
        reach : ndarray of shape (m,)
            How far each may go, in standard deviations of each column.
        steps : int
            1 is one step from where the row is, more are steps from anywhere near it.
        seed : int

        Returns
        -------
        ndarray of shape (m, width)
            Parts of texts behind the columns, as they were.
        """
        draws, found = torch.Generator().manual_seed(seed), self._ranges
        made = np.empty((len(at), self._rows.width), dtype=np.float32)
        with seeded(seed):
            for start in range(0, len(at), _CHUNK):
                part = slice(start, start + _CHUNK)
                rows = self._rows.take(torch.as_tensor(at[part]))
                epsilon = torch.as_tensor(reach[part])[:, None] * found.unit
                near = (epsilon, found.lowest, found.highest)
                asked = (self._net, rows.numbers, rows.codes, rows.y, *near)
                moved = attacks.fgsm(*asked) if steps == 1 else attacks.pgd(*asked, draws, steps)
                made[part] = moved.numpy()
        return made


def taught(
    rows: TypedRows,
    epochs: int,
    most_rows: int,
    seed: int,
    n_classes: int,
    network: Callable[[int, int], Attackable] | None = None,
) -> Attacks:
    """Return what attacks a network that all classes of the rows were taught alike.

    Parameters
    ----------
    rows : TypedRows
    epochs : int
        Passes over them; their number, not a loss, ends the training.
    most_rows : int
        Of a class that it is taught; evenly among all of it.
    seed : int
    n_classes : int
        K of the whole table.
    network : callable, optional
        Makes it, from its most epochs and a seed; a small perceptron by default.
    """
    classes, y, sizes = np.unique(rows.y, return_inverse=True, return_counts=True)
    balanced, some = len(y) / (len(classes) * sizes[y]), some_of_each(y, most_rows)
    most = 3 * epochs  # without held rows a network takes a third of them
    with warnings.catch_warnings():
        for kind in (ConvergenceWarning, FitNote):
            warnings.simplefilter("ignore", kind)
        if network is not None:
            own = network(most, seed)
            own.fit(FitJob(rows.take(some), balanced[some], n_classes))
            return own.attacker(rows, rows)
        whole = Source.of(rows, y, balanced, _CPU)
        source = Source.of(rows.take(some), y[some], balanced[some], _CPU)
        return Attacker(_perceptron(source, rows.layout, len(classes), most, seed), whole, whole)


def _perceptron(source: Source, layout: Layout, n_classes: int, epochs: int, seed: int) -> Net:
    cardinalities = [values + 1 for values in layout.cardinalities]
    schedule = Schedule(epochs, batch_size=int(np.clip(len(source) // _STEPS, 8, _BATCH)))
    with seeded(seed):
        net = MLP(source.width, cardinalities, n_classes, hidden=64, depth=2)
        net.look(source.take(torch.arange(len(source))).numbers)
        train(net, source, None, schedule, Course())
    return net
