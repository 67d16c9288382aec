"""Two parts of a training: as many steps as one, what was learned first is kept, and is of use."""

from __future__ import annotations

import copy
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from taught import CPU, NETS, drawn, killed_and_resumed, teach

from rebal_core.arm import Arm
from rebal_core.nn import training
from rebal_core.nn.course import Course, Taught
from rebal_core.nn.courses.sampling import ClassAware
from rebal_core.nn.courses.transfer import (
    Domain,
    FineTuned,
    HeadAlone,
    Masked,
    decoupled,
    from_scratch,
    transferred,
)
from rebal_core.nn.rows import Source
from rebal_core.rows import Layout, TypedRows
from rebal_core.strategies import STRATEGIES, fit_arm
from rebal_core.strategies.transfer import CONSTANT, NO_SOURCE, Transfer
from rebal_core.wording import Unsuitable

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
DEEP = ("mlp", "tabm")
GENTLE = {"slowest": 0.1, "warm_up": 0.1, "frozen": 0.2}
USUAL = {
    "masked": partial(transferred, "masked", "", "", 0.25, 0.5, **GENTLE),
    "rarest_first": partial(transferred, "rarest_first", "", "", 0.25, 0.5, **GENTLE),
    "domain": partial(transferred, "domain", "d", "", 0.25, 0.5, **GENTLE),
    "decoupled": partial(decoupled, 0.4),
}


@pytest.mark.parametrize("net", DEEP)
def test_without_pretraining_it_is_training_from_scratch_to_the_last_bit(net):
    neutral = transferred("masked", "", "", 0.0, 0.5, slowest=1.0, warm_up=0.0, frozen=0.0)
    for held in (None, drawn(300, seed=1)):
        one, other = (teach(course, net, held=held) for course in (neutral, from_scratch(0.5)))
        np.testing.assert_array_equal(one[0], other[0])
        assert one[1] == other[1]


@pytest.mark.parametrize("net", DEEP)
@pytest.mark.parametrize("name", USUAL)
def test_usual_settings_learn_something_else(name, net):
    held = drawn(300, seed=1)
    p = teach(USUAL[name](), net, held=held)[0]
    assert np.isfinite(p).all()
    assert np.abs(p - teach(from_scratch(0.5), net, held=held)[0]).max() > 1e-3


@pytest.mark.parametrize("pretraining", ["masked", "rarest_first", "domain"])
def test_it_takes_as_many_steps_as_from_scratch(pretraining, monkeypatch):
    steps = []
    step = torch.optim.AdamW.step
    monkeypatch.setattr(
        torch.optim.AdamW, "step", lambda self, *a: (steps.append(1), step(self, *a))[1]
    )
    rows, held = drawn(150), drawn(100, seed=1)
    taken = []
    for course in (transferred(pretraining, "d", "", 0.25, 0.5, **GENTLE), from_scratch(0.5)):
        steps.clear()
        teach(course, "mlp", rows, held, epochs=14, patience=1)
        taken.append(len(steps))
    assert taken == [3 * 7, 3 * 7]


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 12, 33, 100])
@pytest.mark.parametrize("budget", [0.05, 0.3, 0.5, 1.0])
def test_parts_end_where_the_whole_does(budget, epochs):
    (whole,) = training._lengths([budget], epochs)
    assert whole == max(1, round(budget * epochs - 1e-9))
    for part in (0.1, 0.25, 0.6, 0.9):
        first, last = training._lengths([budget * part, budget * (1 - part)], epochs)
        assert first + last == whole
        assert first >= 0
        assert last >= 1
    assert training._lengths([0.7, 1.0], epochs)[0] == min(round(0.7 * epochs - 1e-9), epochs - 1)


def test_the_best_epoch_is_kept_though_none_ends_it():
    held = drawn(300, seed=1)
    more = {"held": held, "epochs": 20, "learning_rate": 0.02}
    story = teach(from_scratch(1.0), patience=1, **more)[1]
    assert len(story) == 20
    assert int(np.argmin([told["loss"] for told in story])) < 19, "it got worse again"
    best = min(told["loss"] for told in story)
    usual = teach(Course(), patience=1, **more)[1]
    assert len(usual) < 20
    assert best <= min(told["loss"] for told in usual)


