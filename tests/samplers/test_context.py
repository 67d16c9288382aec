"""Sampling by coins and by contexts: what is undone exactly, and what the wrong forms do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from test_samplers import recipe_of

from rebal_core.arm import Arm
from rebal_core.data.reading.load import from_frame
from rebal_core.decisions.repair import correct_prior
from rebal_core.experiment.arm_result import open_arm
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.export.run import export_run
from rebal_core.facts import TableFacts
from rebal_core.layout import Unseen
from rebal_core.rows import Layout, TypedRows
from rebal_core.samplers import fold_of
from rebal_core.samplers.contextual import Contextual, contexts, default_context
from rebal_core.samplers.poisson import NegativeSampling, tossed
from rebal_core.store import Store
from rebal_core.strategies import STRATEGIES, fit_arm
from rebal_core.strategies.retention import Retention, spread_out
from rebal_core.wording import Unsuitable

W = np.array([1, -1, 0.8, 0.5, 0])


def table(x, y, codes=None, values=0, unseen=()) -> TypedRows:
    names = tuple(f"x{j}" for j in range(x.shape[1]))
    some = np.zeros((len(y), 0)) if codes is None else np.asarray(codes)[:, None]
    layout = Layout(names, ("page",) * some.shape[1], (values,) * some.shape[1], players=names)
    return TypedRows(
        x.astype(np.float32), some.astype(np.int32), y.astype(np.int64), layout, unseen=unseen
    )


def simulated(n, seed, base=-3.0):
    """Rows whose true probability is known, science.md S0."""
    x = np.random.default_rng(seed).normal(size=(n, 5))
    truth = expit(x @ W + base)
    return x, truth, (np.random.default_rng(seed + 1).random(n) < truth).astype(int)


def clicks(n=3_000, share=0.05):
    rng = np.random.default_rng(0)
    y = (rng.random(n) < share).astype(int)
    return table(rng.normal(size=(n, 2)) + y[:, None], y)


def test_rows_without_a_number_are_a_context_of_their_own() -> None:
    values, missing = np.array([1.0, 2, 2, 2, 3]), np.array([0.0, 1, 0, 1, 0])  # filled by 2
    layout = Layout(("day", "day=missing"), (), (), players=("day", "day"))
    x = np.column_stack([values, missing]).astype(np.float32)
    rows = TypedRows(x, np.zeros((5, 0), np.int32), np.array([0, 1, 0, 1, 0]), layout)
    assert contexts(rows, "day").tolist() == [0, 3, 1, 3, 2]


def test_each_coin_is_a_coin_of_its_own() -> None:
    rows = clicks()
    recipe = recipe_of(NegativeSampling(keep_rate=0.2), rows)
    before, after = (np.bincount(y) for y in (rows.y, recipe.label))
    assert after[1] == before[1], "all clicks stay"
    sizes = [len(recipe_of(NegativeSampling(0.2), rows, seed)) - before[1] for seed in range(40)]
    assert np.std(sizes) == pytest.approx(np.sqrt(before[0] * 0.2 * 0.8), rel=0.3)
    assert np.mean(sizes) == pytest.approx(0.2 * before[0], rel=0.03)


@pytest.mark.parametrize("name", ["negative_sampling", "retention"])
def test_what_is_thinned_at_one_rate_comes_back_by_formula(name) -> None:
    """q = p / (p + (1 - p) / w), logit q = logit p + log w: the closed form, to 1e-9."""
    rows = clicks()
    fitted = fit_arm(Arm(name, "logistic"), rows, seed=0)
    before, after = (np.bincount(y) for y in (rows.y, fitted.recipe.label))
    w = after[0] / before[0]
    assert 0.05 < w < 0.15
    p = fitted.predict_proba(rows)
    q = correct_prior(p, fitted.prior_fit, fitted.prior_train)[:, 1]
    np.testing.assert_allclose(q, p[:, 1] / (p[:, 1] + p[:, 0] / w), rtol=0, atol=1e-9)
    np.testing.assert_allclose(q, expit(logit(p[:, 1]) + np.log(w)), rtol=0, atol=1e-9)
    assert q.mean() == pytest.approx(rows.y.mean(), rel=0.15)
    assert p[:, 1].mean() > 4 * rows.y.mean(), "as it comes out it speaks of the sample"


def test_a_click_rate_of_five_per_cent_at_a_tenth() -> None:
    """science.md AE-12: .3448 in the sample (not "near 50 %"), and back to .0500."""
    rate = 0.05 / (0.05 + 0.95 * 0.1)
    assert rate == pytest.approx(0.3448, abs=5e-5)
    back = correct_prior(np.array([[1 - rate, rate]]), np.array([1 - rate, rate]), [0.95, 0.05])
    assert back[0, 1] == pytest.approx(rate / (rate + (1 - rate) / 0.1), abs=1e-9)
    assert back[0, 1] == pytest.approx(0.05, abs=1e-9)


def test_sampling_the_positives_is_the_wrong_form() -> None:
    """What it leaves out are the few rows that tell; a model of ten clicks knows less."""
    rows, new = clicks(6_000, 0.02), clicks(6_000, 0.3)
    rng, losses = np.random.default_rng(3), []
    kept = rng.random(len(rows)) < np.where(rows.y == 1, 0.1, 1.0)
    ours = fit_arm(Arm("negative_sampling", "logistic"), rows, seed=0)
    wrong = fit_arm(Arm("none", "logistic"), rows.take(np.flatnonzero(kept)), seed=0)
    for fitted in (ours, wrong):
        p = correct_prior(fitted.predict_proba(new), fitted.prior_fit, [0.7, 0.3])
        losses.append(-np.log(p[np.arange(len(new)), new.y]).mean())
    assert (ours.recipe.label == 1).sum() == (rows.y == 1).sum()
    assert losses[0] < losses[1]


def test_no_class_goes_altogether_and_it_is_told() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [900, 3, 2])
    recipe = recipe_of(NegativeSampling(0.0001), table(rng.normal(size=(905, 2)), y))
    assert np.bincount(recipe.label).tolist() == [1, 1, 2]
    assert "One row each of 2 classes was kept" in recipe.notes[0]
    assert "a keep rate w of 0.002215" in recipe.notes[1]


def test_retention_never_cuts_a_class_below_the_rarest() -> None:
    assert Retention(0.1).counts_after((1000, 500, 60, 20)) == (100, 50, 20, 20)
    assert Retention(0.5).counts_after((90, 10)) == (45, 10)


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.6])
def test_a_pilot_s_chances_have_the_mean_asked_for(rate) -> None:
    doubt = np.random.default_rng(0).beta(0.3, 5, 4_000)
    chance = spread_out(doubt, rate)
    assert chance.mean() == pytest.approx(rate, abs=1e-6)
    assert chance.min() >= 0.01
    assert chance.max() <= 1
    assert (np.diff(chance[np.argsort(doubt)]) >= 0).all()
    between = (chance > 0.01) & (chance < 1)
    assert np.ptp(chance[between] / doubt[between]) < 1e-6, "in proportion to the doubt"


def test_a_pilot_is_undone_row_by_row() -> None:
    """The wrong forms: no correction at all, and one of the class shares alone."""
    x, truth, y = simulated(20_000, 0)
    rows, (new, eta, _y) = table(x, y), simulated(20_000, 7)
    arm = Arm("retention", "logistic", (("pilot", True), ("rho", 0.1)))
    fitted = fit_arm(arm, rows, seed=0)
    recipe = fitted.recipe
    assert len(recipe) < 0.2 * len(rows) + y.sum()
    assert np.ptp(recipe.weights[recipe.label == 0]) > 1
    assert (recipe.weights[recipe.label == 1] == 1).all()

    def error(model, prior_fit):
        p = correct_prior(model.predict_proba(table(new, _y)), prior_fit, fitted.prior_train)
        return np.abs(p[:, 1] - eta).mean()

    ours = error(fitted, fitted.prior_fit)
    bare = fit_arm(arm, rows, seed=0, recipe=replace(recipe, weight=None))
    forgotten, by_shares = error(bare, fitted.prior_train), error(bare, bare.prior_fit)
    assert ours < 0.008
    assert by_shares > 3 * ours, "rows did not all stay as often"
    assert forgotten > 10 * ours
    assert fitted.prior_fit == pytest.approx(fitted.prior_train, abs=0.01)
    assert truth.mean() == pytest.approx(y.mean(), abs=0.005)


def queries(n=24_000, values=12):
    """Rows of contexts whose rates of clicks are far apart."""
    rng = np.random.default_rng(4)
    page = rng.integers(0, values, n)
    base = np.linspace(-5.5, -0.5, values)[page]
    x = rng.normal(size=(n, 2))
    y = (rng.random(n) < expit(base + x[:, 0])).astype(int)
    return table(x, y, page, values), page


def test_a_context_without_weights_loses_its_own_rate() -> None:
    """Unweighted, contexts of high and low rates look alike, and no one shift brings them back."""
    rows, page = queries()
    arm = Arm("contextual", "logistic", (("column", "page"),))
    fitted = fit_arm(arm, rows, seed=0)
    recipe = fitted.recipe
    bare = fit_arm(arm, rows, seed=0, recipe=replace(recipe, weight=None))

    def rates(model):
        p = correct_prior(model.predict_proba(rows), model.prior_fit, fitted.prior_train)[:, 1]
        return np.bincount(page, p) / np.bincount(page)

    true = np.bincount(page, rows.y) / np.bincount(page)
    assert np.abs(rates(fitted) - true).max() < 0.04
    assert np.abs(rates(bare) - true).max() > 0.1
    assert len(recipe) < 0.5 * len(rows)
    np.testing.assert_allclose(fitted.prior_fit, fitted.prior_train, atol=1e-12)
    before = np.bincount(page[recipe.base], recipe.weights) / len(rows)
    assert np.abs(before / (np.bincount(page) / len(rows)) - 1).max() < 0.1
    assert "“page” that hold several classes (12)" in recipe.notes[0]


def test_inside_a_context_the_classes_are_level_and_the_rarest_stays() -> None:
    rows, page = queries()
    recipe = recipe_of(Contextual("page", fewest=3), rows)
    for value in range(12):
        before = np.bincount(rows.y[page == value], minlength=2)
        after = np.bincount(recipe.label[page[recipe.base] == value], minlength=2)
        assert after[1] == before[1]
        assert after[0] == min(before[0], max(before[1], 3))
    alone = table(
        np.zeros((60, 1)), np.repeat([0, 1, 0], [40, 10, 10]), np.repeat([0, 1, 2], 20), 3
    )
    kept = recipe_of(Contextual("page"), alone)
    assert np.bincount(alone.codes[kept.base, 0]).tolist() == [5, 5, 20]
    assert (kept.label == 1).sum() == 10, "rows of the rarest class stay where they are alone too"


def test_a_time_is_a_context_by_the_day_and_a_group_as_it_is() -> None:
    rng = np.random.default_rng(0)
    days = np.repeat(np.arange(20_000, 20_006), 50) + rng.random(300)
    who = np.where(np.arange(300) < 20, np.nan, np.arange(300) // 100)
    unseen = (Unseen("when", "time", days), Unseen("who", "group", who))
    rows = table(rng.normal(size=(300, 1)), (rng.random(300) < 0.2).astype(int), unseen=unseen)
    assert np.bincount(contexts(rows, "when")).tolist() == [50] * 6
    assert np.bincount(contexts(rows, "who")).tolist() == [80, 100, 100, 20], "none is one context"
    recipe = recipe_of(Contextual(), rows)
    assert "“who”" in recipe.notes[0], "a group comes first"
    made = rows.made(recipe)
    assert [c.role for c in made.unseen] == ["time", "group"]
    np.testing.assert_array_equal(made.unseen[0].values, days[recipe.base])


@pytest.mark.parametrize(
    ("column", "words"),
    [("", "name one, such as a query"), ("x0", "no value"), ("nothing", "cannot be a context")],
)
def test_what_is_no_context_is_told(column, words) -> None:
    rng = np.random.default_rng(0)
    rows = table(rng.normal(size=(40, 1)), np.repeat([0, 1], 20))
    with pytest.raises(Unsuitable, match=f"(?i){words}"):
        recipe_of(Contextual(column), rows)


def test_the_plan_says_that_there_is_no_context() -> None:
    plain = {"numbers": 2, "categories": 0, "texts": 0, "embeddings": 0}
    facts = TableFacts(100, (90, 10), **plain, columns=(("age", "feature"), ("y", "target")))
    assert "No column says" in str(STRATEGIES["contextual"].reason(facts))
    named = replace(facts, columns=(*facts.columns, ("查询词", "feature")))
    assert STRATEGIES["contextual"].reason(named) is None
    assert default_context([("cv_fold_day", "feature"), ("page", "feature")]) == "cv_fold_day"
    assert default_context([("shown_page_rank", "feature")]) is None, "a system wrote it"
    few = replace(facts, rows=103, counts=(100, 3))
    assert "About 13 of 103" in str(STRATEGIES["retention"].reason(few))
    assert "About 13 of 103" in str(STRATEGIES["negative_sampling"].reason(few))


def test_all_stay_where_every_coin_says_so() -> None:
    rows = clicks(200)
    assert len(tossed(np.ones(200), fold_of(rows, 0))) == 200
    assert "keeps every row" in str(Retention(1.0).idle())
    assert "keeps every row" in str(NegativeSampling(1.0).idle())


def visits(n=900):
    """A click log with rows of visits, of which a model sees no number."""
    rng = np.random.default_rng(0)
    who, when = np.arange(n) // 10, pd.Timestamp("2026-03-01") + pd.to_timedelta(np.arange(n), "h")
    y = rng.random(n) < expit(-2 + rng.normal(size=who.max() + 1)[who])
    return pd.DataFrame(
        {"visit": [f"v{k}" for k in who], "when": when, "x": rng.normal(size=n) + y,
         "click": np.where(y, "yes", "no")}
    )  # fmt: skip


def test_weights_go_from_the_step_to_the_fit_and_to_the_file(tmp_path) -> None:
    store, frame = Store(tmp_path / "home"), visits()
    dataset = from_frame(frame, store.new_dataset_folder()[1], target="click")
    dataset = dataset.with_schema(
        dataset.schema.with_role("group", "visit").with_role("time", "when")
    )
    store.add_dataset(dataset)
    plan = make_plan(
        dataset, strategies=["contextual", "retention"], classifiers=["logistic"], folds=3,
        params={"contextual": {"fewest": 1}, "retention": {"pilot": True, "rho": 0.3}},
    )  # fmt: skip
    run = run_here(store, plan)
    assert run.state == "done", run.error
    for name in ("contextual", "retention"):
        arm = next(a.name for a in plan.arms if a.strategy == name)
        fitted = open_arm(store, run.run, arm).fitted
        exact = 1e-9 if name == "contextual" else 0.1
        np.testing.assert_allclose(fitted.prior_fit, fitted.prior_train, atol=exact)
        export_run(store, run.run, tmp_path / name, arm=arm)
        file = pd.read_parquet(tmp_path / name / "train_balanced.parquet")
        assert file["_weight"].max() > 1.5
        np.testing.assert_allclose(file["_weight"], fitted.recipe.weights)
        if name == "contextual":
            assert any("“visit” that hold several classes" in note for note in fitted.notes)
