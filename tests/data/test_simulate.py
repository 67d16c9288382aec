import hashlib
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from rebal_core.data.simulate import (
    TABLES,
    __main__,
    simulate_card_fraud,
    simulate_click_log,
    simulate_customer_questions,
    simulate_diagnosis,
    simulate_product_categories,
    simulate_shop_visits,
    write_tables,
)
from rebal_core.data.simulate.draw import exact_counts, intercept_for, sigmoid, zipf_shares


@pytest.fixture(scope="module")
def clicks():
    return simulate_click_log()


@pytest.mark.parametrize("name", TABLES)
def test_same_seed_same_table(name):
    first, again = TABLES[name](rows=400), TABLES[name](rows=400)
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(TABLES[name](rows=400, seed=1))
    assert len(first) == 400


def test_files_are_equal_bit_for_bit(tmp_path):
    def digests(folder):
        return [hashlib.sha256(p.read_bytes()).hexdigest() for p in write_tables(folder)]

    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    sizes = [p.stat().st_size for p in (tmp_path / "a").iterdir()]
    assert len(sizes) == len(TABLES)
    assert max(sizes) < 500_000


def test_the_command_writes_where_it_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["simulate", str(tmp_path)])
    __main__.main()
    assert "click_log.parquet" in capsys.readouterr().out
    assert {p.stem for p in tmp_path.iterdir()} == set(TABLES)


def test_click_rate_and_position_effect(clicks):
    hit = clicks["clicked"] == "click"
    assert 0.017 < hit.mean() < 0.023
    top, bottom = hit[clicks["position"] <= 2].mean(), hit[clicks["position"] >= 10].mean()
    # Truth: 10 to 20 against 1 to 2 is at least 0.7 ln(7) = 1.4 log-odds on average.
    assert top / bottom > 2.5


def test_click_effects_have_the_true_direction_and_size():
    log = simulate_click_log(rows=60_000, seed=3)
    x = np.column_stack(
        [
            np.log(log["position"]),
            log["past_interest"],
            np.log(log["price"]),
            log["device"] == "phone",
            log["item_age_days"] / 900,
        ]
    ).astype(float)
    fit = LogisticRegression(C=1e6, max_iter=500).fit(x, log["clicked"] == "click")
    position, interest, price, phone, age = fit.coef_[0]
    assert position == pytest.approx(-0.7, abs=0.12)
    # 1.1 seen through noise: attenuated by 1 / (1 + 0.7 ** 2) = 0.67.
    assert interest == pytest.approx(1.1 * 0.67, abs=0.12)
    assert price < -0.1
    assert phone > 0.05
    # No effect; 0.25 is its standard error, since the hidden appeal of few items weighs much.
    assert abs(age) < 0.75


def test_items_follow_zipf(clicks):
    counts = clicks["item_id"].value_counts().to_numpy()[:100]
    slope = np.polyfit(np.log(np.arange(1, 101)), np.log(counts), 1)[0]
    assert slope == pytest.approx(-1.0, abs=0.1)


def test_click_log_is_sorted_and_users_repeat(clicks):
    assert clicks["timestamp"].is_monotonic_increasing
    assert len(clicks) / clicks["user_id"].nunique() > 3


def test_fraud_rate_and_effects():
    table = simulate_card_fraud(rows=80_000, seed=5)
    fraud = table["fraud"] == "fraud"
    assert fraud.mean() == pytest.approx(0.005, abs=0.001)
    for flag in (
        table["abroad"] == "yes",
        table["merchant"] == "gift cards",
        table["minutes_since_last"] <= 10,
        table["hour"] < 5,
        table["amount"] > 100,
    ):
        assert fraud[flag].mean() > 2 * fraud[~flag].mean()


def test_sixty_categories_with_a_long_tail():
    table = simulate_product_categories()
    counts = table["category"].value_counts().to_numpy()
    expected = exact_counts(zipf_shares(60, 1.35), 9_000)
    np.testing.assert_array_equal(counts, np.sort(expected)[::-1])
    assert counts[20:].sum() / counts.sum() == pytest.approx(0.11, abs=0.005)
    assert table.loc[table["language"] == "zh", "title"].str.contains("[一-鿿]").all()


def test_three_intents_hold_half_and_no_question_repeats():
    table = simulate_customer_questions()
    shares = table["intent"].value_counts(normalize=True)
    assert len(shares) == 40
    assert shares.iloc[:3].sum() == pytest.approx(0.5)
    assert not table["question"].duplicated().any()


def test_five_diseases_and_fewer_tests_without_fever():
    table = simulate_diagnosis()
    assert (table["diagnosis"] == "tuberculosis").sum() == 36
    fever = table["temperature"] >= 38
    missing = table["log_crp"].isna()
    assert missing[fever].mean() == pytest.approx(0.125, abs=0.02)
    assert missing[~fever].mean() == pytest.approx(0.25, abs=0.02)
    crp = table.groupby("diagnosis")["log_crp"].mean()
    assert crp.idxmax() == "pneumonia"


def test_exact_counts_sum_and_follow_the_shares():
    np.testing.assert_array_equal(exact_counts(np.array([0.5, 0.3, 0.2]), 11), [6, 3, 2])
    assert exact_counts(zipf_shares(7, 1.0), 1_000).sum() == 1_000


def test_intercept_hits_the_rate():
    logits = np.linspace(-3, 4, 500)
    assert sigmoid(logits + intercept_for(0.02, logits)).mean() == pytest.approx(0.02, abs=1e-6)


def test_what_comes_next_in_a_shop_goes_with_what_came_before():
    table = simulate_shop_visits(rows=60_000, seed=2).sort_values(["visitor_id", "timestamp"])
    same = table["visitor_id"] == table["visitor_id"].shift()
    pairs = table["item_id"].shift()[same] + table["item_id"][same]
    again = (table["item_id"] == table["item_id"].shift())[same]
    assert again.mean() == pytest.approx(0.12, abs=0.015)
    often = pairs[~again].value_counts()
    # 400 items with four companions each: these pairs hold two fifths of all steps.
    assert often.iloc[:1600].sum() / same.sum() == pytest.approx(0.40, abs=0.08)
    # The order matters: what often follows is seldom what came before.
    back = {pair[5:] + pair[:5] for pair in often.index[:400]}
    assert len(back & set(often.index[:400])) < 40


def test_purchases_follow_carts_and_second_looks():
    table = simulate_shop_visits(rows=60_000, seed=2)
    shares = table["event"].value_counts(normalize=True)
    assert shares["buy"] == pytest.approx(0.08 * 0.35, abs=0.004)
    assert shares["buy"] + shares["cart"] == pytest.approx(0.08, abs=0.008)
    ordered = table.sort_values(["visitor_id", "timestamp"], kind="stable")
    again = (ordered["item_id"] == ordered["item_id"].shift()) & (
        ordered["visitor_id"] == ordered["visitor_id"].shift()
    )
    wanted = ordered["event"] != "view"
    assert wanted[again].mean() > 2 * wanted[~again].mean()
    assert table["visitor_id"].value_counts().min() >= 2
    assert table["timestamp"].is_monotonic_increasing
