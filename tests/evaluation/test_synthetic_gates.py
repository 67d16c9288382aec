"""The gates of a synthetic verdict, the sentence that names them, and the verdict as JSON."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from synthetic_worlds import ae19, good, near, none_of, rows_of

from rebal_core.evaluation.intervals import Difference
from rebal_core.evaluation.synthetic import verdict as verdict_of
from rebal_core.evaluation.synthetic.detection import Detection
from rebal_core.evaluation.synthetic.majority import HiddenMajority
from rebal_core.evaluation.synthetic.ranges import Ranges
from rebal_core.evaluation.synthetic.ranked import Area
from rebal_core.evaluation.synthetic.shapes import Coverage, Shape
from rebal_core.evaluation.synthetic.shares import Share, Shares
from rebal_core.evaluation.synthetic.told import reasons, sentence
from rebal_core.evaluation.synthetic.utility import Utility
from rebal_core.evaluation.synthetic.verdict import (
    GATES,
    Judgement,
    Quality,
    judge,
    judgement_from,
    judgement_state,
)

SURE = Difference(-0.3, 0.01, 40)


def share(hits, held=0, n=10_000):
    return Shares(Share(hits, n), Share(held, n))


def useful(made, instead=SURE, rows=50):
    return Utility("logistic", rows, 1.0, made, 1.0, instead, Difference(0, 0.01))


#: What fails each gate, and what just does not; a threshold that moves breaks one of the two.
AT = {
    "copies": [{"nearness": near(copies=share(5))}, {"nearness": near(copies=share(3))}],
    "nearness": [
        {"nearness": near(made=0.299, near=share(9_000, 500))},
        {"nearness": near(made=0.301, near=share(9_000, 500))},
        {"nearness": near(made=0.299, near=share(550, 500))},
    ],
    "membership": [
        {"nearness": near(membership=Area(0.601, 0.51, 0.7))},
        {"nearness": near(membership=Area(0.599, 0.51, 0.7))},
        {"nearness": near(membership=Area(0.601, 0.5, 0.7))},
    ],
    "utility": [
        {"utility": useful(0.799)},
        {"utility": useful(0.801)},
        {"utility": useful(0.799, Difference(-0.2, 0.11, 40))},
        {"utility": useful(0.799, rows=9)},
    ],
    "majority": [
        {"majority": HiddenMajority("logistic", "held", share(2_150, 1_000))},
        {"majority": HiddenMajority("logistic", "held", share(2_080, 1_000))},
    ],
    "columns": [
        {"columns": (Shape(("age",), "number", 0.799, 0.81),)},
        {"columns": (Shape(("age",), "number", 0.801, 0.81),)},
        {"columns": (Shape(("age",), "number", 0.799, 0.79),)},
    ],
    "pairs": [
        {"pairs": (Shape(("age", "城市"), "contingency", 0.799, 0.81),)},
        {"pairs": (Shape(("age", "城市"), "contingency", np.nan, 0.81),)},
    ],
    "coverage": [
        {"coverage": (Coverage("城市", 3, 2, (1,)),)},
        {"coverage": (Coverage("城市", 3, 2),)},
    ],
    "outside": [
        {"ranges": Ranges(share(130), none_of(), ("age",))},
        {"ranges": Ranges(share(110), none_of(), ("age",))},
    ],
    "impossible": [
        {"ranges": Ranges(none_of(), share(130), (), ("a", "b"))},
        {"ranges": Ranges(none_of(), share(110), (), ("a", "b"))},
    ],
    "detection": [
        {"detection": Detection("logistic", Area(0.995, 0.9901, 1))},
        {"detection": Detection("logistic", Area(0.995, 0.9899, 1))},
        {"detection": Detection("", Area(np.nan, np.nan, np.nan))},
    ],
}


@pytest.mark.parametrize("gate", GATES)
def test_each_gate_fails_where_it_should_and_nowhere_else(gate):
    failing, *passing = AT[gate]
    assert good(**failing).failed == (gate,)
    for case in passing:
        assert good(**case).failed == ()


@pytest.mark.parametrize("gate", GATES)
def test_the_sentence_says_why(gate):
    verdict = good(**AT[gate][0])
    told = str(sentence(verdict))
    assert told.startswith("The 1,000 rows made for “稀有” fail: ")
    assert told == f"The 1,000 rows made for “稀有” fail: {reasons(verdict)[0]}."


def test_no_auc_is_told_without_its_interval():
    told = [str(reasons(good(**case[0]))[0]) for case in AT.values()]
    aucs = [words for words in told if "AUC" in words]
    assert len(aucs) == 2
    assert all(re.search(r"\(AUC [.\d]+, 95% interval [.\d]+ to [.\d]+\)$", one) for one in aucs)
    words = next(words for words in aucs if "from real rows" in words)
    assert "(AUC 0.995, 95% interval 0.990 to 1.000)" in words


def test_the_gravest_comes_first():
    quality = [AT[gate][0] for gate in ("utility", "columns", "pairs", "coverage")]
    parts = {name: value for case in quality for name, value in case.items()}
    parts["nearness"] = near(copies=share(5), made=0.1, near=share(9_000, 500))
    verdict = good(**parts)
    assert verdict.failed == ("copies", "nearness", "utility", "columns", "pairs", "coverage")
    told = str(sentence(verdict))
    places = [told.index(str(reason)) for reason in reasons(verdict)]
    assert places == sorted(places)
    assert told.count("; and ") == 5


def test_the_class_that_fails_gravest_and_most_comes_first():
    cases = [
        {}, {"utility": useful(0.9)}, AT["columns"][0], AT["utility"][0],
        {**AT["utility"][0], **AT["pairs"][0]}, AT["copies"][0],
    ]  # fmt: skip
    verdicts = [good(label=str(k), **case) for k, case in enumerate(cases)]
    judgement = Judgement(tuple(verdicts), useful(1.0))
    assert [verdict.label for verdict in judgement.worst_first] == ["5", "4", "3", "2", "1", "0"]


def test_no_sentence_calls_rows_safe():
    for verdict in (good(), good(held=29)):
        told = str(sentence(verdict)).lower()
        assert told.startswith("no failure was found")
        assert not any(word in told for word in ("private", "safe", "anonym"))
    assert "the 29 real rows held back are too few" in str(sentence(good(held=29)))
    assert "too few" not in str(sentence(good(held=30)))


def test_likeness_is_never_told_without_use():
    alike = good().quality
    with pytest.raises(TypeError):
        Quality(columns=alike.columns, pairs=alike.pairs, coverage=alike.coverage)
    for utility in (None, 0.9):
        with pytest.raises(TypeError, match="what they are good for"):
            Quality(utility, alike.columns, alike.pairs, alike.coverage)
    with pytest.raises(TypeError, match="what they are good for"):
        Quality(alike.utility, None, alike.pairs, alike.coverage)


@pytest.fixture(scope="module")
def odd():
    """Three classes, one of a single row, with gaps, a constant and a category of many values."""
    rng = np.random.default_rng(5)

    def table(sizes):
        y = np.repeat([0, 1, 2], sizes)
        x, gone = rng.normal(size=len(y)) + y, rng.random(len(y)) < 0.2
        numbers = np.column_stack([np.where(gone, 0, x), gone, np.ones(len(y))])
        codes = np.column_stack([rng.integers(-1, 4, len(y)), rng.integers(0, 40, len(y))])
        return rows_of(numbers, y, codes, ("x", "x=missing", "one"), (4, 40))

    train, held = table((120, 40, 1)), table((120, 40, 0))
    return judge(train, table((0, 60, 7)), held, ("常见", "少", "唯一"), units=np.arange(160) // 2)


def test_a_class_of_one_row_is_judged_without_a_fault(odd):
    few, single = odd.classes
    assert (few.label, few.trained, few.made, few.held) == ("少", 40, 60, 40)
    assert (single.label, single.trained, single.made, single.held) == ("唯一", 1, 7, 0)
    assert single.failed == ()
    assert "“唯一”, but the 0 real rows held back are too few" in str(sentence(single))
    assert few.quality.coverage[0].values >= 4
    kinds = {shape.kind for shape in (*few.quality.columns, *few.quality.pairs)}
    assert kinds == {"number", "missing", "category", "correlation", "contingency"}


def test_a_judgement_comes_back_from_json(odd):
    state = judgement_state(odd)
    again = judgement_from(json.loads(json.dumps(state, allow_nan=False)))
    assert repr(again) == repr(odd)
    assert judgement_state(again) == state
    assert [v.failed for v in again.classes] == [v.failed for v in odd.classes]
    assert [sentence(v) for v in again.classes] == [sentence(v) for v in odd.classes]


def test_what_made_rows_do_beside_real_ones_is_told_as_of_any_remedy():
    for gain, code in ((0.0105, "HELPS"), (0.0095, "NEGLIGIBLE"), (-0.0105, "HURTS")):
        beside = Difference(gain, 0.001, 49)
        assert Utility("logistic", 50, 0.9, 0.9, 0.9 + gain, SURE, beside).code == code
    assert Utility("logistic", 9, 0.9, 0.9, 0.9, SURE, beside).code == "NO_VERDICT"


def test_of_very_many_made_rows_a_part_is_looked_at(monkeypatch):
    train, held, made = ae19(real=60, others=200, size=300)
    monkeypatch.setattr(verdict_of, "MOST", 100)
    verdict = judge(train, made["copier"], held, ("多", "少")).classes[0]
    assert verdict.made == 300
    assert verdict.nearness.copies.made == Share(100, 100)
    assert verdict.ranges.outside.made.rows == 100
    assert verdict.majority.shares.made.rows == 300
