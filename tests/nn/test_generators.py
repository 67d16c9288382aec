"""Networks that make rows: the game is played, signs are right, and what is killed goes on."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from rebal_core.nn.generators import cgan, gan, loop, together, vae
from rebal_core.nn.generators.coding import Coding
from rebal_core.nn.generators.diffusion import Diffusion
from rebal_core.nn.generators.learner import Batch, Draws, scored
from rebal_core.nn.generators.loop import Teaching
from rebal_core.nn.generators.parts import Shape
from rebal_core.nn.generators.taught import Course, teach
from rebal_core.nn.kept import Kept
from rebal_core.nn.training import seeded

SHAPE = Shape(alone=(0,), sizes=(1, 3), classes=4)


def batch(n: int = 256) -> Batch:
    """Rows of four classes whose place and code are always the same."""
    codes = torch.zeros(n, 2, dtype=torch.int64)
    codes[:, 1] = 2
    y = torch.arange(n) % 4
    return Batch(torch.full((n, 1), 0.8), codes, y, torch.ones(n, dtype=torch.int64))


def played(steps: int = 60) -> tuple[bool, bool]:
    """Return whether the critic tells real rows of every class, and the maker comes to be taken."""
    with seeded(0):
        learner = gan.Gan(SHAPE, width=32)
        learner.optimizers()
        rows = batch()
        asked, real = learner.kinds(rows.y), (rows.places, learner.blocks.hot(rows.codes))
        start = copy.deepcopy(learner.maker.state_dict())

        def apart() -> torch.Tensor:
            with torch.no_grad():
                far = learner.critic(real, asked) - learner.critic(learner.soft(asked)[0], asked)
            return torch.stack([far[rows.y == k].mean() for k in range(4)])

        for group in learner.makes.param_groups:
            group["lr"] = 0.0
        for _ in range(steps):
            learner.step(rows)
        still = all(torch.equal(v, start[n]) for n, v in learner.maker.state_dict().items())
        assert still, "only the maker's own steps move it"
        found = apart()
        for group in learner.makes.param_groups:
            group["lr"] = 2e-3
        for group in learner.tells.param_groups:
            group["lr"] = 0.0
        for _ in range(steps):
            learner.step(rows)
        return bool((found > 1).all()), bool(apart().mean() < found.mean() - 1)


@pytest.fixture
def game_alone(monkeypatch) -> None:
    """Without what the maker is told besides: the critic alone shall lead it."""
    monkeypatch.setattr(gan, "APART", 0.0)


@pytest.mark.usefixtures("game_alone")
def test_a_game_is_played() -> None:
    assert played() == (True, True)


@pytest.mark.usefixtures("game_alone")
@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("critic_loss", lambda real, made: -gan.softplus(-real).mean() - softplus(made).mean(), 0),
        ("critic_loss", lambda real, made: softplus(real).mean() + softplus(made).mean(), 0),
        ("maker_loss", lambda made: softplus(made).mean(), 1),
        ("maker_loss", lambda made: (0 * made).mean(), 1),
    ],
    ids=["sign of the critic", "label 0 as target", "sign of the maker", "never told"],
)
def test_no_game_in_its_wrong_forms(name, wrong, said, monkeypatch) -> None:
    monkeypatch.setattr(gan, name, wrong)
    assert not played()[said]


def test_losses_are_the_published_ones() -> None:
    real, made = torch.tensor([0.3, -1.0]), torch.tensor([0.5, 2.0])
    told, fooled = torch.sigmoid(real), torch.sigmoid(made)
    expected = -(told.log().mean() + (1 - fooled).log().mean())
    torch.testing.assert_close(gan.critic_loss(real, made), expected)
    torch.testing.assert_close(gan.maker_loss(made), -fooled.log().mean())


def test_what_columns_have_together_is_compared() -> None:
    """Two modes that a category tells apart; lost is one mode, or what tells them apart."""
    rng = torch.Generator().manual_seed(0)
    y = torch.arange(400) % 2

    def rows(of) -> torch.Tensor:
        first, second = torch.randint(2, (2, 400), generator=rng)
        pairs = {"both": (first, first), "one": (0 * first, 0 * first), "any": (first, second)}
        hot = nn.functional.one_hot(torch.stack(pairs[of]), 2).float()
        return torch.cat([*hot], dim=1) / math.sqrt(2)

    real = rows("both")
    same, lost, loose = (
        float(together.apartness(real, rows(x), y)) for x in ("both", "one", "any")
    )
    assert abs(same) < 0.02
    assert lost > 0.3
    assert loose > 0.1


def test_slopes_other_than_one_cost_their_square() -> None:
    def critic(row, asked):
        return 3 * row[0].sum(dim=1) + 4 * row[1].sum(dim=1)

    row = torch.randn(5, 1), torch.randn(5, 1)
    cost = cgan.steepness(critic, row, (row[0] + 1, row[1]), torch.zeros(5, 1))
    assert float(cost) == pytest.approx(16.0)
    assert float(cgan.distance(critic, row, (row[0] + 1, row[1]), row[0])) == pytest.approx(3.0)


def test_the_divergence_is_that_from_where_points_are_made() -> None:
    """Of one normal distribution there is a formula; a mixture is that of its parts."""
    with seeded(0), torch.no_grad():
        learner = vae.Vae(SHAPE, width=16, beta=2.0)
        decoder, log_variance = learner.decoder, torch.randn(1, vae._LATENT).expand(20_000, -1)
        decoder.middles[1], decoder.scales[1] = decoder.middles[1, 0], decoder.scales[1, 0]
        spread, y = (0.5 * log_variance).exp(), torch.ones(20_000, dtype=torch.int64)
        points = torch.randn_like(spread) * spread
        told = vae.divergence(log_variance, decoder.chance(points, y)).mean()
        unit = torch.distributions.Normal(decoder.middles[1, 0], decoder.scales[1, 0].exp())
        of = torch.distributions.Normal(torch.zeros(()), spread[0])
        expected = torch.distributions.kl_divergence(of, unit).sum()
        torch.testing.assert_close(told, expected, rtol=0.02, atol=0)
        made = decoder.points(y)
        torch.testing.assert_close(made.mean(0), decoder.middles[1, 0], atol=0.03, rtol=0)
        torch.testing.assert_close(made.std(0), decoder.scales[1, 0].exp(), atol=0.02, rtol=0)
    learner.optimizers()
    learner.taken.fill_(vae._WARM)
    told = learner.step(batch())
    torch.testing.assert_close(told["loss"], told["rebuilding"] + 2 * told["divergence"])


def test_points_are_worth_little_at_first() -> None:
    with seeded(0):
        learner = vae.Vae(SHAPE, width=16)
        learner.optimizers()
        told = learner.step(batch())
    early = told["rebuilding"] + vae._COLD * told["divergence"]
    torch.testing.assert_close(told["loss"], early)


def drawn(learner: Diffusion, rows: int, oracle: Callable[..., tuple]) -> tuple:
    """Return places and codes by one who knows the truth."""

    class Oracle(nn.Module):
        def forward(self, scores, hot, kinds, done):
            return oracle(scores, hot, float(done[0]) * math.pi / 2)

    learner.maker = Oracle()
    with seeded(1), torch.no_grad():
        return learner.made(torch.zeros(rows, dtype=torch.int64), torch.zeros(0))


@pytest.mark.parametrize("times", [4, 20])
def test_codes_come_from_noise_with_their_shares(times) -> None:
    """Told the shares of real codes, and nothing of the noisy one, the steps end at these."""
    shares = torch.tensor([0.7, 0.2, 0.06, 0.03, 0.01])
    learner = Diffusion(Shape((), (5,), 1), width=8, times=times)
    _, codes = drawn(learner, 40_000, lambda x, hot, _: (x, shares.log().expand_as(hot)))
    made = torch.bincount(codes[:, 0], minlength=5) / len(codes)
    torch.testing.assert_close(made, shares, atol=0.012, rtol=0)


@pytest.mark.parametrize("spread", [1.0, 0.3])
def test_numbers_come_from_noise_with_their_spread(spread) -> None:
    """Of normal scores it is known what noisy ones were: a share of them."""
    learner = Diffusion(Shape((0,), (1,), 1), width=8)

    def oracle(scores, hot, angle):
        left, lost = math.cos(angle), math.sin(angle)
        first = left * spread**2 / (left**2 * spread**2 + lost**2) * scores
        return (left * scores - first) / lost, torch.zeros_like(hot)

    places, _ = drawn(learner, 20_000, oracle)
    scores = scored(places)
    assert float(scores.mean()) == pytest.approx(0, abs=0.03)
    assert float(scores.std()) == pytest.approx(spread, rel=0.06)


def test_rows_are_coded_and_back() -> None:
    rng = np.random.default_rng(0)
    often = np.where(rng.random(2000) < 0.6, 0.0, rng.lognormal(size=2000))
    numbers = np.column_stack([rng.normal(size=2000), often, rng.integers(0, 3, 2000)])
    numbers = numbers.astype(np.float32)
    codes = np.column_stack([rng.choice([1, 4, 7], 2000), np.full(2000, 5)])
    known = rng.random(numbers.shape) < 0.9
    kind = np.zeros(2000, dtype=np.int64)
    for modes in (0, 10):
        coding = Coding.of(numbers, known, codes, kind, np.array([0]), modes)
        places, coded = coding.coded(numbers, known, codes, kind, rng)
        back, again = coding.decoded(places, coded, 0)
        np.testing.assert_array_equal(again, codes)
        assert (coded < coding.sizes).all()
        assert (np.abs(places) <= 1).all()
        near = np.abs(back - numbers) <= 0.02 + 0.05 * np.abs(numbers)
        assert near[known].mean() > 0.99
        assert coding.alone.tolist() == ([0, 1, 3] if modes else [0, 0, 0])


def test_each_class_has_stretches_of_its_own() -> None:
    """Half of a class that lies elsewhere is half of its stretches; of others none is made."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [500, 100, 5])
    numbers = (rng.normal(size=(605, 1)) + 10 * y[:, None]).astype(np.float32)
    codes, known = np.zeros((605, 1), dtype=np.int64), np.ones((605, 1), dtype=bool)
    known[600:] = False
    coding = Coding.of(numbers, known, codes, y, np.array([1, 0]), 8)
    places, coded = coding.coded(numbers, known, codes, y, rng)
    for k in (0, 1):
        own = y == k
        assert np.ptp(np.bincount(coded[own, 0], minlength=8)) <= 1
        back, _ = coding.decoded(places[own], coded[own], k)
        assert (np.abs(back - numbers[own]) < 0.15).mean() > 0.97
        assert (coding.code(0, back[:, 0], k) == coded[own, 0]).mean() > 0.97


