"""What the runs of this machine have taken, which corrects what others are guessed to take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from rebal_core.experiment.estimate import Piece, Told, judging, pieces_of
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.sizes import facts_of
from rebal_core.store.store import Store
from rebal_core.wording import UserError

#: Runs that are looked at, the newest ones.
MOST_RUNS = 12
#: No piece of work took a year; a time that says so is damage.
MOST_SECONDS = 3e7


@dataclass(frozen=True)
class Measured:
    """Guessed and taken seconds of past pieces of work, by what they are like.

    Parameters
    ----------
    sums : mapping of str to (float, float)
        Guessed and taken seconds, both of all pieces that :func:`_likes` calls so.
    """

    sums: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def of_table(self, fingerprint: str) -> Told:
        """Return what tells how long a piece of a comparison on a table takes."""
        return partial(self.seconds, fingerprint)

    def seconds(self, fingerprint: str, piece: Piece) -> float:
        """Return how long a piece takes: as guessed, times what the guess has missed by so far.

        From all work to the same work on the same table, each narrower kind has its own factor.
        What is known of it counts by its size, the wider factor as much as one piece does: what
        took a blink says next to nothing of what takes minutes.
        """
        factor = 1.0
        for like in _likes(fingerprint, piece):
            guessed, taken = self.sums.get(like, (0.0, 0.0))
            factor = (taken + factor * piece.seconds) / (guessed + piece.seconds)
        return factor * piece.seconds


def learned(pieces: Iterable[tuple[str, Piece, float]]) -> Measured:
    """Return what pieces of work tell: of which table each was, and the seconds that it took."""
    sums: dict[str, tuple[float, float]] = {}
    for fingerprint, piece, seconds in pieces:
        for like in _likes(fingerprint, piece):
            guessed, taken = sums.get(like, (0.0, 0.0))
            sums[like] = guessed + piece.seconds, taken + seconds
    return Measured(sums)


def measured_in(store: Store) -> Measured:
    """Return what the newest runs of a home tell; one that cannot be read tells nothing."""
    found: list[tuple[str, Piece, float]] = []
    seen: set[str] = set()
    for row in store.runs()[:MOST_RUNS]:
        try:
            found += _taken(store, row.run, Plan.from_dict(row.plan), seen)
        except (UserError, OSError, KeyError, TypeError, ValueError):
            continue  # of a dataset that is gone, or of another version
    return learned(found)


def _taken(
    store: Store, run: int, plan: Plan, seen: set[str]
) -> Iterator[tuple[str, Piece, float]]:
    """Yield the pieces of a run that no other run has told of."""
    facts = facts_of(store.dataset(plan.dataset), plan.schema, plan.rows)
    pieces = [
        *pieces_of(plan.arms, facts, 1 - 1 / plan.protocol.folds),
        judging(plan.arms, facts, plan.protocol),
    ]
    known = {(p.kind, p.arm.name if p.arm else None): p for p in pieces}
    for key, kind, seconds, arm in store.timed(run).itertuples(index=False):
        piece = known.get((kind, arm if kind in ("resample", "cell") else None))
        if piece is not None and key not in seen and 0 <= float(seconds) < MOST_SECONDS:
            seen.add(key)
            yield plan.fingerprint, piece, float(seconds)


def _likes(fingerprint: str, piece: Piece) -> tuple[str, ...]:
    """Return what a piece is like, from all work to the same work on the same table."""
    if piece.arm is None:
        return "all", piece.kind
    owner = piece.arm.strategy if piece.kind == "resample" else piece.arm.classifier
    own = f"{piece.kind} {piece.arm.name}"
    return "all", piece.kind, f"{piece.kind} {owner}", own, f"{own} {fingerprint}"
