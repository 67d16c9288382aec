"""What is asked of every over-sampler: class shares that stay, few rows, and no popular mistake."""

from __future__ import annotations

from dataclasses import replace

import imblearn.over_sampling
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold

from rebal_core.arm import Arm
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.rows import DUPLICATE, Layout, TypedRows
from rebal_core.samplers import (
    ADASYN,
    SMOTE,
    SMOTEENN,
    BorderlineSMOTE,
    OverSampler,
    RandomOver,
    fold_of,
)
from rebal_core.samplers.border import others_near, parts_of
from rebal_core.schema import Column, Schema
from rebal_core.strategies import STRATEGIES, fit_arm, fit_signature, resample, strategy_of
from rebal_core.weighting import prior

NAMES = [s.name for s in STRATEGIES if len(s.steps) == 1 and isinstance(s.steps[0], OverSampler)]
EVERY = {name: STRATEGIES[name].steps[0] for name in NAMES}


def rows_of(sizes: tuple[int, ...], seed: int = 0, apart: float = 1.0) -> TypedRows:
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(sizes)), sizes)
    rng.shuffle(y)
    return TypedRows(
        numbers=(rng.normal(size=(len(y), 3)) + apart * y[:, None]).astype(np.float32),
        codes=rng.integers(-1, 3, size=(len(y), 2)).astype(np.int32),
        y=y,
        layout=Layout(
            numbers=tuple("abc"), codes=tuple("de"), cardinalities=(3, 3), players=tuple("abc")
        ),
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("sampler", EVERY.values(), ids=EVERY)
def test_class_shares_stay_where_asked(sampler, weighted) -> None:
    rows = rows_of((90, 30, 6, 1))
    if weighted:
        rows = replace(rows, weight=np.random.default_rng(1).uniform(0, 3, len(rows)))
    plain = sampler.recipe(fold_of(rows, 5))
    kept = clone(sampler).set_params(keep_prevalence=True).recipe(fold_of(rows, 5))
    for name in ("base", "mate", "step", "pick", "label"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(plain, name), "the same rows")
    assert plain.weight is None
    made = rows.made(kept)
    np.testing.assert_allclose(
        prior(made.y, 4, made.weight), prior(rows.y, 4, rows.weight), rtol=1e-12
    )
    for label in range(4):
        own = kept.weights[kept.label == label]
        assert own.min() == own.max(), "all rows of a class share its weight"


@pytest.mark.parametrize("name", NAMES)
def test_an_arm_that_keeps_the_shares_sees_those_of_the_table(name) -> None:
    rows = rows_of((150, 40, 9))
    moved, kept = (Arm(name, "logistic", p) for p in ((), (("keep_prevalence", True),)))
    recipes = [resample(arm, rows, None, seed=3) for arm in (moved, kept)]
    np.testing.assert_array_equal(recipes[0].base, recipes[1].base, "one effect at a time")
    np.testing.assert_array_equal(recipes[0].step, recipes[1].step)
    fits = [fit_arm(arm, rows, seed=3) for arm in (moved, kept)]
    np.testing.assert_allclose(fits[1].prior_fit, fits[1].prior_train, rtol=1e-12)
    assert fits[0].prior_fit[2] > 3 * fits[0].prior_train[2]
    excess = [f.predict_proba(rows)[:, 2].mean() - f.prior_train[2] for f in fits]
    assert abs(excess[1]) < 0.01 < excess[0], "the weights reach the fit"
    assert fit_signature(moved) != fit_signature(kept)
    assert "keep_prevalence" not in strategy_of(moved).steps[0].settings(), "seeds of old runs"


CUT_AFTER = ("over_under", "smote_enn", "smote_tomek", "enn+smote", "enn+smote+tomek")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", CUT_AFTER)
def test_shares_that_are_kept_outlast_what_other_steps_take_away(name, weighted) -> None:
    rows = rows_of((90, 40, 20), apart=0.3)
    if weighted:
        rows = replace(rows, weight=np.random.default_rng(1).uniform(0.1, 3, len(rows)))
    moved, kept = (
        resample(Arm(name, "logistic", p), rows, None, seed=3)
        for p in ((), (("keep_prevalence", True),))
    )
    assert moved.removed_by is not None, "a step took rows away"
    np.testing.assert_array_equal(kept.base, moved.base, "the same rows")
    masses = np.bincount(rows.y, rows.weight)
    made = rows.made(kept)
    np.testing.assert_allclose(np.bincount(made.y, made.weight), masses, rtol=1e-12)


def test_the_weights_go_to_files_and_to_pipelines() -> None:
    schema = Schema((Column("a", "number"), Column("label", "category", "target")))
    table = pd.DataFrame({"a": np.arange(40.0), "label": ["x"] * 30 + ["y"] * 10})
    y = (table["label"] == "y").to_numpy().astype(int)
    preparation, rows = Preparation.fit(table, y, schema, seed=0)
    for sampler in (SMOTE(keep_prevalence=True), SMOTEENN(keep_prevalence=True)):
        recipe = sampler.recipe(fold_of(rows, 0))
        file = preparation.restore(table, recipe, np.arange(40))
        totals = file.groupby("label")["_weight"].agg(["sum", "nunique"])
        assert totals["sum"].tolist() == pytest.approx([30, 10])
        assert totals["nunique"].tolist() == [1, 1]
        got, _ = sampler.fit_resample(table[["a"]], y)
        assert len(sampler.sample_weight_) == len(got)
    assert not hasattr(SMOTE().fit(table[["a"]], y), "sample_weight_")


RARE = (500, 60, 8, 3, 1)


@pytest.mark.parametrize("sampler", EVERY.values(), ids=EVERY)
def test_rare_classes_are_grown_as_far_as_they_go(sampler) -> None:
    """No crash, k cut to what a class has, copies where it has one row."""
    rows = rows_of(RARE)
    recipe = sampler.recipe(fold_of(rows, 0))
    grown = np.bincount(recipe.label, minlength=5)
    assert abs(grown - 500).max() <= 50
    assert (grown[3:] == 500).all() or isinstance(sampler, ADASYN)
    for label, own in enumerate(RARE[1:], 1):
        made = np.flatnonzero((recipe.label == label) & (recipe.origin != 0))
        if own == 1 and sampler.fewest > 1:
            assert (recipe.origin[made] == DUPLICATE).all()
        elif isinstance(sampler, SMOTE):
            partners = [np.unique(recipe.mate[made][recipe.base[made] == i]) for i in
                        np.unique(recipe.base[made])]  # fmt: skip
            assert max(len(p) for p in partners) == min(5, own - 1)
    copied = any("has one training row" in note for note in recipe.notes)
    assert sampler.fewest == 1 or copied
    assert np.isfinite(rows.made(recipe).numbers).all()


def test_the_usual_sampler_gives_up_on_rare_classes() -> None:
    rows = rows_of(RARE)
    for label in (3, 4):
        few = np.flatnonzero((rows.y == 0) | (rows.y == label))
        smote = imblearn.over_sampling.SMOTE(random_state=0)
        with pytest.raises(ValueError, match="n_neighbors"):
            smote.fit_resample(rows.numbers[few], rows.y[few])
    with pytest.warns(UserWarning, match="least populated class"):
        folds = list(StratifiedKFold(5).split(rows.numbers, rows.y))
    assert sorted(int((rows.y[test] == 4).sum()) for _, test in folds) == [0, 0, 0, 0, 1]
    for gone in (True, False):
        train = next(train for train, test in folds if (rows.y[test] == 4).any() == gone)
        part = rows.take(train)
        for sampler in EVERY.values():
            recipe = sampler.recipe(fold_of(part, 0, n_classes=5))
            assert (recipe.label == 4).any() == (not gone), "what a fold lacks is not made up"


def test_each_class_gets_what_it_lacks() -> None:
    """Wrong form: as many rows for all rarer classes together as the largest has more."""
    rows = rows_of((90, 30, 6))
    rng = np.random.default_rng(0)
    rarer = np.flatnonzero(rows.y != 0)
    pooled = np.r_[rows.y, rows.y[rng.choice(rarer, 90 - 6)]]
    assert np.ptp(np.bincount(pooled)) > 30
    doubled = np.r_[rows.y, rows.y[rarer], rows.y[rarer]]
    assert np.ptp(np.bincount(doubled)) > 30, "wrong form: twice the rare rows, whatever they are"
    for sampler in (RandomOver(), SMOTE(), BorderlineSMOTE()):
        assert np.bincount(sampler.recipe(fold_of(rows, 0)).label).tolist() == [90, 90, 90]


def between(rows: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Tell which rows lie on the line from a to b, between both."""
    along = b - a
    part = ((rows - a) * along).sum(axis=1) / (along**2).sum(axis=1)
    off = np.abs(a + part[:, None] * along - rows).max(axis=1)
    return (off < 1e-4) & (part > -1e-4) & (part < 1 + 1e-4)


def test_new_rows_lie_between_near_rows_of_one_class() -> None:
    rows = rows_of((200, 30), apart=0.5)
    recipe = SMOTE().recipe(fold_of(rows, 0))
    made = recipe.mate >= 0
    base, mate = recipe.base[made], recipe.mate[made]
    numbers, own = rows.numbers, np.flatnonzero(rows.y == 1)
    assert between(rows.made(recipe).numbers[made], numbers[base], numbers[mate]).all()
    assert (rows.y[mate] == 1).all()
    rng = np.random.default_rng(0)
    # Wrong form: one part for each column, of any size.
    with np.errstate(divide="ignore"):
        parts = 1 / (numbers[mate] - numbers[base])
    wrong = numbers[base] + parts * (numbers[mate] - numbers[base]) * rng.random((len(base), 3))
    assert not between(wrong, numbers[base], numbers[mate]).any()
    # Wrong form: the mean of random rows, with noise.
    some = np.array([rng.choice(own, 5, replace=False) for _ in base])
    wrong = numbers[some].mean(axis=1) + rng.normal(size=(len(base), 3))
    assert not between(wrong, numbers[some[:, 0]], numbers[some[:, 1]]).any()
    # Wrong form: towards the nearest row of the majority.
    others = np.flatnonzero(rows.y == 0)
    gaps = np.linalg.norm(numbers[base][:, None] - numbers[others], axis=2)
    assert (rows.y[others[gaps.argmin(axis=1)]] != 1).all()
    # Wrong form: the majority grows too.
    assert (recipe.label[made] == 1).all()


@pytest.mark.parametrize("kind", ["borderline-1", "borderline-2"])
def test_the_border_is_neither_safe_nor_noise(kind) -> None:
    rows = rows_of((300, 60), apart=1.0)
    fold = fold_of(rows, 0)
    recipe = BorderlineSMOTE(kind=kind).recipe(fold)
    made = recipe.mate >= 0
    others = others_near(fold, recipe.base[made], 1, 10)
    assert ((others >= 0.5) & (others < 1)).all()
    foreign = rows.y[recipe.mate[made]] == 0
    assert foreign.any() == (kind == "borderline-2")
    assert (recipe.step[made][foreign] < 0.5).all(), "it stays on its own side"
    assert not recipe.pick[made][foreign].any()
    plain = SMOTE().recipe(fold_of(rows, 0))
    at = others_near(fold, plain.base[plain.mate >= 0], 1, 10)
    assert ((at < 0.5) | (at == 1)).any(), "plain SMOTE starts anywhere"


def test_adasyn_makes_the_most_where_others_are_near() -> None:
    rows = rows_of((300, 60), apart=1.0)
    fold = fold_of(rows, 0)
    recipe = ADASYN().recipe(fold)
    own = np.flatnonzero(rows.y == 1)
    hard = others_near(fold, own, 1, 5)
    each = np.bincount(recipe.base[recipe.mate >= 0], minlength=len(rows))[own]
    assert each.tolist() == np.rint(hard / hard.sum() * 240).tolist()
    wrong = (1 - hard) / (1 - hard).sum()  # wrong form: rows far from the majority are kept
    assert np.corrcoef(hard, each)[0, 1] > 0.99
    assert np.corrcoef(wrong, each)[0, 1] < -0.99


def test_rounding_away_what_was_asked_for_is_no_answer() -> None:
    shares = np.random.default_rng(0).dirichlet(np.full(400, 50))
    assert np.rint(shares * 100).sum() == 0, "as imbalanced-learn, which raises"
    assert parts_of(shares, 100).sum() == 100
    assert parts_of(shares, 40_000).tolist() == np.rint(shares * 40_000).tolist()
    rows = rows_of((400, 300), apart=0.0)
    made = ADASYN(ratio=0.85).recipe(fold_of(rows, 0))
    assert np.bincount(made.label).tolist() == [400, 340]


@pytest.mark.parametrize("sampler", [BorderlineSMOTE(), ADASYN()], ids=["borderline", "adasyn"])
def test_classes_far_apart_are_grown_by_plain_smote(sampler) -> None:
    rows = rows_of((60, 20, 20), apart=100.0)
    recipe = sampler.recipe(fold_of(rows, 0))
    assert np.bincount(recipe.label).tolist() == [60, 60, 60]
    (note,) = recipe.notes
    assert note.startswith("2 classes were grown by plain SMOTE: no row of ")
    assert (rows.y[recipe.mate[60:]] == rows.y[recipe.base[60:]])[recipe.mate[60:] >= 0].all()


@pytest.mark.parametrize(("classes", "named"), [(("no", "one", "far"), ("one", "far")), ((), "12")])
def test_notes_name_the_class_that_they_speak_of(classes, named) -> None:
    """By its label; by its code where that is not known."""
    rows = replace(rows_of((60, 1, 20), apart=100.0), classes=classes)
    fallen, copied = BorderlineSMOTE().recipe(fold_of(rows, 0)).notes[::-1]
    assert copied.startswith(f"“{named[0]}” has one training row")
    assert fallen.startswith(f"“{named[1]}” was grown by plain SMOTE")