def linked(n: int = 600) -> Source:
    """Return rows of which any value tells the others."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=n).astype(np.float32)
    x = np.stack([z, -z, 0.5 * z], axis=1)
    codes = np.digitize(z, [-0.7, 0.0, 0.7])[:, None] - 1
    y = (z + rng.normal(size=n) > 1).astype(np.int64)
    return Source([x], codes, y, np.ones(n), CPU)


@pytest.mark.parametrize("net", DEEP)
def test_hidden_values_are_learned_from_the_others_and_no_label(net):
    rows = linked()
    story = teach(Masked(), net, rows, epochs=60, learning_rate=1e-2)[1]
    losses = [told["training_loss"] for told in story]
    # What knows nothing is wrong by about .4 (numbers) and 1 (categories); none of it can be known
    # where all of a row is hidden, which is 1 in 100.
    assert 0.35 < losses[0] < 1.1
    assert losses[-1] < 0.5 * losses[0]
    other = Source([rows._numbers[0]], rows._codes, 1 - rows.y.numpy(), np.ones(600), CPU)
    again = teach(Masked(), net, other, epochs=60, learning_rate=1e-2)[1]
    assert [told["training_loss"] for told in again] == losses


def test_tables_of_numbers_or_categories_alone_can_hide_values():
    for width, cardinalities in ((3, []), (0, [4, 3])):
        n = 50
        rng = np.random.default_rng(0)
        codes = [rng.integers(-1, most - 1, n) for most in cardinalities]
        numbers = rng.normal(size=(n, width)).astype(np.float32)
        codes = np.stack(codes, axis=1) if codes else np.zeros((n, 0), dtype=np.int64)
        rows = Source([numbers], codes, np.arange(n) % 2, np.ones(n), CPU)
        assert rows.values == cardinalities
        net = type(NETS["mlp"]())(width, cardinalities, 2, hidden=8, depth=1)
        net.look(rows.take(torch.arange(n)).numbers)
        course = Masked()
        course.begin(Taught(rows, net, 2, 3))
        assert torch.isfinite(course.loss(net, rows.take(torch.arange(n))))


def test_what_was_learned_first_is_what_fine_tuning_begins_with():
    """The held rows know nothing of hidden values: they must not choose an epoch of these."""
    seen = {}

    class Spied(FineTuned):
        def begin(self, taught):
            super().begin(taught)
            seen["now"] = copy.deepcopy(taught.net.state_dict())

    class Watched(Masked):
        def after(self, epoch, net):
            seen[epoch] = copy.deepcopy(net.state_dict())

    course, first = Spied(), Watched()
    first.share, first.stops, first.chosen = 0.5, False, False
    course.before = (first,)
    _, story = teach(course, held=drawn(300, seed=1), epochs=12, patience=1)
    assert [told["kept"] for told in story[:7]] == [False] * 6 + [True]
    assert sorted(k for k in seen if k != "now") == [0, 1, 2, 3, 4, 5]
    for name, tensor in seen["now"].items():
        assert torch.equal(tensor, seen[5][name])
    assert any(not torch.equal(tensor, seen[0][name]) for name, tensor in seen["now"].items())


@pytest.mark.parametrize("net", DEEP)
def test_each_layer_has_its_rate_and_each_number_is_trained_once(net):
    made = NETS[net]()
    parts = [(list(own), factor) for own, factor in FineTuned(slowest=0.1).parts(made)]
    factors = [factor for _own, factor in parts]
    assert factors == sorted(factors)
    assert factors[0] == pytest.approx(0.1)
    assert factors[-1] == 1.0
    assert {id(p) for p in parts[-1][0]} == {id(p) for p in made.head.parameters()}
    every = [id(p) for own, _factor in parts for p in own]
    assert sorted(every) == sorted(id(p) for p in made.parameters())


def test_it_warms_up_and_thaws():
    states = []

    class Watched(FineTuned):
        def after(self, epoch, net):
            states.append(copy.deepcopy(net.state_dict()))

    _, story = teach(Watched(frozen=0.4, warm_up=0.5), held=drawn(300, seed=1), epochs=10)
    moved = [
        {n for n, t in later.items() if not torch.equal(t, earlier[n])}
        for earlier, later in pairwise(states)
    ]
    assert all(names == {"head.weight", "head.bias"} for names in moved[:3])
    assert all("layers.0.weight" in names for names in moved[3:])
    rates = [told["learning_rate"] for told in story]
    assert rates[:5] == sorted(set(rates[:5]))
    assert len(set(rates[5:])) == 1


def test_decoupled_moves_the_head_alone_in_its_second_part():
    seen = {}

    class Spied(HeadAlone):
        def begin(self, taught):
            seen["before"] = copy.deepcopy(taught.net.state_dict())
            super().begin(taught)
            seen["weight"] = taught.net.head.weight.detach().clone()

        def after(self, epoch, net):
            seen["after"] = copy.deepcopy(net.state_dict())

    course, first = Spied(), Course()
    first.share = 0.5
    course.before = (first,)
    _, story = teach(course, held=drawn(300, seed=1), epochs=10, patience=99)
    assert not seen["weight"].any(), "what the head knew is forgotten"
    moved = {n for n, t in seen["after"].items() if not torch.equal(t, seen["before"][n])}
    assert moved == {"head.weight", "head.bias"}
    assert story[4]["mix"][1] < 0.2
    assert story[5]["mix"] == pytest.approx([0.5, 0.5], abs=2e-3)


def test_the_new_head_speaks_of_the_natural_shares():
    rows = drawn(6000)

    def ratio(course):
        more = {"epochs": 20, "batch_size": 256, "learning_rate": 0.02}
        p = teach(course, "mlp", rows, drawn(2000, seed=1), **more)[0]
        return float(rows.y.float().mean()) / p[:, 1].mean()

    wrong = decoupled(0.4)
    wrong.losses = lambda logits, y: Course.losses(wrong, logits, y)
    assert ratio(decoupled(0.4)) == pytest.approx(1, abs=0.15)
    assert ratio(wrong) < 0.5, "this test would see answers of balanced batches"


def test_pretraining_on_the_minority_alone_is_refused_for_it_learns_a_constant():
    alone = STRATEGIES["transfer"].with_params({"pretraining": "minority"})
    assert alone.training.idle() is CONSTANT
    with pytest.raises(Unsuitable, match="answer that class for every row"):
        alone.training.plan(np.array([0.9, 0.1]))
    assert Transfer().idle() is None
    # Why: labels that are all the same are learned best by answering them whatever the row is.
    rows = drawn()
    rare = (rows.y == 1).nonzero()[:, 0]

    class Alone(ClassAware):
        def order(self):
            return rare

        def losses(self, logits, y):
            return Course.losses(self, logits, y)

    p = teach(Alone(), rows=rows, epochs=90, learning_rate=0.01)[0]
    assert p[:, 1].min() > 0.9
    ours = teach(ClassAware(-0.5), rows=rows, epochs=90, learning_rate=0.01)[0]
    assert ours[:, 1].min() < 0.1
    assert ours[:, 1].max() > 0.5


def test_a_source_is_the_most_frequent_value_that_holds_two_classes():
    y = np.array([0] * 60 + [0, 1] * 15 + [1, 0, 0] * 3 + [1])
    codes = np.repeat([2, 0, 1, -1], [60, 30, 9, 1])[:, None]
    rows = Source([np.zeros((100, 3), np.float32)], codes, y, np.ones(100), CPU)
    rows.categories = ("d",)
    course = Domain("d")
    course.begin(Taught(rows, NETS["mlp"](), 2, 3))
    order = course.order()
    assert len(order) == 100, "as many steps as ever"
    assert set(order.tolist()) == set(range(60, 90))
    assert torch.bincount(order)[60:].max() == 4
    with pytest.raises(Unsuitable, match="“e” is no category"):
        Domain("e").begin(Taught(rows, NETS["mlp"](), 2, 3))
    alone = Source(
        [np.zeros((4, 3), np.float32)],
        np.array([[0], [0], [1], [-1]]),
        np.array([0, 0, 1, 1]),
        np.ones(4),
        CPU,
    )
    alone.categories = ("d",)
    with pytest.raises(Unsuitable, match="No value of “d” holds rows of two classes"):
        Domain("d").begin(Taught(alone, NETS["mlp"](), 2, 3))
    assert Transfer("domain").idle() is NO_SOURCE
    assert Transfer("domain", "d").idle() is None


def domain_of(value: str) -> set[int]:
    """Return the places of the rows that are learned from first."""
    codes = np.repeat([0, 1, 2], [50, 30, 20])[:, None]
    y = np.array([0, 1] * 25 + [0, 1] * 15 + [0] * 20)
    rows = Source([np.zeros((100, 3), np.float32)], codes, y, np.ones(100), CPU)
    rows.categories, rows.named = ("d",), {"d": ("FR", "DE", "IT", "CH")}
    course = Domain("d", value)
    course.begin(Taught(rows, NETS["mlp"](), 2, 3))
    order = course.order()
    assert len(order) == 100, "as many steps as ever"
    return set(order.tolist())


def test_a_source_is_the_value_that_is_asked_for():
    assert domain_of("") == domain_of("FR") == set(range(50))
    assert domain_of("DE") == set(range(50, 80))
    with pytest.raises(Unsuitable, match="“d” is “IT” are all of one class"):
        domain_of("IT")
    for strange in ("de", "CH"):  # the last is known of other rows alone
        with pytest.raises(Unsuitable, match=f"no value “{strange}” .* it has FR, DE, IT"):
            domain_of(strange)


def test_the_source_is_named_as_the_table_names_it():
    rng = np.random.default_rng(0)
    y = (rng.random(300) < 0.2).astype(np.int64)
    numbers = (rng.normal(size=(300, 1)) + y[:, None]).astype(np.float32)
    codes = rng.integers(0, 3, (300, 2)).astype(np.int32)
    rows = TypedRows(
        numbers, codes, y, Layout(("x",), ("device", "country"), (3, 3), players=("x",))
    )

    values = {"device": ("a", "b", "c"), "country": ("FR", "DE", "IT")}

    def fitted(**settings):
        arm = Arm("transfer", "mlp", tuple(settings.items()))
        return fit_arm(arm, rows, seed=0, values=values).predict_proba(rows)

    one, other = (fitted(pretraining="domain", domain=name) for name in ("device", "country"))
    assert np.abs(one - other).max() > 1e-3
    german = fitted(pretraining="domain", domain="country", value="DE")
    assert np.abs(german - other).max() > 1e-3
    with pytest.raises(Unsuitable, match="“x” is no category"):
        fitted(pretraining="domain", domain="x")


def test_its_rival_is_registered_and_takes_the_same_budget():
    transfer, rival = STRATEGIES["transfer"], STRATEGIES["from_scratch"]
    assert transfer.rival == rival.name
    assert not rival.remedy
    assert transfer.params["budget"] == rival.params["budget"]
    assert set(transfer.training.serves) == set(rival.training.serves)


@pytest.mark.parametrize("epoch", [2, 6])
@pytest.mark.parametrize("name", USUAL)
def test_a_killed_training_goes_on_as_if_nothing_had_been(name, epoch, monkeypatch):
    """Killed in the first part, and in the second."""
    more = {"held": drawn(300, seed=1), "patience": 99, "epochs": 14}
    p, story = teach(USUAL[name](), **more)
    again = killed_and_resumed(USUAL[name], epoch, monkeypatch, **more)
    assert again[1] == story
    np.testing.assert_array_equal(again[0], p)
