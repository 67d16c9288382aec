"""What had happened before each row: against a plain loop, and where only the future tells."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from rebal_core.data.asof import Past, as_of, columns_of
from rebal_core.data.preparing.rates import Rate
from rebal_core.wording import UserError

PAST = Past("when", (("user",), ("item",), ("user", "kind")), user="user", price="price")
KEYS = ("user", "item", "user x kind")
ROW = st.tuples(
    st.one_of(st.none(), st.integers(0, 12)),  # time, in steps of 10 minutes: many ties
    st.sampled_from([None, "a", "b"]),
    st.sampled_from([None, 1.0, 2.0, 3.0]),
    st.sampled_from([None, "x", "y"]),
    st.one_of(st.none(), st.floats(-1e6, 1e6)),
    st.booleans(),
)
START = pd.Timestamp("2026-11-02")
#: At least one has a time.
ROWS = st.lists(ROW, min_size=1, max_size=12).filter(
    lambda rows: any(row[0] is not None for row in rows)
)


def table(rows):
    columns = ["when", "user", "item", "kind", "price", "hit"]
    frame = pd.DataFrame(rows, columns=columns)
    steps = pd.to_timedelta(pd.to_numeric(frame["when"]) * 10, unit="min")
    frame["when"] = (START + steps).astype("datetime64[us]")
    for name in ("item", "price"):
        frame[name] = pd.to_numeric(frame[name]).astype(float)
    return frame


def before(frame, k, names):
    """Rows of the same key strictly before row k; None where it has no time or no key."""
    row = frame.loc[k, names]
    if row.isna().any() or pd.isna(frame.loc[k, "when"]):
        return None
    same = (frame[names] == row).all(axis=1) & (frame["when"] < frame.loc[k, "when"])
    return frame[same]


def passed(frame, k, earlier):
    return (frame.loc[k, "when"] - earlier["when"].max()).total_seconds()


def place(frame, k):
    earlier = before(frame, k, ["user"])
    if earlier is None:
        return np.nan
    found, now = 1, frame.loc[k, "when"]
    for when in sorted(earlier["when"], reverse=True):
        if (now - when).total_seconds() > PAST.pause:
            return found
        found, now = found + 1, when
    return found


def naive(frame):
    found = {}
    for key in PAST.keys:
        name, parts = " x ".join(key), [before(frame, k, list(key)) for k in frame.index]
        found[f"{name}: events before"] = [np.nan if p is None else len(p) for p in parts]
        found[f"{name}: seconds since last"] = [
            np.nan if p is None or p.empty else passed(frame, k, p) for k, p in enumerate(parts)
        ]
    found["user: place in visit"] = [place(frame, k) for k in frame.index]
    parts = [before(frame, k, ["user"]) for k in frame.index]
    means = [np.nan if p is None else p["price"].mean() for p in parts]
    found["user: price above mean before"] = frame["price"].to_numpy() - np.array(means, float)
    return pd.DataFrame(found, dtype=float)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(ROW, min_size=1, max_size=14).filter(lambda rows: any(r[0] is not None for r in rows))
)
def test_as_a_plain_loop_would(rows):
    frame = table(rows)
    found = as_of(frame, PAST)
    pd.testing.assert_frame_equal(found, naive(frame), rtol=1e-9, atol=1e-6)
    assert list(found) == [column.name for column in columns_of(PAST)]


@settings(max_examples=30, deadline=None)
@given(
    ROWS,
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_table_says_nothing(rows, random):
    frame = table(rows)
    order = list(frame.index)
    random.shuffle(order)
    mixed = frame.loc[order]
    pd.testing.assert_frame_equal(as_of(mixed, PAST).sort_index(), as_of(frame, PAST))
    hit = frame["hit"].to_numpy()
    for key in PAST.keys:
        one = Rate.fit(frame, hit, key, "when").transform(frame, "when")
        two = Rate.fit(mixed, hit[order], key, "when").transform(frame, "when")
        np.testing.assert_array_equal(one, two)


@settings(max_examples=40, deadline=None)
@given(
    ROWS,
    st.data(),
)
def test_rates_as_a_plain_loop_would(rows, data):
    frame = table(rows)
    train = np.array(data.draw(st.lists(st.booleans(), min_size=len(frame), max_size=len(frame))))
    train[frame["when"].notna().to_numpy().argmax()] = True  # a table of no times is refused
    known = frame[train]
    for key in PAST.keys:
        rate = Rate.fit(known, known["hit"].to_numpy(), key, "when", 3.0)
        expected = []
        for k in frame.index:
            earlier = before(frame, k, list(key))
            everybody = known[known["when"] < frame.loc[k, "when"]]
            if earlier is None or everybody.empty:
                expected.append(np.nan)
                continue
            mine = earlier.loc[earlier.index.isin(known.index), "hit"]
            prior = everybody["hit"].mean()
            expected.append((mine.sum() + 3 * prior) / (len(mine) + 3))
        np.testing.assert_allclose(rate.transform(frame, "when"), expected, rtol=1e-12)
        values, arrays = rate.to_state()
        again = Rate.from_state(values, arrays)
        np.testing.assert_array_equal(again.transform(frame, "when"), rate.transform(frame, "when"))


def test_a_visit_ends_after_the_pause():
    when = START + pd.to_timedelta([0, 30, 61, 61, 62], unit="min")
    frame = pd.DataFrame({"when": when, "user": "a"})
    past = Past("when", user="user")
    assert as_of(frame, past)["user: place in visit"].tolist() == [1, 2, 1, 1, 3]
    longer = Past("when", user="user", pause=1_860.0)
    assert as_of(frame, longer)["user: place in visit"].tolist() == [1, 2, 3, 3, 5]


def test_only_what_is_asked_for():
    frame = table([(0, "a", 1.0, "x", 1.0, True), (1, "a", 1.0, "x", 3.0, False)])
    found = as_of(frame, PAST, only=["user: price above mean before", "item: events before"])
    assert found.to_dict("list") == {
        "item: events before": [0, 1],
        "user: price above mean before": [pytest.approx(np.nan, nan_ok=True), 2],
    }


def test_no_times_are_refused():
    frame = pd.DataFrame({"when": ["a", "b"], "user": "u"})
    with pytest.raises(UserError, match="nothing tells which row came"):
        as_of(frame, Past("when", (("user",),)))
    away = pd.DataFrame({"when": pd.to_datetime(["2026-01-01", "9999-12-31"]), "user": "u"})
    assert as_of(away.astype({"when": "datetime64[us]"}), Past("when", (("user",),))).iloc[
        :, 0
    ].tolist() == [0, pytest.approx(np.nan, nan_ok=True)]


def future(n=5_000, users=50, seed=0):
    """Rows whose label is whether the user's next row comes soon: nothing before tells it."""
    rng = np.random.default_rng(seed)
    gap = rng.exponential(600.0, (users, n // users))
    when = rng.uniform(0, 600, (users, 1)) + np.cumsum(gap, axis=1) - gap
    soon = gap < np.median(gap)
    frame = pd.DataFrame(
        {
            "when": START + pd.to_timedelta(np.round(when.ravel(), 3), unit="s"),
            "user": np.repeat([f"u{k}" for k in range(users)], n // users),
            "item": rng.integers(0, 40, n),
            "kind": rng.integers(0, 5, n),
            "price": np.round(rng.gamma(2.0, 10.0, n), 2),
        }
    )
    return frame.astype({"when": "datetime64[us]"}), soon.ravel()


def auc(frame, soon, columns):
    """AUC on rows held out, of a model that sees these columns and the rates of its fold."""
    proba = np.zeros(len(frame))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    for train, test in folds.split(frame, soon):
        rates = [Rate.fit(frame.iloc[train], soon[train], key, "when") for key in PAST.keys]
        seen = np.column_stack([columns, *(rate.transform(frame, "when") for rate in rates)])
        model = HistGradientBoostingClassifier(max_iter=60, random_state=0)
        proba[test] = model.fit(seen[train], soon[train]).predict_proba(seen[test])[:, 1]
    return roc_auc_score(soon, proba)


def test_the_future_cannot_be_told_from_these_columns():
    frame, soon = future()
    assert auc(frame, soon, as_of(frame, PAST)) == pytest.approx(0.5, abs=0.03)


def test_it_can_where_later_rows_count():
    frame, soon = future()
    back = frame.assign(when=START - (frame["when"] - START))
    assert auc(frame, soon, as_of(back, PAST)) > 0.9


def test_it_can_where_a_row_counts_its_own_label():
    frame, soon = future()
    columns = as_of(frame, PAST)
    rate = Rate.fit(frame, soon, ("user", "kind"), "when")
    moment_later = frame.assign(when=frame["when"] + pd.Timedelta(milliseconds=1))
    columns["change"] = rate.transform(moment_later, "when") - rate.transform(frame, "when")
    assert auc(frame, soon, columns) > 0.9


def test_prices_that_are_words_are_refused():
    frame = pd.DataFrame({"when": [1, 2], "user": ["a", "a"], "price": ["cheap", "dear"]})
    with pytest.raises(UserError, match="“price” holds no numbers"):
        as_of(frame, Past("when", (), user="user", price="price"))
    empty = frame.assign(price=[None, None])
    assert as_of(empty, Past("when", (), user="user", price="price")).iloc[:, -1].isna().all()