def test_rare_classes_and_values_are_drawn_more_often() -> None:
    y = np.repeat([0, 1], [900, 100])
    codes = np.repeat([[0], [1], [0]], [890, 10, 100], axis=0)
    for by_value in (False, True):
        rows, blocks = Draws(codes, y, by_value).take(20_000, np.random.default_rng(0))
        assert set(blocks.tolist()) == {0}
        assert (y[rows] == 1).mean() == pytest.approx(0.25, abs=0.02)
        share = (codes[rows[y[rows] == 0], 0] == 1).mean()
        often = math.log1p(10) / (math.log1p(10) + math.log1p(890))
        assert share == pytest.approx(often if by_value else 1 / 90, abs=0.02)


@pytest.fixture
def short_rounds(monkeypatch) -> None:
    """As many rounds of a tenth of the steps, where another than the losses says what is best."""
    monkeypatch.setattr(loop, "_STEPS", loop._STEPS // 10)


@pytest.mark.usefixtures("short_rounds")
def test_the_best_round_is_kept_and_ends_it() -> None:
    worth = iter([0.1, 0.9, *[0.5] * 30])
    states = []
    with seeded(0):
        learner = vae.Vae(SHAPE, width=8)
        rows = batch()

        def judge() -> dict[str, float]:
            states.append(copy.deepcopy(learner.maker.state_dict()))
            return {"use": next(worth)}

        teaching = Teaching(learner, rows.places, rows.codes, rows.y, judge, 200, 8, 0)
        teaching.teach(None, Kept.of(None))
    assert [told["kept"] for told in teaching.story] == [k < 2 for k in range(10)]
    for name, value in learner.maker.state_dict().items():
        torch.testing.assert_close(value, states[1][name])


@pytest.mark.usefixtures("short_rounds")
def test_a_later_round_that_is_less_by_chance_alone_is_kept(monkeypatch) -> None:
    monkeypatch.setattr(vae.Vae, "slack", 0.02)
    worth = iter([0.9, 0.89, 0.885, *[0.87] * 30])
    with seeded(0):
        learner, rows = vae.Vae(SHAPE, width=8), batch()

        def judge() -> dict[str, float]:
            return {"use": next(worth)}

        teaching = Teaching(learner, rows.places, rows.codes, rows.y, judge, 200, 8, 0)
        teaching.teach(None, Kept.of(None))
    # Each is held against the best: many steps down, each too small to count, do not add up.
    assert [told["kept"] for told in teaching.story] == [k < 3 for k in range(10)]


@dataclass
class Table:
    numbers: np.ndarray
    codes: np.ndarray
    y: np.ndarray
    known: np.ndarray


class Remembers:
    state = None

    def load(self):
        return self.state

    def save(self, state):
        self.state = state


@pytest.mark.parametrize("kind", ["cgan", "vae"])
def test_what_was_killed_goes_on(kind, monkeypatch) -> None:
    monkeypatch.setattr("rebal_core.nn.kept.SAVE_EVERY", 0.0)
    rng = np.random.default_rng(0)
    numbers, codes = rng.normal(size=(200, 2)).astype(np.float32), rng.integers(0, 3, (200, 1))
    table = Table(numbers, codes, np.repeat([0, 1], 100), np.ones((200, 2), dtype=bool))
    labels, course = np.array([0, 1]), Course(kind, kind == "cgan", 200, 8, {"width": 8})
    whole = teach(table, labels, course, 3)
    memory, heard = Remembers(), []

    def killed(epoch, loss, **values):
        heard.append(epoch)
        if len(heard) == (1 if kind == "cgan" else 3) + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        teach(table, labels, course, 3, killed, memory)
    rest: list[int] = []
    again = teach(table, labels, course, 3, lambda epoch, loss, **_: rest.append(epoch), memory)
    assert len(rest) == 2, "what was heard before is told again, and no network taught anew"
    for name, value in whole.to_state().items():
        np.testing.assert_array_equal(again.to_state()[name], value)
