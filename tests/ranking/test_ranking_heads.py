"""Heads of two towers: what they learn from is right, and their chances are what happens."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from logs import log_of
from shown_logs import rows, shown_log

from rebal_core.metrics.probabilities import probability_scores
from rebal_core.nn.heads import chances
from rebal_core.ranking.compare import compare_rankings
from rebal_core.ranking.fitting import fit_arm
from rebal_core.ranking.foretold import foretold
from rebal_core.ranking.heads import kept_back
from rebal_core.ranking.meetings import meetings_of
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.plan import plan_rankings
from rebal_core.ranking.sentences import sentence_of_chances
from rebal_core.seeding import child_seed

SPEC = RECOMMENDERS["two_tower"]
SMALL = {"size": 16, "hidden": 16, "epochs": 8, "learning_rate": 1e-2}


def fitted(log, seed=0, **params):
    model = SPEC.build({**SMALL, **params}, seed)
    model.fit(log)
    return model


def told(model, met):
    """Return the chances of meetings by task, shape (n,)."""
    found = model.chances(met.pasts.take(met.past), met.item[:, None])
    return {task: p[:, 0].astype(float) for task, p in found.items()}


@pytest.fixture(scope="module")
def shown():
    table = rows()
    return table, shown_log(table[table["when"] < 1200]), meetings_of(shown_log(table))


@pytest.fixture(scope="module")
def models(shown):
    return {form: fitted(shown[1], heads=form) for form in ("apart", "esmm")}


def met(table: list[tuple[str, str, int, str]]) -> list[tuple[str, str, bool, bool, list[str]]]:
    """Return the meetings of rows of user, item, time and event, with the items of each past."""
    frame = pd.DataFrame(table, columns=["user", "item", "when", "event"])
    users, items = (pd.factorize(frame[name], sort=True) for name in ("user", "item"))
    log = shown_log(frame.assign(user=users[0], item=items[0]))
    found = meetings_of(log)
    doers = {code: name[1:] for code, name in enumerate(log.users)}
    names = {**{c: users[1][int(n)] for c, n in doers.items()}}
    return [
        (
            names.get(found.user[n], "nobody"),
            items[1][found.item[n]],
            bool(found.clicked[n]),
            bool(found.bought[n]),
            [items[1][code] for code in found.pasts.take(found.past[[n]]).item],
        )
        for n in range(len(found))
    ]


def test_a_pair_meets_once_a_list_however_many_rows_tell_of_it() -> None:
    one = [
        *(("u", "a", 1, "buy"), ("u", "b", 1, "impression"), ("u", "c", 1, "click")),
        *(("u", "a", 5, "impression"), ("u", "b", 5, "click")),
    ]
    many = [
        *(("u", item, 1, "impression") for item in "abc"),
        *(("u", "a", 2, "click"), ("u", "c", 3, "click"), ("u", "a", 4, "buy")),
        *(("u", item, 5, "impression") for item in "ab"),
        ("u", "b", 6, "click"),
    ]
    found = met(many)
    assert found == [
        ("u", "a", True, True, []),
        ("u", "b", False, False, []),
        ("u", "c", True, False, []),
        ("u", "a", False, False, ["a", "c", "a"]),
        ("u", "b", True, False, ["a", "c", "a"]),
    ]
    assert sorted(row[:4] for row in met(one)) == sorted(row[:4] for row in found)


def test_where_a_row_tells_what_came_of_it_each_is_a_meeting() -> None:
    # Left alone twice and taken the third time: one of three, not one of two.
    rows = [("u", "a", when, "impression") for when in (1, 2)]
    rows += [("u", "a", 3, "click"), ("u", "b", 4, "click"), ("u", "c", 5, "buy")]
    assert [row[1:3] for row in met(rows)] == [
        *(("a", False), ("a", False), ("a", True)),
        *(("b", True), ("c", True)),
    ]


def test_who_never_did_anything_meets_with_an_empty_past() -> None:
    table = [("u", "a", 1, "click"), ("u", "a", 3, "buy"), ("v", "a", 2, "impression")]
    assert ("nobody", "a", False, False, []) in met([*table, ("w", "b", 4, "impression")])


def test_a_past_is_what_happened_at_earlier_moments_alone(shown) -> None:
    _, log, _ = shown
    found = meetings_of(log)
    assert found.clicked.sum() == len(log)
    assert len(found) == len(log) + len(log.shown), "each row tells all"
    for n in range(0, len(found), 97):
        mine = (log.user == found.user[n]) & (log.moment < found.moment[n])
        assert found.pasts.take(found.past[[n]]).item.tolist() == log.item[mine].tolist()


@pytest.mark.parametrize("form", ["apart", "esmm"])
def test_chances_are_what_happens_later(form, models, shown) -> None:
    check_calibrated(models[form], shown)


@pytest.mark.parametrize("loss", ["balanced", "focal"])
def test_losses_that_favour_the_rare_are_calibrated_too(loss, shown) -> None:
    check_calibrated(fitted(shown[1], heads="esmm", head_loss=loss), shown)


def check_calibrated(model, shown) -> None:
    """Hold chances against what happened later, and against the chances that were planted."""
    table, log, every = shown
    later = every.take(every.moment >= 1200)
    early = meetings_of(log).outcomes
    planted = table.set_index(["when", "item"])
    pairs = pd.MultiIndex.from_arrays([later.moment, later.item])
    for task, p in told(model, later).items():
        came = later.outcomes[task]
        # As Poisson numbers: what happened later, and all that came before.
        error = np.sqrt(1 / came.sum() + 1 / early[task].sum())
        assert abs(p.mean() / came.mean() - 1) < 3 * error, task
        scores = probability_scores(came.astype(np.int64), np.column_stack([1 - p, p]), 1)
        assert scores["normalised_entropy"][0] < 1, task
        # Of numbers without a relation it is 0, with an error of 1 / sqrt(n).
        assert np.corrcoef(p, planted.loc[pairs, task])[0, 1] > 5 / np.sqrt(len(p)), task


def test_what_is_bought_was_chosen(models, shown) -> None:
    found = models["esmm"].chances(shown[1].visits())
    assert found["click"].shape == (len(shown[1].users), 40)
    assert (found["buy"] <= found["click"]).all()
    assert (found["buy"] > 0).all()
    some = np.tile([7, 3, 7], (len(shown[1].users), 1))
    again = models["esmm"].chances(shown[1].visits(), some)
    for task in ("click", "buy"):
        assert np.allclose(again[task], found[task][:, [7, 3, 7]], atol=1e-6)


def test_lists_are_those_of_the_towers_alone(models, shown) -> None:
    _, log, _ = shown
    back = kept_back(meetings_of(log), child_seed(0, "two_tower", "heads"))
    assert len(back) == 60
    plain = fitted(log.take(~np.isin(log.user, back)))
    visits = log.visits()
    visits = visits.take(np.flatnonzero(visits.lengths))
    assert (models["apart"].score(visits) == plain.score(visits)).all()
    assert not plain.tasks
    assert models["apart"].tasks == ("click", "buy")


def test_lists_may_be_of_what_is_bought(models, shown) -> None:
    _, log, _ = shown
    visits = log.visits()
    bought = replace(models["apart"], order="buy").score(visits)
    gap = bought - models["apart"].score(visits)
    assert np.allclose(gap, np.log(models["apart"].chances(visits)["buy"]), atol=1e-5)


def test_what_was_saved_tells_the_same(models, shown, tmp_path) -> None:
    model = models["esmm"]
    about = json.loads(json.dumps(model.save(tmp_path)))
    visits = shown[1].visits()
    again = type(model).load(tmp_path, about).chances(visits)
    assert all((again[task] == p).all() for task, p in model.chances(visits).items())


@pytest.mark.parametrize("name", ["weight", "bias", "slope", "offset"])
def test_heads_that_do_not_fit_are_refused(name, models) -> None:
    name = f"heads.{name}"
    wrong = replace(models["esmm"], arrays_={**models["esmm"].arrays_})
    wrong.arrays_[name] = wrong.arrays_[name][:0]
    with pytest.raises(ValueError, match=r"shape|another model"):
        wrong.check()
    del wrong.arrays_[name]
    with pytest.raises(ValueError, match=r"shape|another model"):
        wrong.check()


def test_without_purchases_there_is_a_click_alone(shown) -> None:
    log = replace(shown[1], bought=None)
    model = fitted(log, heads="esmm")
    assert model.tasks == ("click",)
    assert list(model.chances(log.visits())) == ["click"]
    model.check()


def test_a_log_that_does_not_tell_is_refused(shown) -> None:
    _, log, _ = shown
    fine = SPEC.read({"heads": "apart", "order": "buy"})
    assert SPEC.serves(log, fine) is None
    for other, params, words in (
        (replace(log, shown=None), fine, "learned from what was shown and left alone"),
        (replace(log, bought=None), fine, "at least 50 purchases"),
        (log, SPEC.read({"order": "buy"}), "with the help of the heads"),
        (log.take(np.arange(49)), fine, "and what may be learned from has 49"),
        (
            replace(log, shown=log.shown.take(np.arange(49))),
            fine,
            "left alone, and what may be learned from has 49",
        ),
    ):
        assert words in SPEC.serves(other, params).render()
    plain = log_of([0, 0, 1], [0, 1, 2])
    assert SPEC.serves(plain, SPEC.read({})) is None


def judged(signal, seed=0, **params):
    """Return what a comparison says of chances on a log of such a signal, and the sentences."""
    log = shown_log(rows(signal=signal, seed=seed))
    plan = plan_rankings(["two_tower"], params={"two_tower": {**SMALL, **params}})
    found = foretold(plan.arms[0], log, 0)
    said = {task: sentence_of_chances(one).render() for task, one in found.tasks.items()}
    return found, said


def test_chances_are_judged_on_the_last_fifth_of_the_time() -> None:
    found, said = judged(1.0, heads="apart")
    assert list(found.tasks) == ["click", "buy"]
    for task, one in found.tasks.items():
        assert one.code == "more", task
        assert "tell more than the mean rate" in said[task]
        assert one.scores["average_precision"][0] > one.rate
        low, high = one.scores["calibration_ratio"][1:]
        assert low < 1 < high, task
        assert one.shown / (one.shown + found.learned) == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("seed", [0, 1])
def test_where_nothing_is_to_be_known_nothing_is_said_to_be_learned(seed) -> None:
    found, said = judged(0.0, seed, heads="apart")
    for task, one in found.tasks.items():
        _, low, high = one.scores["normalised_entropy"]
        assert low < 1 < high, task
        assert "not shown to tell more" in said[task]


def test_where_nothing_is_shown_late_there_is_nothing_to_judge() -> None:
    table = rows(users=150)
    late = table["user"] >= 75
    shown = table.assign(event="impression", when=0)
    taken = table[table["event"] != "impression"].assign(when=late.astype(int) + 1)
    again = pd.concat([taken] + [taken[taken["when"] == 2]] * 6)
    log = shown_log(pd.concat([shown, again], ignore_index=True))
    plan = plan_rankings(["two_tower"], params={"two_tower": {**SMALL, "heads": "apart"}})
    found = foretold(plan.arms[0], log, 0)
    assert found.tasks == {}
    assert found.reason is not None
    assert "Nothing was shown in the last fifth" in found.reason.render()


def test_what_cannot_be_learned_from_alone_is_told_of_what_was_before() -> None:
    log = shown_log(rows(users=80, lists=1).assign(when=0))
    plan = plan_rankings(["two_tower"], params={"two_tower": {**SMALL, "heads": "apart"}})
    reason = foretold(plan.arms[0], log, 0).reason
    assert reason is not None
    assert reason.render().startswith("What was before the last fifth of the time")


def test_a_few_are_no_judgement() -> None:
    log = shown_log(rows(users=80, lists=5, seed=3))
    plan = plan_rankings(["two_tower"], params={"two_tower": {**SMALL, "heads": "apart"}})
    one = foretold(plan.arms[0], log, 0).tasks["buy"]
    assert one.happened < 60
    few = replace(one, happened=29)
    assert few.code == "few"
    assert "29 in the last fifth" in sentence_of_chances(few).render()


def test_a_comparison_tells_of_chances_where_a_model_has_some() -> None:
    log = shown_log(rows(users=150))
    params = {"two_tower": {**SMALL, "epochs": 2, "heads": "apart"}}
    told = []
    found = compare_rankings(
        log,
        plan_rankings(["popularity", "two_tower"], ["rerank"], params),
        lambda share, **epoch: told.append((share, epoch)),
    )
    assert [o.heads is not None for o in found.outcomes] == [False, False, True, False]
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    epochs = [epoch for _, epoch in told if epoch]
    # Three fits: by which tau is chosen, which is judged, and whose chances are judged.
    assert sum(epoch["epoch"] == 1 for epoch in epochs) == 3
    assert {epoch["arm"] for epoch in epochs} == {"none/two_tower"}


def test_chances_of_later_are_learned_from_what_was_before_alone(monkeypatch) -> None:
    log, learned = shown_log(rows(users=150)), []

    def fit(arm, early, seed, progress):
        learned.append(early)
        return fit_arm(arm, early, seed, progress)

    monkeypatch.setattr("rebal_core.ranking.foretold.fit_arm", fit)
    plan = plan_rankings(["two_tower"], params={"two_tower": {**SMALL, "heads": "apart"}})
    found = foretold(plan.arms[0], log, 0)
    (early,) = learned
    met = meetings_of(log)
    first = np.sort(met.moment)[found.learned]
    assert max(early.moment.max(), early.shown.moment.max()) < first
    assert found.tasks["click"].shown == (met.moment >= first).sum()


@pytest.mark.parametrize("values", [[1.5, 2.5, 3.5], ["a", "b", "c"]])
def test_heads_are_learned_beside_a_context_and_know_nothing_of_it(values) -> None:
    log = shown_log(rows(users=60))
    beside = pd.DataFrame({"known": np.resize(values, len(log))})
    told_of = replace(log, beside=beside, shown=replace(log.shown, beside=beside.iloc[:0]))
    model = fitted(told_of, heads="apart", context=("known",), epochs=1)
    visits = log.visits()
    known = replace(visits, beside=beside.iloc[: len(visits)])
    for task, p in model.chances(visits).items():
        np.testing.assert_array_equal(p, model.chances(known)[task])


def test_a_purchase_is_never_likelier_than_a_click_however_it_was_calibrated() -> None:
    generator = torch.Generator().manual_seed(0)
    users, offers = (torch.randn(n, 4, generator=generator) for n in (5, 7))
    kept = {
        "weight": torch.randn(2, 13, generator=generator),
        "bias": torch.zeros(2),
        "slope": torch.ones(2),
        "offset": torch.tensor([0.0, 2.0]),
    }
    click, buy = chances(kept, users, offers, torch.rand(7, generator=generator), None)
    assert (buy <= click).all()
    assert (buy == click).any()
    assert (buy < click).any()
