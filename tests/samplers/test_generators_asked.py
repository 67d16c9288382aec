"""Rules that drawn rows keep, and shares that values of a column have among them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from rebal_core.facts import TableFacts
from rebal_core.rows import GENERATED, INTERPOLATED, TypedRows
from rebal_core.samplers import fold_of
from rebal_core.samplers.generators import Autoregressive, Copula
from rebal_core.samplers.generators.marginal import (
    MARGINAL,
    Marginal,
    Value,
    apportioned,
    read_marginal,
)
from rebal_core.samplers.generators.rules import RULES, Pairs, Side, Sums, read_rules, written
from rebal_core.units import Units
from rebal_core.wording import Unsuitable, UserError
from tests.samplers.test_generators_common import SYNTHESIS, blobs, brief

NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
NUMBERS = st.floats(-1e14, 1e14).map(lambda x: round(x, 3) + 0.0)
SIDES = st.builds(Side, st.lists(NAMES, min_size=1, max_size=3).map(tuple), NUMBERS)
RULESETS = st.lists(
    st.builds(Sums, SIDES, st.sampled_from(["<=", "<", ">=", ">", "="]), SIDES)
    | st.builds(Pairs, st.lists(NAMES, min_size=2, max_size=4, unique=True).map(tuple)),
    max_size=4,
    unique=True,
).map(tuple)
FACTS = TableFacts(
    100,
    (90, 10),
    2,
    1,
    1,
    0,
    columns=(("y", "target"), ("年龄", "feature"), ("hours a week", "feature"), ("job", "feature"),
             ("note", "feature"), ("id", "id")),
    kinds=(("年龄", "number"), ("hours a week", "number"), ("job", "category"), ("note", "text")),
)  # fmt: skip


@given(RULESETS)
def test_rules_are_read_as_they_are_written(rules) -> None:
    assert read_rules(written(rules)) == rules
    assert RULES.read(RULES.read(written(rules))) == written(rules)


@given(NAMES, st.lists(st.builds(Value, NAMES), min_size=1, max_size=4, unique=True), st.data())
def test_a_marginal_is_read_as_it_is_written(column, values, data) -> None:
    share = st.floats(0.001, 1e6).map(lambda x: round(x, 3))
    shares = data.draw(st.lists(share, min_size=len(values), max_size=len(values)))
    marginal = Marginal(column, tuple(values), tuple(shares))
    assert read_marginal(str(marginal)) == marginal


@given(st.text(max_size=60))
def test_whatever_is_written_is_read_or_refused_in_a_sentence(text) -> None:
    for parameter in (RULES, MARGINAL):
        try:
            read = parameter.read(text)
        except UserError:
            continue
        assert parameter.read(read) == read


@pytest.mark.parametrize("parameter", [RULES, MARGINAL])
def test_no_text_is_too_long_for_an_answer(parameter) -> None:
    for text in ("a " * 200_000, "`" * 99_999, "a + " * 2_400):
        with pytest.raises(UserError) as told:
            parameter.read(text)
        assert len(str(told.value)) < 400


def test_rules_are_read_as_people_write_them() -> None:
    text = "年龄 ≤ hours a week；`年龄`+5<70\npairs（job，年龄）; "
    first, second, third = read_rules(text, FACTS)
    assert first == Sums(Side(("年龄",)), "<=", Side(("hours a week",)))
    assert second == Sums(Side(("年龄",), 5.0), "<", Side((), 70.0))
    assert third == Pairs(("job", "年龄"))
    assert str(second) == "年龄 + 5 < 70"
    assert read_marginal("job：clerk＝60，`a=b`=40%") == Marginal(
        "job", (Value("clerk"), Value("a=b")), (60.0, 40.0)
    )
    assert read_marginal("年龄: <30=50, >=30=50", FACTS).values == (
        Value("30", "<"),
        Value("30", ">="),
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("年龄 <=", "Rule 1, “年龄 <=”"),
        ("年龄 <= 60; 5 < 6", "Rule 2"),
        ("a <= b", "names “a”"),
        ("年龄 <= id", "names “id”"),
        ("年龄 <= y", "names “y”"),
        ("年龄 <= job", "compares “job”"),
        ("pairs(年龄, note)", "names “note”"),
        ("pairs(年龄)", "Rule 1"),
        ("pairs(年龄, 年龄)", "Rule 1"),
        ("年龄 < job < 3", "Rule 1"),
        ("`年龄 < 3", "backtick"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_by_its_place(text, place) -> None:
    with pytest.raises(UserError) as told:
        RULES.read(text, FACTS)
    assert place in str(told.value)


@pytest.mark.parametrize(
    "text",
    ["job", "job: ", "job: a", "job: a=0", "job: a=-1", "job: a=1, a=2", "job: <a=5", "note: a=5",
     "job: a=1; 年龄: 3=4", "job: a=nan", "y: a=5", "`job: a=5"],
)  # fmt: skip
def test_a_marginal_that_says_nothing_is_refused(text) -> None:
    with pytest.raises(UserError):
        MARGINAL.read(text, FACTS)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=9), st.integers(0, 10_000))
def test_rows_are_apportioned_to_a_row(shares, size) -> None:
    found = apportioned(shares, size)
    assert found.sum() == size
    exact = np.array(shares) / sum(shares) * size
    assert (np.abs(found - exact) < 1 + 1e-6).all()


def table(sizes: tuple[int, int] = (600, 240), seed: int = 0) -> TypedRows:
    """Two whole numbers, their sum, and a category that goes with the first one alone.

    The numbers are typed as a preparation does it, and read in years.
    """
    rows, rng = blobs(sizes, seed), np.random.default_rng(seed)
    n = len(rows)
    low = rng.integers(18, 40, n)
    more = rng.integers(0, 30, n)
    real = np.column_stack([low, low + more, 2 * low + more]).astype(float)
    centers, scales = real.mean(axis=0), real.std(axis=0)
    names = ("from", "up to", "sum")
    return replace(
        rows,
        classes=("no", "fraud"),
        numbers=((real - centers) / scales).astype(np.float32),
        codes=np.column_stack([low // 10, rng.integers(0, 3, n) - 1]).astype(np.int32),
        layout=replace(
            rows.layout,
            numbers=names,
            players=names,
            codes=("decade", "kind"),
            cardinalities=(6, 2),
        ),
        units=Units(
            centers=tuple(centers.tolist()),
            scales=tuple(scales.tolist()),
            fills=(None,) * 3,
            decimals=(0,) * 3,
            values=(tuple("012345"), ("red", "blue")),
        ),
    )


def drawn(rows: TypedRows, step) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Return what was drawn of the second class, in years, and the notes."""
    recipe = step.recipe(fold_of(rows, 0))
    made = rows.made(recipe.take((recipe.origin == GENERATED) & (recipe.label == 1)))
    assert np.bincount(recipe.label).tolist() == [600, 600]
    names = (*rows.layout.numbers, *rows.layout.codes)
    return {n: rows.reading.column(n, made.numbers, made.codes) for n in names}, recipe.notes


