"""What generators share that are networks; torch is loaded when one learns."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rebal_core.facts import TableFacts
from rebal_core.params import Number, Param, Switch
from rebal_core.rows import Ints
from rebal_core.samplers.generators.base import Generator
from rebal_core.samplers.generators.sheet import Columns, Sheet
from rebal_core.step import Fold

if TYPE_CHECKING:
    from rebal_core.nn.generators.taught import Taught

STEPS = Number(
    "steps",
    "Steps of learning",
    "It ends earlier where the rows that it makes get no better.",
    2000,
    100,
    100_000,
)
CONDITIONAL = Switch(
    "conditional",
    "Learn all classes together",
    "One network learns every class, and is asked for one of them; else each has its own.",
)
NODES = Number(
    "nodes",
    "Nodes of a layer",
    "Of the hidden layers of the network.",
    128,
    8,
    1024,
)
#: Rows of a step.
_BATCH = 256
#: Processor seconds of one step on a row of so many columns, of a judgement, and of a made value.
_STEP, _COLUMN, _JUDGED, _MADE = 2e-3, 6e-5, 0.4, 8e-7


class Networks(Generator):
    """Base of generators that are networks.

    Attributes
    ----------
    kind : str
        Name of the network.
    dear : float
        How many times as long a step takes as one of the plainest.
    """

    width = 500
    learned = "rebal_core.nn.generators.taught:Taught"
    kind: ClassVar[str]
    dear: ClassVar[float] = 1.0
    parameters: ClassVar[tuple[Param, ...]] = (STEPS, NODES, *Generator.parameters)
    steps: int
    nodes: int
    conditional: bool = True

    def built(self) -> dict[str, float]:
        """Return what the network is built with."""
        return {"width": self.nodes}

    @property
    def passes(self) -> int:
        """How many times a made row goes through the network."""
        return 1

    def learn(self, sheet: Sheet, columns: Columns, labels: Ints, fold: Fold) -> Taught:
        """Teach the networks, and stop by what the rows are worth."""
        from rebal_core.nn.generators.taught import Course, teach

        course = Course(self.kind, self.conditional, self.steps, _BATCH, self.built())
        seed = int(fold.rng.integers(2**31))
        aids = fold.aids
        return teach(sheet, labels, course, seed, aids.progress, aids.memory)

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of the steps, of the judgements and of the draws."""
        networks = 1 if self.conditional else max(1, len(facts.counts) - 1)
        learning = self.dear * self.steps * (_STEP + _COLUMN * facts.width)
        judging = min(20.0, self.steps / 100) * _JUDGED
        drawing = self.passes * _MADE * self.made(facts) * facts.width
        return networks * (learning + judging) + drawing
