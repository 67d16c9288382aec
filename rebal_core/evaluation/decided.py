"""What was decided about an arm, without its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rebal_core.arm import Attacked, Protocol
from rebal_core.data.at_risk import AtRisk
from rebal_core.decisions import Cutoff, Decided, Decisions, Prices, Repair, decide, parse_rule
from rebal_core.evaluation.arms import ArmCells
from rebal_core.evaluation.bootstrap import Progress, no_progress
from rebal_core.evaluation.clustered import effective_rows
from rebal_core.evaluation.repaired import ArmRepair
from rebal_core.rows import Floats, Ints


@dataclass(frozen=True)
class ArmDecisions:
    """How an arm decides, and what came of it.

    Parameters
    ----------
    cutoff : Cutoff
        From all its out-of-fold rows.
    repairs : tuple of Repair
        Of each cell, by repeat and fold.
    repair : ArmRepair
        What they come down to.
    confusion : mapping of {"default", "tuned"} to ndarray of shape (K, K)
        Rows of one repeat (averaged over them), true classes down, predicted across.
    seconds : mapping
        What ``resample``, ``fit`` and ``predict`` took, all cells together.
    prices : Prices or None
        What answers cost, where these gave the decisions.
    notes : mapping of str to int
        What its fits wanted to be known (no convergence, a class too small to grow from), and in
        how many cells.
    counted : mapping of {"default", "tuned"} to ndarray of shape (K,)
        As how many rows those of a class count for its recall; empty where rows are drawn one by
        one.
    attacked : tuple of Attacked
        How it stands an attack, cell by cell; empty where that was not measured in all of them.
    """

    cutoff: Cutoff
    repairs: tuple[Repair, ...]
    repair: ArmRepair
    confusion: Mapping[str, Floats]
    seconds: Mapping[str, float]
    prices: Prices | None = None
    notes: Mapping[str, int] = field(default_factory=dict)
    counted: Mapping[str, Floats] = field(default_factory=dict)
    attacked: tuple[Attacked, ...] = ()

    @classmethod
    def of(
        cls, decisions: Decisions, repair: ArmRepair, n_classes: int, units: Ints | None = None
    ) -> ArmDecisions:
        """Sum up the cells of an arm."""
        cells = decisions.cells
        seconds: dict[str, float] = {}
        for part, spent in ((p, s) for d in cells for p, s in d.cell.seconds.items()):
            seconds[part] = seconds.get(part, 0.0) + float(spent)
        said = {"default": [d.default for d in cells], "tuned": [d.tuned for d in cells]}
        attacked = tuple(d.cell.attacked for d in cells if d.cell.attacked is not None)
        counted = {}
        if units is not None:
            counted = {rule: _counted(cells, s, n_classes, units) for rule, s in said.items()}
        return cls(
            cutoff=decisions.cutoff,
            repairs=tuple(decided.repair for decided in cells),
            repair=repair,
            confusion={rule: _confusion(cells, s, n_classes) for rule, s in said.items()},
            seconds=seconds,
            prices=decisions.prices,
            notes=dict(Counter(note for d in cells for note in dict.fromkeys(d.cell.notes))),
            counted=counted,
            attacked=attacked if len(attacked) == len(cells) else (),
        )


def _confusion(cells: Sequence[Decided], said: Sequence[Ints], n_classes: int) -> Floats:
    pairs = np.concatenate([d.cell.y * n_classes + p for d, p in zip(cells, said, strict=True)])
    counts = np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)
    return counts / len({d.cell.repeat for d in cells})


def _counted(cells: Sequence[Decided], said: Sequence[Ints], n_classes: int, units: Ints) -> Floats:
    y = np.concatenate([d.cell.y for d in cells])
    unit, hit = units[np.concatenate([d.cell.rows for d in cells])], np.concatenate(said) == y
    repeats = len({d.cell.repeat for d in cells})
    each = [effective_rows(unit[y == k], hit[y == k], repeats) for k in range(n_classes)]
    return np.array(each, dtype=float)


def decide_arms(
    arms: Sequence[ArmCells],
    protocol: Protocol,
    n_classes: int,
    positive: int,
    costs: Floats | None = None,
    at_risk: AtRisk | None = None,
    progress: Progress = no_progress,
) -> dict[str, Decisions]:
    """Repair and decide every arm that is done, by name.

    Parameters
    ----------
    costs : ndarray, optional
        What a wrong decision on each row of the table costs.
    at_risk : AtRisk, optional
        What is at risk in each.

    Raises
    ------
    UserError
        When the threshold rule cannot serve the number of classes.
    """
    rule = parse_rule(protocol.rule, n_classes)
    done = [arm for arm in arms if arm.status == "done"]
    found = {}
    for k, arm in enumerate(done):
        cells = sorted(arm.cells, key=lambda cell: (cell.repeat, cell.fold))
        found[arm.name] = decide(
            cells, arm.repair, rule, protocol.split, positive, costs, arm.decision, at_risk
        )
        progress((k + 1) / len(done))
    return found