@pytest.mark.parametrize("strategy", SYNTHESIS, ids=lambda s: s.name)
def test_no_drawn_row_breaks_a_rule_and_shares_are_exact(strategy) -> None:
    rules = "from <= `up to`; from + up to = sum; pairs(from, decade)"
    rows = table()
    step = clone(brief(strategy)).set_params(rules=rules, marginal="kind: red=60, blue=40")
    made, notes = drawn(rows, step)
    assert (made["from"] <= made["up to"]).all()
    assert (made["from"] + made["up to"] == made["sum"]).all()
    assert (made["from"] // 10 == made["decade"]).all()
    assert np.bincount(made["kind"].astype(int)).tolist() == [216, 144]
    again_told = [note for note in notes if "were drawn again" in note]
    assert again_told
    assert all("rows drawn of “fraud”" in note for note in again_told)
    again, _ = drawn(rows, step)
    np.testing.assert_array_equal(again["sum"], made["sum"])


def test_the_surest_rows_have_the_shares_and_keep_the_rules() -> None:
    asked = {"rules": "from <= `up to`", "marginal": "kind: red=60, blue=40"}
    plain, _ = drawn(table(), Copula(**asked))
    made, _ = drawn(table(), Copula(select=True, **asked))
    assert np.bincount(made["kind"].astype(int)).tolist() == [216, 144]
    assert (made["from"] <= made["up to"]).all()
    assert not np.array_equal(np.sort(made["from"]), np.sort(plain["from"]))


def test_sums_of_decimals_are_made_equal_and_not_waited_for() -> None:
    """Hardly ever are they equal by chance: the last column is set, the others are as drawn."""
    rows, rng = blobs((600, 240)), np.random.default_rng(3)
    low, fee = (np.round(rng.lognormal(s, 0.5, len(rows)), 2) for s in (3, 1))
    names = ("low", "fee", "sum")
    rows = replace(
        rows,
        numbers=np.column_stack([low, fee, low + fee]).astype(np.float32),
        layout=replace(rows.layout, numbers=names, players=names),
        units=Units((0.0,) * 3, (1.0,) * 3, (None,) * 3, (2, 2, 2), (tuple("01234"), tuple("012"))),
    )
    plain, _ = drawn(rows, Copula())
    made, notes = drawn(rows, Copula(rules="low + fee = sum"))
    np.testing.assert_allclose(made["low"] + made["fee"], made["sum"], atol=1e-9)
    assert np.isin(made["fee"], plain["fee"]).mean() > 0.9
    (told,) = [note for note in notes if "was set" in note]
    assert int(told.split()[1]) > 350


def test_sums_of_sums_are_made_equal_in_any_order() -> None:
    rows = table()
    codes, (low, both, all_) = rows.codes, rows.numbers.T
    numbers = np.column_stack([low, both, all_, all_, all_])
    names, units = ("from", "up to", "sum", "more", "most"), rows.units
    rows = replace(
        rows,
        numbers=numbers,
        codes=codes,
        layout=replace(rows.layout, numbers=names, players=names),
        units=replace(
            units,
            centers=(*units.centers, units.centers[2] + 1, units.centers[2] + 3),
            scales=(*units.scales, *[units.scales[2]] * 2),
            fills=(None,) * 5,
            decimals=(0,) * 5,
        ),
    )
    first, second, third = "from + up to = sum", "sum + 1 = more", "more + 2 = most"
    for rules in ((first, second, third), (third, second, first)):
        made, notes = drawn(rows, Copula(rules="; ".join(rules)))
        assert (made["from"] + made["up to"] == made["sum"]).all()
        assert (made["sum"] + 3 == made["more"] + 2).all()
        assert (made["more"] + 2 == made["most"]).all()
        (told,) = [n for n in notes if "was set" in n]
        assert int(told.split()[1]) > 300, "they are not waited for"


def test_rules_change_nothing_that_is_learned_and_no_older_key() -> None:
    plain, ruled = Copula(), Copula(rules="from <= sum", marginal="kind: red=1")
    assert plain.draw_settings() == ruled.draw_settings()
    assert not {"rules", "marginal"} & set(plain.settings())
    assert ruled.settings()["rules"] == "from <= sum"
    rows = table()
    kept, notes = drawn(rows, Copula(rules="from <= 60"))
    for name, values in drawn(rows, Copula())[0].items():
        np.testing.assert_array_equal(values, kept[name])
    assert not notes, "a rule that no row breaks is not told of"


def test_rules_that_real_rows_break_are_told_before_anything_is_drawn() -> None:
    rows = table()
    broke = (rows.reading.column("from", rows.numbers, rows.codes)[rows.y == 1] > 30).sum()
    _, notes = drawn(rows, Copula(rules="from <= 30"))
    assert f"240 real rows of “fraud”, {broke} break the rule “from <= 30”" in notes[0]
    with pytest.raises(Unsuitable, match="100% break the rule “up to < from”"):
        drawn(rows, Copula(rules="up to < from"))


def test_a_rule_that_cannot_be_kept_is_told_and_no_row_is_short() -> None:
    rows = table()
    low = rows.reading.column("from", rows.numbers, rows.codes)[rows.y == 1].min()
    with pytest.raises(Unsuitable, match="asked for have “<"):
        drawn(
            rows, Copula(rules=f"from >= {low + 1:g}", marginal=f"from: <{low + 1:g}=50, >=25=50")
        )


@pytest.mark.parametrize(
    ("asked", "advice"),
    [
        ({"rules": "from >= 30", "marginal": "from: <30=1, >=30=1"}, "or loosen the rules"),
        ({"marginal": "from: 17=1, >=30=1"}, "ask for less of it[.]$"),
        ({"marginal": "kind: red=1, blue=1"}, "or choose autoregressive"),
    ],
)
def test_what_is_too_rare_has_advice_that_can_help(asked, advice) -> None:
    rows = table()
    numbers, codes = rows.numbers.copy(), rows.codes.copy()
    units, other = rows.units, np.flatnonzero(rows.y == 0)[0]
    numbers[other, 0] = (17 - units.centers[0]) / units.scales[0]
    codes[codes[:, 1] == 1, 1] = 0
    codes[other, 1] = 1
    with pytest.raises(Unsuitable, match=advice):
        drawn(replace(rows, numbers=numbers, codes=codes), Copula(**asked))


def test_numbers_have_shares_by_stretches() -> None:
    made, notes = drawn(table(), Copula(marginal="from: <25=1, 25=1, >25=1"))
    assert [(made["from"] < 25).sum(), (made["from"] == 25).sum()] == [120, 120]
    assert any("left aside" in note for note in notes)
    with pytest.raises(Unsuitable, match="no training row has"):
        drawn(table(), Copula(marginal="kind: green=1"))


def test_a_missing_value_breaks_no_rule() -> None:
    rows = blobs((400, 240))
    recipe = Copula(rules="third <= -100").recipe(fold_of(rows, 0))
    made = rows.made(recipe.take(recipe.origin == GENERATED))
    assert len(made) == 160
    assert (made.numbers[:, 4] == 1).all()
    known = (rows.numbers[rows.y == 1, 4] == 0).sum()
    assert f"{known} break the rule" in recipe.notes[0]


def test_a_real_value_that_may_stand_for_a_missing_one_breaks_none() -> None:
    rows = table()
    units = replace(rows.units, fills=(None, 45.0, None))
    at = rows.reading.column("up to", rows.numbers, rows.codes)[rows.y == 1]
    for fills, share in ((rows.units, at > 44), (units, (at > 44) & (at != 45))):
        _, notes = drawn(replace(rows, units=fills), Copula(rules="up to <= 44"))
        assert f" {share.sum()} break the rule" in notes[0]


def test_classes_grown_by_smote_keep_rules_too() -> None:
    rows = table((600, 60))
    step = Autoregressive(rules="pairs(from, decade)", marginal="kind: red=60, blue=40")
    recipe = step.recipe(fold_of(rows, 0))
    made = rows.made(recipe.take(recipe.origin == INTERPOLATED))
    read = rows.reading.column
    low, decade = (read(n, made.numbers, made.codes) for n in ("from", "decade"))
    assert len(made) == 540
    assert (low // 10 == decade).all()
    assert any("has not the shares" in note for note in recipe.notes)


def test_one_row_by_smote_is_tried_as_often_as_many() -> None:
    rows = table((600, 95))
    own = np.flatnonzero(rows.y == 1)[20]
    read = rows.reading.column
    low, high = (read(n, rows.numbers, rows.codes)[own] for n in ("from", "up to"))
    step = Autoregressive(rules=f"from = {low:g}; up to = {high:g}", counts={1: 96})
    recipe = step.recipe(fold_of(rows, 0))
    made = rows.made(recipe.take(recipe.origin == INTERPOLATED))
    found = [read(n, made.numbers, made.codes).tolist() for n in ("from", "up to")]
    assert found == [[low], [high]]


def test_frames_and_arrays_are_asked_by_names_and_places() -> None:
    rng = np.random.default_rng(0)
    low = rng.normal(size=700)
    X = np.column_stack([low, low + rng.exponential(size=700)])
    y = np.repeat([0, 1], [480, 220])
    frame = pd.DataFrame(X, columns=["a b", "c"])
    with pytest.warns(UserWarning, match="drawn again"):
        made, _ = Copula(rules="a b <= c", random_state=0).fit_resample(frame, y)
    assert len(made) == 960
    assert (made["a b"] <= made["c"]).all()
    with pytest.warns(UserWarning, match="drawn again"):
        made, _ = Copula(rules="`0` <= `1`", random_state=0).fit_resample(X, y)
    assert (made[:, 0] <= made[:, 1]).all()
    with pytest.raises(ValueError, match="no feature of this table"):
        Copula(rules="a <= c", random_state=0).fit_resample(frame, y)
