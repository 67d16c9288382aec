"""Skew of behaviour against plain pandas: popularity, bands, density, newcomers, rates by pairs."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rebal_core.data.behaviour import (
    MOST_RANKS,
    bands_of_values,
    density,
    few_valued,
    find_value,
    popularity,
    rate_by_pair,
)
from rebal_core.data.dataset import Dataset
from rebal_core.data.drift import drift, newcomers, turnover
from rebal_core.data.logged import place_name
from rebal_core.data.profile import band_of, bands, gini
from rebal_core.data.reading.load import from_frame
from rebal_core.data.segments import are_numbers, rate_by_segment, wilson
from rebal_core.wording import UserError


def events(n: int = 600, seed: int = 0) -> pd.DataFrame:
    """A log in which some of everything is missing."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "user": [f"u{k}" for k in rng.zipf(1.6, n).clip(max=40)],
            "item": [f"商品{k}" for k in rng.zipf(1.4, n).clip(max=60)],
            "when": pd.Timestamp("2026-03-01") + pd.to_timedelta(rng.integers(0, 5_000, n), "min"),
            "kind": rng.choice(["shoes", "书", "O'Hare <b>"], n, p=[0.6, 0.3, 0.1]),
            "device": rng.choice(["phone", "desk"], n),
            "position": rng.integers(1, 12, n).astype(str),
            "clicked": np.where(rng.random(n) < 0.15, "click", "no"),
        }
    )
    for k, name in enumerate(("item", "when", "kind", "clicked")):
        frame.loc[10 * k : 10 * k + 4, name] = None
    return frame


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> tuple[pd.DataFrame, Dataset]:
    frame = events()
    dataset = from_frame(frame, tmp_path_factory.mktemp("log") / "d", target="clicked")
    schema = dataset.schema.with_role("group", "user").with_role("item", "item")
    return frame, dataset.with_schema(schema)


