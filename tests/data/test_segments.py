import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from rebal_core.data.reading.load import from_frame
from rebal_core.data.segments import rate_by_segment, rate_over_time, wilson
from rebal_core.wording import UserError


@pytest.fixture
def log(tmp_path):
    rng = np.random.default_rng(0)
    n = 2_000
    frame = pd.DataFrame(
        {
            "amount": np.round(rng.normal(size=n), 4),
            "place": rng.integers(1, 6, n),
            "city": rng.choice(["北京", "O'Hare", "<b>Rome</b>"], n, p=[0.6, 0.3, 0.1]),
            "code; DROP": [f"c{k}" for k in rng.zipf(1.5, n).clip(max=60)],
            "when": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 30 * 24, n), "h"),
            "tick": np.arange(n),
            "label": np.where(rng.random(n) < 0.2, "hit", "miss"),
        }
    )
    frame.loc[:49, "amount"] = np.nan
    frame.loc[50:59, "label"] = None
    return frame, from_frame(frame, tmp_path / "d", target="label")


def test_wilson_against_scipy():
    low, high = wilson(np.array([0, 3, 10]), np.array([10, 40, 10]))
    for k, (hits, rows) in enumerate([(0, 10), (3, 40), (10, 10)]):
        exact = binomtest(hits, rows).proportion_ci(method="wilson")
        assert (low[k], high[k]) == pytest.approx((exact.low, exact.high), abs=1e-6)


def test_values_against_pandas(log):
    frame, dataset = log
    found = rate_by_segment(dataset, "city", "hit")
    kept = frame.dropna(subset="label")
    plain = (kept["label"] == "hit").groupby(kept["city"]).agg(["size", "sum"])
    plain = plain.sort_values("size", ascending=False)
    assert found["segment"].tolist() == plain.index.tolist()
    assert found["rows"].tolist() == plain["size"].tolist()
    assert found["hits"].tolist() == plain["sum"].tolist()
    assert ((found["low"] <= found["rate"]) & (found["rate"] <= found["high"])).all()


def test_few_numbers_stand_alone_and_ascend(log):
    found = rate_by_segment(log[1], "place", "hit")
    assert found["segment"].tolist() == ["1", "2", "3", "4", "5"]
    assert set(found["kind"]) == {"value"}


def test_many_numbers_are_cut_at_their_quantiles(log):
    frame, dataset = log
    found = rate_by_segment(dataset, "amount", "hit")
    assert found["kind"].tolist() == ["range"] * 10 + ["missing"]
    ranges = found.iloc[:10]
    assert ranges["rows"].between(170, 220).all()
    assert found["rows"].sum() == frame["label"].notna().sum()
    first = frame["amount"].min()
    assert found["segment"].iloc[0].startswith(f"{first:,.6g} – ")


def test_rare_values_are_pooled(log):
    frame, dataset = log
    found = rate_by_segment(dataset, "code; DROP", "hit", values=5)
    assert found["kind"].tolist() == ["value"] * 5 + ["other"]
    assert found["rows"].sum() == frame["label"].notna().sum()


def test_days_against_pandas(log):
    frame, dataset = log
    found = rate_over_time(dataset, "when", "hit")
    assert found.attrs["step"] == "1 day"
    kept = frame.dropna(subset="label")
    plain = (kept["label"] == "hit").groupby(kept["when"].dt.floor("D")).agg(["size", "sum"])
    assert found["start"].tolist() == plain.index.tolist()
    assert found["rows"].tolist() == plain["size"].tolist()
    assert found["hits"].tolist() == plain["sum"].tolist()


@pytest.mark.parametrize(
    ("span", "step"),
    [("40s", "1 second"), ("3h", "10 minutes"), ("300D", "7 days"), ("3650D", "3 months")],
)
def test_the_step_suits_the_span(span, step, tmp_path):
    when = pd.date_range("2020-01-01", "2020-01-01", periods=1).append(
        pd.date_range(pd.Timestamp("2020-01-01") + pd.Timedelta(span), periods=1)
    )
    frame = pd.DataFrame({"w": when.repeat(3), "t": ["a", "b", "a"] * 2, "x": range(6)})
    found = rate_over_time(from_frame(frame, tmp_path / "d", target="t"), "w", "a")
    assert found.attrs["step"] == step
    assert found["rows"].tolist() == [3, 3]


def test_no_span_starts_before_the_data(tmp_path):
    when = pd.date_range("2026-01-01 08:30", periods=300, freq="D")
    frame = pd.DataFrame({"w": when, "t": ["a", "b", "a"] * 100})
    found = rate_over_time(from_frame(frame, tmp_path / "d", target="t"), "w", "a")
    assert found["start"][0] == when[0]
    assert set(found["start"].diff()[2:]) == {pd.Timedelta("7D")}
    assert found["rows"].sum() == 300


def test_numbers_can_be_time(log):
    found = rate_over_time(log[1], "tick", "hit")
    assert found.attrs["step"] == "50"
    assert len(found) == 40
    assert found["rows"].sum() == 1_990


def test_wrong_columns_and_labels_are_told(log):
    dataset = log[1]
    with pytest.raises(UserError, match="no column"):
        rate_by_segment(dataset, "nothing", "hit")
    with pytest.raises(UserError, match="no class"):
        rate_by_segment(dataset, "city", "x' OR 1=1 --")
    with pytest.raises(UserError, match="holds no time"):
        rate_over_time(dataset, "city", "hit")
