"""What a preview says is what the strategy does, on training rows of one fold alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rebal_core.arm import Arm, Protocol
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.sizes import facts_of
from rebal_core.experiment.splits import splits_of
from rebal_core.preview import (
    Plane,
    effect_of,
    picture_of,
    rows_to_look_at,
    training_counts,
    training_part,
)
from rebal_core.preview import effect as effects
from rebal_core.preview.picture import MOST
from rebal_core.rows import ORIGINAL, ORIGINS
from rebal_core.samplers.neighbors import space_of
from rebal_core.strategies import STRATEGIES, resample

PROTOCOL = Protocol("average_precision", "f1")


@pytest.fixture(scope="module")
def parts(tiny_tables, tmp_path_factory):
    made = {}
    for name, table in tiny_tables.items():
        dataset = from_frame(table, tmp_path_factory.mktemp(name) / "d", target="label")
        made[name] = training_part(dataset, PROTOCOL)
    return made


def test_the_rows_are_those_of_the_comparison(parts):
    part = parts["binary"]
    first, *_others = splits_of(part.dataset, PROTOCOL)
    np.testing.assert_array_equal(part.rows, first.train)
    assert not np.isin(part.rows, first.test).any()
    assert part.whole == part.counts == (216, 24)
    assert not part.sampled
    arm = Arm("smote", "logistic", (("k_neighbors", 3),))
    effect = effect_of(part, "smote", {"k_neighbors": 3})
    expected = resample(arm, part.typed, None, seed=part.seed)
    np.testing.assert_array_equal(effect.recipe.mate, expected.mate)
    moved = effect_of(part, "smote", {"k_neighbors": 9})
    assert not np.array_equal(moved.recipe.mate, expected.mate), "k moves the picture"


def test_a_sample_is_stated_and_asked_rows_shrink_with_it(parts):
    dataset = parts["binary"].dataset
    part = training_part(dataset, PROTOCOL, 120)
    assert part.sampled
    assert len(part) == pytest.approx(120, abs=2)
    assert part.whole == training_counts(dataset, PROTOCOL) == (216, 24)
    test = np.setdiff1d(np.flatnonzero(dataset.labels().y >= 0), part.rows)
    assert len(test) > 150
    effect = effect_of(part, "random_over", {"counts": ((1, 120),)})
    assert effect.classes()["after"][1] == pytest.approx(60, abs=6)
    assert effect.scaled_up()["after"].tolist() == [216, 120]
    ratio = effect_of(part, "random_over", {"ratio": 0.5}).scaled_up()
    assert ratio["after"].tolist() == [216, 108]


@pytest.mark.parametrize("name", ["tomek", "enn", "outliers_centre", "random_under", "smote_enn"])
def test_what_goes_is_counted_and_said_in_the_words_of_its_step(name, parts):
    effect = effect_of(parts["multiclass"], name)
    classes, takes = effect.classes(), effect.takes()
    own = effect.recipe.origin == ORIGINAL
    kept = np.bincount(parts["multiclass"].typed.y[effect.recipe.base[own]], minlength=4)
    np.testing.assert_array_equal(classes["kept"], kept)
    np.testing.assert_array_equal(classes["kept"] + classes["removed"], classes["before"])
    np.testing.assert_array_equal(sum(rows for *_words, rows in takes), classes["removed"])
    assert all(str(words) for _step, words, _rows in takes)
    contradicted = [str(words) for _step, words, _rows in takes if "contradict" in str(words)]
    assert bool(contradicted) == (name in ("enn", "smote_enn"))


def test_outliers_are_flagged_weighed_or_replaced(parts):
    part = parts["binary"]
    dropped = effect_of(part, "outliers_centre", {"quantile": 0.8}).classes()
    assert dropped["removed"][0] > 5
    assert dropped["removed"][1] == 0
    assert dropped["flagged"][1] > 0
    lighter = effect_of(part, "outliers_centre", {"quantile": 0.8, "action": "weigh"}).classes()
    assert lighter["lighter"].tolist() == [dropped["removed"][0], 0]
    replaced = effect_of(part, "outliers_centre", {"quantile": 0.8, "action": "replace"})
    assert replaced.classes()["generated"].tolist() == dropped["removed"].tolist()


def test_parents_of_each_kind_of_row(parts):
    part = parts["binary"]
    smote = effect_of(part, "smote")
    row = len(smote.recipe) - 1
    pair, fit = smote.parents(row)
    assert fit is None
    assert len(pair) == 2
    values, parents = smote.restored(row), part.frame.iloc[pair]
    assert parents["amount"].min() <= values["amount"] <= parents["amount"].max()
    rose = effect_of(part, "rose")
    none, fit = rose.parents(len(rose.recipe) - 1)
    assert len(none) == 0
    assert fit.startswith("rose(class=rare, seed=")
    copied = effect_of(part, "random_over")
    pair, fit = copied.parents(len(copied.recipe) - 1)
    assert len(pair) == 1
    assert copied.restored(len(copied.recipe) - 1)["amount"] == part.frame["amount"][pair[0]]


def test_the_switch_keeps_the_shares_and_makes_the_same_rows(parts):
    part = parts["multiclass"]
    off, on = (effect_of(part, "smote", {"keep_prevalence": s}) for s in (False, True))
    np.testing.assert_array_equal(off.recipe.base, on.recipe.base)
    assert off.shares()["after"].tolist() == pytest.approx([0.25] * 4)
    assert on.shares()["after"].tolist() == pytest.approx(on.shares()["before"].tolist())
    weights = picture_of(on).marks.groupby("label")["weight"].mean()
    assert weights["d"] < weights["a"] / 10


def test_weights_alone_are_an_effect_and_a_decision_is_none(parts):
    part = parts["binary"]
    weighed = effect_of(part, "class_weight")
    assert weighed.classes()["removed"].sum() == 0
    assert weighed.shares()["after"].tolist() == pytest.approx([0.5, 0.5])
    assert effect_of(part, "threshold") is None


def test_places_of_kept_rows_are_theirs_and_made_rows_lie_between(parts):
    effect = effect_of(parts["multiclass"], "smote")
    part, recipe = effect.part, effect.recipe
    picture = picture_of(effect)
    own = recipe.origin == ORIGINAL
    np.testing.assert_allclose(picture.after[own], picture.before[recipe.base[own]], atol=1e-5)
    by_column = picture_of(effect, "amount", "device")
    pair = recipe.mate >= 0
    ends = np.sort([by_column.before[recipe.base, 0], by_column.before[recipe.mate, 0]], axis=0)
    assert (by_column.after[pair, 0] >= ends[0][pair] - 1e-5).all()
    assert (by_column.after[pair, 0] <= ends[1][pair] + 1e-5).all()
    np.testing.assert_allclose(by_column.before[:, 0], part.frame["amount"], atol=1e-5)
    places = np.rint(by_column.after[:, 1]).astype(int)
    np.testing.assert_array_equal(places, effect.rows.codes[:, 0], "beside its category")
    named = np.array(part.values("device"))[part.typed.codes[:, 0]]
    np.testing.assert_array_equal(named, part.frame["device"])
    assert part.values("amount") is None


def test_the_plane_is_the_principal_one_of_classes_that_weigh_alike(parts):
    part = parts["multiclass"]
    plane, space = part.plane, np.asarray(space_of(part.typed), dtype=float)
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-9)
    means = [space[part.typed.y == k].mean(axis=0) for k in range(4)]
    np.testing.assert_allclose(plane.center, np.mean(means, axis=0), atol=1e-9)
    shares = [np.cov(space[part.typed.y == k].T, bias=True) for k in range(4)]
    apart = np.array(means) - plane.center
    total = np.mean(shares, axis=0) + apart.T @ apart / 4
    values = np.linalg.eigvalsh(total)[::-1]
    np.testing.assert_allclose(plane.shares, values[:2] / values.sum(), rtol=1e-6)
    assert part.plane is plane, "it is fitted once"


def test_two_remedies_are_drawn_in_one_plane_with_the_same_rows(parts, monkeypatch):
    """A slow remedy is tried on fewer rows; beside another it must be the same picture."""
    part = parts["multiclass"]
    few = part.thinned(120)
    assert few.sampled
    assert len(few) == pytest.approx(120, abs=4)
    assert few.counts[3] == part.counts[3] or few.counts[3] >= 2
    assert few.plane is part.plane
    assert few.preparation is part.preparation
    assert few.whole == part.whole
    assert part.thinned(10_000) is part
    np.testing.assert_array_equal(few.thinned(60).rows, part.thinned(60).rows)
    at = np.flatnonzero(np.isin(part.rows, few.rows))
    np.testing.assert_allclose(few.places, part.places[at])
    for name in ("amount", None):
        np.testing.assert_array_equal(few.side(name, 0), part.side(name, 0))
    monkeypatch.setitem(MOST, "original", 60)
    seen = []
    for where, name in ((part, "random_over"), (part, "smote"), (few, "class_weight")):
        effect = effect_of(where, name)
        marks = picture_of(effect).marks
        own = marks[marks["kind"] == "original"]
        rows = where.rows[effect.recipe.base[own["row"]]]
        seen.append(dict(zip(rows.tolist(), own[["x", "y"]].to_numpy().tolist(), strict=True)))
    one, other, fewer = seen
    assert one.keys() == other.keys()
    label = dict(zip(part.rows.tolist(), part.typed.y.tolist(), strict=True))
    for k in range(4):  # of a class of which more are drawn, those of the other and then more
        few_rows, all_rows = ({r for r in some if label[r] == k} for some in (fewer, one))
        assert few_rows <= all_rows or all_rows <= few_rows
    for row, place in fewer.items():
        for picture in (one, other):
            assert place == pytest.approx(picture.get(row, place), abs=1e-6)


def test_a_picture_has_room_for_the_rare_class(tmp_path):
    """Four rows in a thousand lie far from all others."""
    rng = np.random.default_rng(0)
    far = np.arange(5_000) < 20
    table = {"x": rng.normal(size=5_000) + 5 * far, "y": rng.normal(size=5_000)}
    frame = pd.DataFrame({**table, "label": np.where(far, "rare", "common")})
    part = training_part(from_frame(frame, tmp_path / "d", target="label"), PROTOCOL)
    rare = part.typed.y == 1
    for place in (0, 1):
        low, high = np.quantile(part.side(None, place), [0.002, 0.998])
        own, every = part.places[rare, place], part.places[:, place]
        assert ((own >= low - 0.3) & (own <= high + 0.3)).mean() > 0.9
        if place == 0:
            low, high = np.quantile(every, [0.002, 0.998])
            assert ((own >= low - 0.3) & (own <= high + 0.3)).mean() < 0.9, "of all rows alike"


def test_what_is_known_beforehand_is_told_of_the_whole_part(parts):
    """The numbers are those of the table of class sizes above the picture, to the row."""
    dataset = parts["multiclass"].dataset
    part = training_part(dataset, PROTOCOL, 90)
    now = training_counts(dataset, PROTOCOL)
    assert part.sampled
    assert now == parts["multiclass"].counts
    for name, params in (("smote", {}), ("random_under", {"ratio": 0.2}), ("class_weight", {}),
                         ("over_under", {}), ("random_over", {"counts": ((2, 200),)})):  # fmt: skip
        told = effect_of(part, name, params).scaled_up()
        after = STRATEGIES[name].with_params(params).counts_after(now)
        assert told["before"].tolist() == list(now)
        assert told["after"].tolist() == list(after)
        made = told[[n for n in ORIGINS[1:-1] if n in told]].sum(axis=1)
        assert (told["kept"] + told["removed"] == told["before"]).all()
        assert np.abs(told["kept"] + made - told["after"]).max() <= 1


@pytest.mark.parametrize("width", [1, 400])
def test_few_and_many_columns_have_a_plane(width, parts):
    rows = parts["binary"].typed
    from dataclasses import replace

    from rebal_core.rows import Layout

    names = tuple(f"c{j}" for j in range(width))
    numbers = np.random.default_rng(0).normal(size=(len(rows), width)).astype(np.float32)
    wide = replace(
        rows,
        numbers=numbers,
        codes=np.zeros((len(rows), 0), np.int32),
        layout=Layout(numbers=names, players=names),
    )
    plane, again = Plane.fit(wide), Plane.fit(wide)
    np.testing.assert_array_equal(plane.directions, again.directions)
    places = plane.place(wide)
    assert places.shape == (len(rows), 2)
    assert np.isfinite(places).all()
    assert places.std(axis=0)[0] > 0.5


def test_of_many_rows_the_rare_ones_are_drawn(parts, monkeypatch):
    monkeypatch.setitem(MOST, "original", 60)
    picture = picture_of(effect_of(parts["multiclass"], "random_over"))
    drawn = picture.marks[picture.marks["kind"] == "original"]
    assert len(drawn) == 60
    assert picture.whole > len(picture.marks)
    assert (drawn["label"] == "d").sum() == parts["multiclass"].counts[3]
    copies = picture.marks[picture.marks["kind"] == "duplicate"]
    assert copies["times"].sum() == (224 - 72) + (224 - 19) + (224 - 5)


def test_slow_steps_look_at_fewer_rows(parts):
    facts = facts_of(parts["binary"].dataset, parts["binary"].dataset.schema)
    large = facts.of_counts((900_000, 100_000))
    rows, seconds = rows_to_look_at("enn", large)
    more, _seconds = rows_to_look_at("random_over", large)
    assert effects.FEWEST_ROWS <= rows <= more == effects.MOST_ROWS
    many = facts.of_counts((20_000, *[50] * 400))
    rows, seconds = rows_to_look_at("smote_enn", many)
    assert rows <= effects.FEWEST_ROWS
    assert seconds > effects.PROMISED_SECONDS


def test_a_generator_is_tried_on_all_rows_of_a_class_that_has_few(parts):
    """Of fewer, SMOTE would be drawn in its place, and notes would tell of other rows."""
    facts = facts_of(parts["binary"].dataset, parts["binary"].dataset.schema)
    few, many = facts.of_counts((3_782, 218)), facts.of_counts((2_000, 2_000))
    assert rows_to_look_at("vae", many)[0] < 4_000, "the promise of seconds still holds"
    assert rows_to_look_at("vae", few)[0] >= 4_000
    part = parts["binary"].thinned(120)
    assert effect_of(part, "copula").starved == [1]
    assert effect_of(parts["binary"], "copula").starved == []
    assert effect_of(part, "smote").starved == []


@pytest.mark.parametrize("columns", [0, 300])
def test_odd_tables_have_a_picture(columns, tmp_path):
    """A class of one row, a constant column, our own names; hundreds of columns."""
    rng = np.random.default_rng(0)
    table = {"x": rng.normal(size=103), "same": 1.0, "_origin": rng.normal(size=103)}
    table |= {f"c{j}": rng.normal(size=103) for j in range(columns)}
    frame = pd.DataFrame({**table, "label": ["a"] * 100 + ["b"] * 2 + ["c"]}).sample(frac=1)
    dataset = from_frame(frame.reset_index(drop=True), tmp_path / "d", target="label")
    dataset = dataset.with_schema(dataset.schema.with_role("feature", "_origin"))
    part = training_part(dataset, PROTOCOL)
    for name in ("smote", "rose", "class_weight"):
        effect = effect_of(part, name)
        row = len(effect.recipe) - 1
        values = effect.restored(row)
        assert list(values.index) == list(part.frame.columns)
        assert isinstance(values["_origin"], float)
        assert np.isfinite(picture_of(effect).marks[["x", "y", "weight"]]).all(axis=None)
        assert (effect.scaled_up()["after"] >= effect.scaled_up()["kept"]).all()
