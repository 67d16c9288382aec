import inspect
import re
from dataclasses import replace
from string import Formatter

import numpy as np
import pandas as pd
import pytest

from rebal_core.arm import Protocol
from rebal_core.checks import CHECKS, doubts_of_plan, profile_report, run_checks
from rebal_core.checks.leaks import auc_by_class, target_encoding_auc
from rebal_core.checks.look import Look
from rebal_core.data.dataset import Dataset
from rebal_core.data.reading.load import from_frame


def clean(n=300, share=0.2, seed=0):
    """Return a table in which every check that applies passes."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < share
    return pd.DataFrame(
        {
            "amount": np.round(rng.normal(size=n), 6) + y,
            "user": [f"user {k}" for k in rng.permutation(n)],
            "city": rng.choice(["Lima", "Rome", "北京"], n),
            "when": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(n), "h"),
            "label": np.where(y, "rare", "common"),
        }
    )


def opened(frame, folder, **roles):
    """Store a frame; ``roles`` maps columns to the roles that replace the guess."""
    dataset = from_frame(frame, folder, target="label")
    schema = dataset.schema
    for name, role in {"user": "id", "when": "time", **roles}.items():
        if name in frame.columns:
            schema = schema.with_role(role, name)
    columns = tuple(
        replace(c, role="feature") if c.name not in (*roles, "user", "when", "label") else c
        for c in schema.columns
    )
    return dataset.with_schema(replace(schema, columns=columns))


def with_class(frame, label, rows):
    """Relabel the first rows."""
    return frame.assign(label=[label] * rows + frame["label"].tolist()[rows:])


def with_source(dataset, **source):
    return replace(dataset, source={**dataset.source, **source})


def plant_below_folds(folder):
    return opened(with_class(clean(), "tiny", 3), folder)


def plant_too_small(folder):
    return opened(with_class(clean(), "small", 9), folder)


def plant_conflicts(folder):
    frame = clean()
    twin = frame.iloc[[0]].assign(label="rare" if frame["label"][0] == "common" else "common")
    return opened(pd.concat([frame, twin]), folder)


def plant_duplicates(folder):
    frame = clean()
    return opened(pd.concat([frame, frame.iloc[:7]]), folder)


def plant_repeated_groups(folder):
    frame = clean()
    return opened(frame.assign(user=[f"user {k}" for k in np.arange(300) // 3]), folder)


def plant_id_like(folder):
    return opened(clean().assign(ticket=[f"t{k}" for k in range(300)]), folder)


def plant_leak(folder):
    frame = clean()
    dwell = (frame["label"] == "rare") * 5.0 + np.random.default_rng(1).normal(size=300)
    return opened(frame.assign(dwell=dwell), folder)


def plant_spellings(folder):
    frame = clean()
    label = frame["label"].where(np.arange(300) % 2 == 0, frame["label"].str.upper())
    return opened(frame.assign(label=label), folder)


def plant_missing_target(folder):
    frame = clean()
    return opened(frame.assign(label=frame["label"].where(np.arange(300) > 4)), folder)


def plant_constants(folder):
    return opened(clean().assign(same="x"), folder)


def plant_personal_data(folder):
    return opened(clean().assign(mail=[f"a{k % 40}@example.org" for k in range(300)]), folder)


def plant_missing_words(folder):
    proposed = {"unknown": ["city"]}
    return with_source(opened(clean(), folder), na_proposed=proposed)


def plant_unsure_encoding(folder):
    known = {"cp1250": ["zły"], "cp1252": ["z³y"]}
    return with_source(opened(clean(), folder), encoding="cp1250", encodings=known)


def plant_stray_values(folder):
    frame = clean()
    price = [str(v) for v in frame["amount"][:-1]] + ["oops"]
    return opened(frame.assign(price=price), folder)


def plant_doubtful_numbers(folder):
    doubt = {"value": "2.415", "decimals": "2.415", "thousands": "2415", "taken": "decimals"}
    return with_source(opened(clean(), folder), doubts={"amount": doubt})


def plant_one_value(folder):
    return with_source(opened(clean(), folder), one_value={"amount": ["1.1", "1.10"]})


def plant_infinite_values(folder):
    frame = clean()
    return opened(frame.assign(ratio=frame["amount"].where(np.arange(300) > 1, np.inf)), folder)


def plant_times_as_text(folder):
    seen = {"why": "order", "count": 0, "examples": ["01/02/2024"]}
    return with_source(opened(clean(), folder), times_in_doubt={"city": seen})


def plant_rejected_rows(folder):
    return with_source(opened(clean(), folder), rejected_rows=4)


def plant_renamed_columns(folder):
    return with_source(opened(clean(), folder), renamed={"y_2": "y"})


def plant_time_order(folder):
    return opened(clean(), folder, when="ignore")


def plant_logged(folder):
    return opened(clean().assign(propensity_score=np.arange(300) % 7 / 10), folder)


def plant_odd_times(folder):
    frame = clean()
    when = (
        frame["when"].astype("datetime64[us]").where(np.arange(300) > 4, pd.Timestamp(9999, 12, 31))
    )
    return opened(frame.assign(when=when), folder)


def plant_mostly_missing(folder):
    frame = clean()
    return opened(frame.assign(rarely=frame["amount"].where(np.arange(300) % 3 == 0)), folder)


PLANTS = {
    name.removeprefix("plant_"): made
    for name, made in globals().items()
    if name.startswith("plant_") and inspect.isfunction(made)
}


def found(dataset, code):
    return [f for f in run_checks(dataset) if f.code == code]


@pytest.fixture(scope="module")
def passed(tmp_path_factory):
    return run_checks(opened(clean(), tmp_path_factory.mktemp("clean") / "d"))


@pytest.mark.parametrize("check", list(CHECKS), ids=lambda check: check.name)
def test_a_check_is_complete(check):
    assert re.fullmatch(r"RBL\d{3}", check.code)
    assert check.severity in ("issue", "tip")
    assert CHECKS.find(check.code) is check
    for text in (check.why, check.fix, check.passed, *check.sentences):
        assert text.endswith((".", ").", "?")), text
    assert not check.title.endswith(".")
    assert check.find.__doc__


@pytest.mark.parametrize("check", list(CHECKS), ids=lambda check: check.name)
def test_a_check_fires_where_its_fault_was_planted(check, tmp_path):
    findings = found(PLANTS[check.name](tmp_path / "d"), check.code)
    assert {f.severity for f in findings} == {check.severity}
    for finding in findings:
        text = finding.values["text"]
        assert text in check.sentences
        assert finding.message == text.format(**finding.values)
        assert {f for _, f, _, _ in Formatter().parse(text) if f} <= set(finding.values)


@pytest.mark.parametrize("check", list(CHECKS), ids=lambda check: check.name)
def test_a_check_passes_a_clean_table(check, passed):
    (finding,) = [f for f in passed if f.code == check.code]
    assert finding.severity == "passed"
    assert finding.message == check.passed


def test_codes_are_unique():
    codes = [check.code for check in CHECKS]
    assert len(set(codes)) == len(codes) >= 10


def test_issues_come_first_and_sort_by_code(tmp_path):
    findings = run_checks(plant_below_folds(tmp_path / "d"))
    order = [("issue", "tip", "passed").index(f.severity) for f in findings]
    assert order == sorted(order)
    assert findings[0].code == "RBL001"


def test_the_sentences_name_what_was_found(tmp_path):
    (leak,) = found(plant_leak(tmp_path / "a"), "RBL007")
    assert leak.columns == ("dwell",)
    assert leak.message.startswith("“dwell” alone separates “rare” from the rest (AUC 1.000")
    (same,) = found(plant_duplicates(tmp_path / "b"), "RBL004")
    assert same.values["rows"] == 7
    (twins,) = found(plant_conflicts(tmp_path / "c"), "RBL003")
    assert twins.values["rows"] == 2
    (missing,) = found(plant_missing_target(tmp_path / "e"), "RBL009")
    assert missing.values["rows"] == 5
    source = {"y_2": "y", "column_1": ""}
    twice, empty = found(with_source(opened(clean(), tmp_path / "g"), renamed=source), "RBL013")
    assert twice.message == "Renamed: “y → y_2”."
    assert empty.message == "Columns without a name are called “column_1” here."
    (spelt,) = found(plant_spellings(tmp_path / "f"), "RBL008")
    assert "“common = COMMON”" in spelt.message


def test_full_width_labels_are_the_same_word(tmp_path):
    frame = clean()
    label = frame["label"].mask(np.arange(300) < 20, "ｒａｒｅ ")
    assert found(opened(frame.assign(label=label), tmp_path / "d"), "RBL008")[0].severity == "issue"


def test_the_number_of_folds_decides(tmp_path):
    dataset = opened(with_class(clean(), "tiny", 4), tmp_path / "d")
    first = {folds: run_checks(dataset, folds)[0].code for folds in (5, 4)}
    assert first[5] == "RBL001"
    assert first[4] != "RBL001"


def test_a_leak_that_was_answered_is_none(tmp_path):
    dataset = plant_leak(tmp_path / "d")
    assert found(dataset, "RBL007")[0].columns == ("dwell",)
    trusted = dataset.trusting(["dwell"])
    assert [f.severity for f in found(trusted, "RBL007")] == ["passed"]
    assert Dataset.open(tmp_path / "d") == trusted


def test_a_group_that_was_chosen_is_confirmed(tmp_path):
    frame = clean().assign(user=[f"user {k}" for k in np.arange(300) // 3])
    (finding,) = found(opened(frame, tmp_path / "d", user="group"), "RBL005")
    assert "stay in one fold" in finding.message
    assert finding.values["mean"] == 3


def test_a_counter_is_an_id_and_a_measurement_is_not(tmp_path):
    frame = clean().assign(n=np.arange(300))
    (finding,) = found(opened(frame, tmp_path / "d"), "RBL006")
    assert finding.columns == ("n",)


def test_a_category_can_leak_and_an_id_cannot(tmp_path):
    frame = clean()
    status = np.where(frame["label"] == "rare", "charged back", "settled")
    frame = frame.assign(status=status, ticket=[f"t{k}" for k in range(300)])
    hits = found(opened(frame, tmp_path / "d"), "RBL007")
    assert [f.columns for f in hits] == [("status",)]


def test_a_missing_value_can_leak(tmp_path):
    frame = clean()
    refund = np.where(frame["label"] == "rare", 12.5, np.nan)
    refund[5] = 3.0
    hits = found(opened(frame.assign(refund=refund), tmp_path / "d"), "RBL007")
    assert [f.columns for f in hits] == [("refund",)]


def test_one_class_of_many_can_leak(tiny_multiclass, tmp_path):
    frame = tiny_multiclass.assign(flag=tiny_multiclass["label"] == "c")
    frame["flag"] = frame["flag"].map({True: "yes", False: "no"})
    hits = found(opened(frame, tmp_path / "d"), "RBL007")
    assert [(f.columns, f.values["label"]) for f in hits] == [(("flag",), "c")]


def test_checks_without_a_target_are_silent(tiny_binary, tmp_path):
    findings = run_checks(from_frame(tiny_binary, tmp_path / "d"))
    codes = {f.code for f in findings}
    assert not codes & {"RBL001", "RBL002", "RBL003", "RBL007", "RBL008", "RBL009"}
    assert "RBL010" in codes


def test_report_has_exactly_the_keys_of_the_command_line(tiny_binary, tmp_path):
    report = profile_report(from_frame(tiny_binary, tmp_path / "d", target="label"))
    keys = "rows, columns, target, task, classes, imbalance_ratio, gini, effective_classes"
    keys += ", encoding, delimiter, rejected_rows, roles, kinds, unused, checks"
    assert ", ".join(report) == keys
    assert all(set(c) == {"code", "severity", "message"} for c in report["checks"])


def test_auc_against_scikit_learn():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 200)
    scores = np.round(rng.normal(size=200) + y, 1)
    auc = auc_by_class(scores, y, np.array([0, 1, 2]))
    for k in range(3):
        plain = roc_auc_score(y == k, scores)
        assert auc[k] == pytest.approx(max(plain, 1 - plain))


def test_target_encoding_of_noise_stays_near_one_half():
    rng = np.random.default_rng(0)
    y = (rng.random(4_000) < 0.1).astype(np.int64)
    unique = np.arange(4_000)
    # Without cross-fitting each row would name its own label: AUC 1.
    assert target_encoding_auc(unique, y, np.array([1]))[0] == pytest.approx(0.5, abs=0.06)


def test_the_sample_keeps_rare_classes_whole(tmp_path, monkeypatch):
    from rebal_core.checks import look

    monkeypatch.setattr(look, "SAMPLE_ROWS", 120)
    monkeypatch.setattr(look, "SAMPLE_VALUES", 10**9)
    dataset = opened(clean(share=0.1), tmp_path / "d")
    frame, y = Look(dataset).sample
    labels = dataset.labels()
    assert len(frame) == len(y) <= 120
    assert (y == 1).sum() == labels.counts[1]
    assert list(frame.columns) == ["amount", "city"]


def test_strange_names_are_no_sql(tmp_path):
    frame = clean().rename(columns={"amount": 'a"; DROP TABLE rows; --', "city": "城市 {x}"})
    findings = run_checks(opened(frame, tmp_path / "d"))
    assert {f.severity for f in findings} == {"passed"}


def test_target_encoding_against_the_plain_way():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(1)
    codes = rng.integers(0, 9, 500)
    y = (rng.random(500) < codes / 12).astype(np.int64)
    fold = np.arange(500) % 5
    scores = np.empty(500)
    for n in range(500):
        others = (codes == codes[n]) & (fold != fold[n])
        scores[n] = (y[others].sum() + y.mean()) / (others.sum() + 1)
    plain = roc_auc_score(y, scores)
    assert target_encoding_auc(codes, y, np.array([1]))[0] == pytest.approx(plain)


@pytest.mark.slow
def test_a_wide_table_takes_seconds(tmp_path):
    import time

    rng = np.random.default_rng(0)
    n, p = 20_000, 1_600
    numbers = pd.DataFrame(rng.normal(size=(n, p)).astype(np.float32)).add_prefix("x")
    dataset = from_frame(numbers.assign(label=rng.random(n) < 0.05), tmp_path / "d", target="label")
    start = time.perf_counter()
    run_checks(dataset)
    assert time.perf_counter() - start < 30


@pytest.mark.parametrize("time", [None, "when"])
def test_days_that_the_folds_of_a_comparison_mix_are_told(tmp_path, time):
    dataset = opened(clean(), tmp_path, when="time" if time else "ignore")
    protocol = Protocol("f1", "f1", split="time" if time else "stratified", time=time)
    mixed, _ = doubts_of_plan(dataset, protocol)
    assert [f.columns[0] for f in mixed] == ([] if time else ["when"])