def held(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Rows and clicks of each value, most frequent first, ties by value."""
    kept = frame.dropna(subset=[column, "clicked"])
    found = (kept["clicked"] == "click").groupby(kept[column]).agg(["size", "sum"]).reset_index()
    return found.sort_values(["size", column], ascending=[False, True], kind="stable")


def test_popularity_against_pandas(log):
    frame, dataset = log
    found = popularity(dataset, "item", "click")
    plain = held(frame, "item")
    assert found.curve["label"].tolist() == plain["item"].tolist()
    assert found.curve["count"].tolist() == plain["size"].tolist()
    assert found.curve["rank"].tolist() == list(range(1, len(plain) + 1))
    assert found.curve["band"].tolist() == band_of(plain["size"].to_numpy()).tolist()
    assert (found.values, found.none, found.total) == (len(plain), 0, plain["size"].sum())
    assert found.gini == pytest.approx(gini(plain["size"].to_numpy()))
    assert found.lorenz.iloc[-1].tolist() == [1, 1]


def test_values_without_a_click_are_told_and_not_drawn(log):
    frame, dataset = log
    clicks = held(frame, "item")["sum"]
    found = popularity(dataset, "item", "click", "hits")
    assert found.curve["count"].tolist() == sorted(clicks[clicks > 0], reverse=True)
    assert (found.values, found.none) == (len(clicks), (clicks == 0).sum())
    assert found.none > 0
    assert found.gini == pytest.approx(gini(clicks.to_numpy()))


def test_without_a_class_all_rows_count(log):
    frame, dataset = log
    assert popularity(dataset, "item").total == frame["item"].notna().sum()
    assert bands_of_values(dataset, "item")["rows"].sum() == frame["item"].notna().sum()


def test_many_values_are_thinned(tmp_path):
    names = [f"i{k}" for k in range(10_000)]
    dataset = from_frame(pd.DataFrame({"item": [*names, "i7"], "x": 1.5}), tmp_path / "d")
    found = popularity(dataset, "item")
    assert (found.values, found.total) == (10_000, 10_001)
    assert 500 < len(found.curve) <= MOST_RANKS
    assert found.curve["rank"].iloc[[0, -1]].tolist() == [1, 10_000]
    assert found.curve["label"].iloc[0] == "i7"


def test_a_value_is_found_whole_before_a_part_of_it(log):
    frame, dataset = log
    order = held(frame, "item")["item"].tolist()
    found = find_value(dataset, "item", " 商品2 ", "click")
    assert (found["label"], found["rank"]) == ("商品2", order.index("商品2") + 1)
    assert found["alike"] == sum("商品2" in name for name in order) > 1
    assert find_value(dataset, "kind", "HARE")["label"] == "O'Hare <b>"
    assert find_value(dataset, "item", "%") is None


@pytest.mark.parametrize("column", ["item", "user"])
def test_bands_against_pandas(log, column):
    frame, dataset = log
    plain = held(frame, column)
    found = bands_of_values(dataset, column, "click")
    expected = bands(plain["size"].to_numpy())
    assert found["values"].tolist() == expected["classes"].tolist()
    assert found["rows"].tolist() == expected["rows"].tolist()
    band = band_of(plain["size"].to_numpy())
    clicks = [int(plain["sum"][band == k].sum()) for k in range(3)]
    assert found["hits"].tolist() == clicks
    assert found["rate"].tolist() == pytest.approx((np.array(clicks) / found["rows"]).tolist())


def test_bands_by_number_of_values(log):
    frame, dataset = log
    sizes = held(frame, "item")["size"].to_numpy()
    found = bands_of_values(dataset, "item", "click", "values")
    place = np.arange(len(sizes)) / len(sizes)
    for k, part in enumerate((place < 0.2, (place >= 0.2) & (place < 0.5), place >= 0.5)):
        assert (found["values"][k], found["rows"][k]) == (part.sum(), sizes[part].sum())


def test_density_against_pandas(log):
    frame, dataset = log
    found = density(dataset, "user", "item").set_index(["users", "items"])
    kept = frame.dropna(subset=["user", "item"])
    names = np.array(["head", "mid", "tail"])
    band = {}
    for column in ("user", "item"):
        sizes = frame[column].value_counts().rename_axis("v").reset_index(name="n")
        sizes = sizes.sort_values(["n", "v"], ascending=[False, True])
        band[column] = pd.Series(names[band_of(sizes["n"].to_numpy())], index=sizes["v"])
    pairs = kept[["user", "item"]].drop_duplicates()
    counted = pd.crosstab(pairs["user"].map(band["user"]), pairs["item"].map(band["item"]))
    for u in names:
        for i in names:
            possible = (band["user"] == u).sum() * (band["item"] == i).sum()
            assert found.loc[(u, i), "pairs"] == counted.loc[u, i]
            assert found.loc[(u, i), "possible"] == possible
    assert found["density"].tolist() == pytest.approx((found["pairs"] / found["possible"]).tolist())


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 30)), min_size=1, max_size=60))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_newcomers_against_a_plain_loop(tmp_path_factory, pairs):
    frame = pd.DataFrame(pairs, columns=["who", "tick"])
    dataset = from_frame(frame.assign(x=0.5), tmp_path_factory.mktemp("new") / "d")
    found = newcomers(dataset, "who", "tick")
    ordered = np.sort(frame["tick"].to_numpy())
    cuts = [ordered[max(int(np.ceil(len(ordered) * k / 5)) - 1, 0)] for k in (1, 2, 3, 4)]
    part = sum((frame["tick"] > cut).astype(int) for cut in cuts)
    seen, expected = set(), []
    for k in sorted(part.unique()):
        inside = frame["who"][part == k]
        expected.append([len(inside), int((~inside.isin(seen)).sum())])
        seen |= set(inside)
    assert found[["rows", "hits"]].to_numpy().tolist() == expected[1:]
    assert (found["hits"] <= found["rows"]).all()


def test_what_comes_and_goes_and_whose_share_moves_against_a_plain_loop(log):
    frame, dataset = log
    events = frame.dropna(subset=["item", "when"]).sort_values("when")
    cuts = [events["when"].iloc[int(np.ceil(len(events) * k / 5)) - 1] for k in (1, 2, 3, 4)]
    part = sum((events["when"] > cut).astype(int) for cut in cuts).to_numpy()
    seen = [set(events["item"][part == k]) for k in range(5)]
    found = turnover(dataset, "item", "when")
    assert found["values"].tolist() == [len(items) for items in seen]
    for k in range(5):
        before, after = set().union(*seen[:k]), set().union(*seen[k:])
        assert found["new"][k] == len(seen[k] - before)
        # seen in the part before, and no more: told once
        earlier = seen[k - 1] if k else set()
        assert found["gone"][k] == len(earlier - after)

    shares = drift(dataset, "item", "when", values=3)
    top = events["item"].value_counts().index[:1]
    assert shares["down"].iloc[0] == str(top[0])
    assert len(dict.fromkeys(shares["down"])) == 4
    for start, lines in shares.groupby("across"):
        inside = events["item"][part == np.searchsorted(cuts, start, "left")]
        assert lines["hits"].sum() == len(inside)
        assert (lines["rows"] == len(inside)).all()
        first = lines[lines["down"] == str(top[0])]
        assert first["hits"].sum() == (inside == top[0]).sum()

    rates = drift(dataset, "item", "when", "click", values=3)
    known = events.dropna(subset=["clicked"])
    assert (rates["rows"].sum(), rates["hits"].sum()) == (
        len(known),
        (known["clicked"] == "click").sum(),
    )


def test_newcomers_of_dates_and_of_no_time(log):
    frame, dataset = log
    found = newcomers(dataset, "item", "when")
    assert len(found) == 4
    assert found["rows"].sum() == pytest.approx(0.8 * len(frame.dropna(subset=["item", "when"])), 2)
    with pytest.raises(UserError, match="holds no time"):
        newcomers(dataset, "item", "kind")


def test_rates_by_pair_against_pandas(log):
    frame, dataset = log
    found = rate_by_pair(dataset, "kind", "device", "click", values=2)
    kept = frame.dropna(subset=["kind", "device", "clicked"])
    top = kept["kind"].value_counts().index[:2].tolist()
    kept = kept.assign(kind=kept["kind"].where(kept["kind"].isin(top), "rest"))
    plain = (kept["clicked"] == "click").groupby([kept["kind"], kept["device"]])
    plain = plain.agg(["size", "sum"])
    assert list(dict.fromkeys(found["down"])) == [*top, None]
    assert found["rows"].sum() == len(kept)
    for line in found.to_dict("records"):
        expected = plain.loc[(line["down"] or "rest", line["across"])]
        assert (line["rows"], line["hits"]) == tuple(expected)


def test_numbers_of_a_pair_ascend(log):
    found = rate_by_pair(log[1], "position", "device", "click", values=20)
    assert list(dict.fromkeys(found["down"])) == [str(k) for k in range(1, 12)]


def test_few_valued_columns_stand_by_their_values(log):
    dataset = log[1]
    assert few_valued(dataset, ["kind", "item", "device"], most=20) == ("device", "kind")
    assert few_valued(dataset, []) == ()


def test_places_that_are_text_ascend(log):
    found = rate_by_segment(log[1], "position", "click")
    assert found["segment"].tolist() == [str(k) for k in range(1, 12)]


def test_intervals_by_user_allow_for_rows_that_are_alike(tmp_path):
    rng = np.random.default_rng(1)
    user = np.repeat(np.arange(50), 40)
    hit = np.where(rng.random(50) < 0.3, "y", "n")[user]  # each user always says the same
    frame = pd.DataFrame({"user": [f"u{k}" for k in user], "place": "top", "t": hit})
    frame.loc[0, "place"] = "side"
    dataset = from_frame(frame, tmp_path / "d", target="t")
    alone, grouped = (rate_by_segment(dataset, "place", "y", group=g) for g in (None, "user"))
    plain = wilson(alone["hits"], alone["rows"])
    assert alone["low"].to_numpy() == pytest.approx(plain[0])
    assert alone["high"].to_numpy() == pytest.approx(plain[1])
    wide = (grouped["high"] - grouped["low"])[0] / (alone["high"] - alone["low"])[0]
    assert wide == pytest.approx(np.sqrt(40), rel=0.06)
    assert grouped["rate"].tolist() == alone["rate"].tolist()
    assert grouped.columns.tolist() == alone.columns.tolist()


def test_one_user_and_items_that_come_once(tmp_path):
    n = 30
    frame = pd.DataFrame(
        {"user": "only", "item": [f"i{k}" for k in range(n)], "tick": range(n), "x": 0.5}
    )
    dataset = from_frame(frame, tmp_path / "d")
    found = popularity(dataset, "user")
    assert (found.values, found.gini, found.curve["count"].tolist()) == (1, 0.0, [n])
    assert popularity(dataset, "item").gini == 0.0
    assert bands_of_values(dataset, "user")["values"].tolist() == [1, 0, 0]
    pairs = density(dataset, "user", "item")
    assert pairs["pairs"].sum() == pairs["possible"].sum() == n
    assert pairs["density"].isna().sum() == 6
    assert newcomers(dataset, "item", "tick")["rate"].tolist() == [1.0] * 4
    assert newcomers(dataset, "user", "tick")["rate"].tolist() == [0.0] * 4
    assert newcomers(dataset, "item", "x").empty


def test_what_has_an_order():
    assert are_numbers([3, 1.5, "12", " 4 ", Decimal(2)])
    assert not any(are_numbers([v]) for v in (True, "1.5", "top", "", pd.Timestamp("2026-01-01")))


def test_names_of_places():
    assert all(
        map(place_name, ("position", "Position", "ad_slot", "item_rank", "展示位置", "坑位"))
    )
    assert not any(map(place_name, ("composition", "birthplace", "birth_place", "frank", "位数")))
