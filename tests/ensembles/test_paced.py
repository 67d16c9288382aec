"""Self-paced ensemble and BalanceCascade against the published algorithms, in plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
from worked import rows_of, watched

from rebal_core.ensembles import BalanceCascade, SelfPaced
from rebal_core.ensembles.paced import apportioned

N, RARE = 600, 40
RNG = np.random.default_rng(5)
Y = np.repeat([0, 1], [N, RARE])
#: What every member says of class 1: of the frequent rows it is their hardness.
P = np.concatenate([RNG.beta(0.6, 3.0, N), RNG.uniform(0.4, 1.0, RARE)]).astype(np.float32)
ROWS = rows_of(Y, np.arange(N + RARE), P)


def published_counts(hardness: np.ndarray, k: int, members: int, bins: int) -> np.ndarray:
    """Return what round k draws from each bin, not rounded: algorithm 1, by the authors' alpha."""
    step = (hardness.max() - hardness.min()) / bins
    share = np.zeros(bins)
    for b in range(bins):
        low = hardness.min() + b * step
        inside = (hardness >= low) & (hardness < low + step)
        if b == bins - 1:
            inside |= hardness == hardness.max()
        if inside.any():
            alpha = np.tan(np.pi * 0.5 * k / (members - 1))
            share[b] = 1 / (hardness[inside].mean() + alpha)
    return RARE * share / share.sum()


@pytest.mark.parametrize("bins", [4, 7])
def test_a_self_paced_ensemble_draws_from_each_bin_as_published(bins) -> None:
    members = watched(SelfPaced(5, bins=bins), ROWS)
    hardness = P[:N].astype(np.float64)
    edges = hardness.min() + np.arange(1, bins) * (hardness.max() - hardness.min()) / bins
    place = np.digitize(hardness, edges)
    room = np.bincount(place, minlength=bins)
    for k, member in enumerate(members):
        assert set(range(N, N + RARE)) <= set(member.seen), "all rare rows"
        frequent = member.seen[Y[member.seen] == 0]
        assert len(set(frequent)) == len(frequent) == RARE
        if k == 0:
            continue  # drawn by chance: nothing is known yet
        wanted = published_counts(hardness, k, len(members), bins)
        found = np.bincount(place[frequent], minlength=bins)
        fits = wanted <= room
        spare = np.maximum(wanted - room, 0).sum()
        assert (found <= room).all()
        assert (np.abs(found - wanted)[fits] <= 1 + spare).all()
    last = np.bincount(place[members[-1].seen[members[-1].seen < N]], minlength=bins)
    assert last.max() - last[room > last].min() <= 1, "in the end every bin gives as many"
    # Only the hardest rows would be the wrong form.
    assert set(np.argsort(-hardness)[:RARE]) != set(members[-1].seen[members[-1].seen < N])


def test_the_hardness_is_that_of_all_members_so_far() -> None:
    """The mean of what was said, not what the last one said."""
    step = SelfPaced(4, bins=2)
    model = step.build(lambda _s: None, 0)
    said = [np.where(np.arange(N + RARE) % 2 == 0, 0.9, 0.1), np.full(N + RARE, 0.5)]
    seen: list[np.ndarray] = []

    class Member:
        def __init__(self, k: int) -> None:
            self.k = k

        def fit(self, job) -> None:
            seen.append(job.rows.numbers[:, 0].astype(int))

        def predict_proba(self, rows):
            p = said[min(self.k, 1)]
            return np.column_stack([1 - p, p])

    from rebal_core.model import FitJob

    model.members = [Member(k) for k in range(4)]
    model.fit(FitJob(ROWS, None, 2))
    # After two members the even rows are at .7, the odd ones at .3: two bins still.
    frequent = seen[2][seen[2] < N]
    alpha = np.tan(np.pi / 3)
    even = RARE * (1 / (0.7 + alpha)) / (1 / (0.7 + alpha) + 1 / (0.3 + alpha))
    assert abs(np.sum(frequent % 2 == 0) - even) <= 1


def test_equally_hard_rows_are_drawn_by_chance() -> None:
    rows = rows_of(Y, np.arange(N + RARE), np.full(N + RARE, 0.5))
    for member in watched(SelfPaced(4), rows):
        np.testing.assert_array_equal(np.bincount(Y[member.seen]), [RARE, RARE])


def test_a_cascade_takes_away_what_is_easy_as_published() -> None:
    """f = (P / N) ** (1 / (T - 1)): each round that part is left, the hardest of it."""
    rounds = 6
    members = watched(BalanceCascade(rounds), ROWS)
    f = (RARE / N) ** (1 / (rounds - 1))
    order = np.argsort(-P[:N], kind="stable")  # no member gets these right
    for k, member in enumerate(members):
        frequent = member.seen[member.seen < N]
        assert len(set(frequent)) == RARE
        left = order[: round(N * f**k)]
        assert set(frequent) <= set(left), "what was easy is not drawn again"
        assert set(range(N, N + RARE)) <= set(member.seen), "rare rows are never taken away"
    assert set(members[-1].seen[members[-1].seen < N]) == set(order[:RARE])


def test_many_classes_each_go_down_to_the_rarest() -> None:
    y = np.repeat([0, 1, 2], [300, 80, 12])
    rows = rows_of(y, np.arange(392), np.random.default_rng(0).random(392))

    for step in (SelfPaced(3), BalanceCascade(3)):
        model = step.build(lambda _s: _Three(), 0)
        members = list(model.members)
        from rebal_core.model import FitJob

        model.fit(FitJob(rows, None, 3))
        for member in members:
            np.testing.assert_array_equal(np.bincount(y[member.seen]), [12, 12, 12])


class _Three:
    def fit(self, job) -> None:
        self.seen = job.rows.numbers[:, 0].astype(int)

    def predict_proba(self, rows):
        p = rows.numbers[:, 1].astype(float)
        return np.column_stack([p / 2, 1 - p, p / 2])


def test_apportioned_adds_up_and_keeps_to_the_room() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        room = rng.integers(0, 30, 6)
        size = int(rng.integers(0, room.sum() + 1))
        weight = np.where(room > 0, rng.random(6) + 1e-9, 0.0)
        given = apportioned(weight, size, room)
        assert given.sum() == size
        assert (given <= room).all()
    np.testing.assert_array_equal(apportioned(np.array([3.0, 1.0]), 8, np.array([9, 9])), [6, 2])
