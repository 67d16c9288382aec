"""profile, strategies, balance, predict's frame: keys, files, help, import time."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import time

import pandas as pd
import pyarrow.parquet as pq
import pytest

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.cli import main
from rebal_core.cli.compare import _code, _text
from rebal_core.cli.output import columns, iso, moment, strict
from rebal_core.cli.parser import build_parser
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.remedies import REMEDIES
from rebal_core.strategies import STRATEGIES


@pytest.fixture
def table(tmp_path, tiny_binary, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    tiny_binary.to_csv("t.csv", index=False)
    return tmp_path


def test_profile_has_the_promised_keys(table, capfd):
    assert main(["profile", "t.csv", "--target", "label", "--json", "-"]) == 0
    out, _ = capfd.readouterr()
    told = json.loads(out)
    assert set(told) == {
        "rows", "columns", "target", "task", "classes", "imbalance_ratio", "gini",
        "effective_classes", "encoding", "delimiter", "rejected_rows", "roles", "kinds", "unused",
        "checks",
    }  # fmt: skip
    assert (told["rows"], told["columns"], told["task"]) == (300, 5, "binary")
    assert told["classes"][1] == {"label": "rare", "count": 30, "share": 0.1}
    assert told["roles"]["label"] == "target"
    assert all(set(check) == {"code", "severity", "message"} for check in told["checks"])


def test_profile_in_words_and_in_a_file(table, capfd):
    assert main(["profile", "t.csv", "--target", "label", "--json", "p.json"]) == 0
    out, err = capfd.readouterr()
    assert "rare" in out
    assert "10.00%" in out
    assert err == ""
    lines = [line.split() for line in out.splitlines()]
    head = lines.index(["column", "type", "role", "missing"])
    schema = json.loads((table / "p.json").read_text())
    missing = pd.read_csv("t.csv").isna().sum()
    assert lines[head + 1 : head + 6] == [
        [name, schema["kinds"][name], schema["roles"][name], str(missing[name])]
        for name in schema["roles"]
    ]
    assert json.loads((table / "p.json").read_text())["rows"] == 300


def test_the_words_of_a_profile_name_the_first_columns_of_many(table, capfd):
    wide = pd.DataFrame({f"c{k}": [1, 2, None, 4] * 10 for k in range(60)})
    wide.assign(y=["a", "b"] * 20).to_csv("w.csv", index=False)
    assert main(["profile", "w.csv", "--target", "y", "--json", "p.json"]) == 0
    out, _ = capfd.readouterr()
    assert "\nc39 " in out
    assert "\nc40 " not in out
    assert "... and 21 more columns" in out
    assert len(json.loads((table / "p.json").read_text())["kinds"]) == 61


def test_one_strategy_or_model_is_told_in_full(table, capfd):
    ranking = ("rerank", "tail_upweight", "item_knn", "popularity")
    for name in ("focal", "smote", "cost_matrix", "mlp", "logistic", "none", *ranking):
        assert main(["strategies", name, "--json", "-"]) == 0
        told = json.loads(capfd.readouterr().out)
        assert told["name"] == name
        assert main(["strategies", name]) == 0
        text = capfd.readouterr().out
        for words in (told["about"], told["reference"], told.get("pitfall", "")):
            assert words in text
        for parameter in told["parameters"]:
            assert f"{parameter['label']}. {parameter['about']}" in text
            assert parameter["range"] in text
    assert main(["strategies", "focal"]) == 0
    assert "0 to " in capfd.readouterr().out
    assert main(["strategies", "nothing_like_it"]) == 2
    assert "nothing_like_it" in capfd.readouterr().err


def test_strategies_have_the_promised_keys(table, capfd):
    assert main(["strategies", "--json", "-"]) == 0
    listed = json.loads(capfd.readouterr()[0])
    keys = {"name", "label", "family", "reference", "params", "classifiers"}
    assert all(set(entry) == keys for entry in listed)
    assert all(entry["reference"] and entry["classifiers"] for entry in listed)
    names = {entry["name"] for entry in listed}
    assert {"none", "threshold", "class_weight", "random_over", "random_under", "smote"} <= names
    assert len(names) == len(listed)
    ranking = {entry["name"] for entry in listed if entry["family"] == "ranking"}
    assert ranking == {r.name for r in REMEDIES if not r.untreated and r.name not in STRATEGIES}


def test_what_serves_rankings_too_is_listed_once_and_told_of_as_both(capfd):
    assert main(["strategies", "--json", "-"]) == 0
    listed = json.loads(capfd.readouterr()[0])
    both = next(entry for entry in listed if entry["name"] == "contextual")
    assert both["family"] == "context"
    assert {*STRATEGIES["contextual"].params, *REMEDIES["contextual"].params} == set(both["params"])
    models = [*STRATEGIES["contextual"].serves, *(model.name for model in RECOMMENDERS)]
    assert both["classifiers"] == models
    assert main(["strategies", "contextual"]) == 0
    told = capfd.readouterr()[0]
    first, second = told.split("In rebal recommend:")
    assert "rarest one has" in first
    assert "counts alike" in second
    assert main(["strategies", "none"]) == 0
    assert "In rebal recommend" not in capfd.readouterr()[0]


def test_every_parameter_that_can_be_set_is_listed(capfd):
    assert main(["strategies"]) == 0
    lines = {line.split()[0]: line for line in capfd.readouterr()[0].splitlines() if line}
    for owner in (*STRATEGIES, *CLASSIFIERS, *REMEDIES, *RECOMMENDERS):
        for name in owner.params:
            assert re.search(rf"\b{name}\b", lines[owner.name]), (owner.name, name)


def test_removed_rows_have_a_file_of_their_own(table, capfd):
    words = (
        "balance t.csv --target label --strategy random_under --removed --holdout 0.2 --out b.csv"
    )
    assert main(words.split()) == 0
    out, _ = capfd.readouterr()
    assert "b_removed.csv" in out
    names = ("train_balanced", "test_untouched", "removed")
    tables = [pd.read_csv(f"b_{name}.csv") for name in names]
    assert sum(map(len, tables)) == 300
    assert set(tables[2]["_removed_by"]) == {"random_under"}
    assert set(tables[2]["_origin"]) == {"removed"}
    assert (
        main(
            [
                "balance",
                "t.csv",
                "--target",
                "label",
                "--strategy",
                "rose",
                "--removed",
                "--out",
                "r.parquet",
            ]
        )
        == 0
    )
    assert len(pd.read_parquet("r_removed.parquet")) == 0
    fits = pd.read_parquet("r.parquet")["_fit"].dropna()
    assert fits.str.startswith("rose(class=rare, seed=").all()


def test_balance_writes_two_files(table, capfd):
    words = "balance t.csv --target label --strategy 近邻过采样 --holdout 0.2 --out b.csv"
    assert main(words.split()) == 0
    out, err = capfd.readouterr()
    assert err == ""
    assert "natural share" in out
    assert "natural_k / balanced_k" in out
    train, test = pd.read_csv("b_train_balanced.csv"), pd.read_csv("b_test_untouched.csv")
    assert train["label"].value_counts().to_dict() == {"common": 216, "rare": 216}
    assert len(test) == 60
    assert train["_parents"].astype(str).str.fullmatch(r"\d+(;\d+)?").all()
    assert not (table / "b.csv").exists()
    again = main([*words.replace("b.csv", "c.csv").split()])
    assert again == 0
    assert (table / "c_train_balanced.csv").read_bytes() == (
        table / "b_train_balanced.csv"
    ).read_bytes()


def test_a_changed_ratio_changes_the_counts(table, capfd):
    words = "balance t.csv --target label --strategy smote --set ratio=0.5 --out b.parquet"
    assert main(words.split()) == 0
    counts = pd.read_parquet("b.parquet")["label"].value_counts().to_dict()
    assert counts == {"common": 270, "rare": 135}
    assert "whole table was balanced" in capfd.readouterr()[0]


def test_columns_and_metric_define_neighbours(table, capfd):
    frame = pd.read_csv("t.csv").rename(columns={"amount": "金额", "age": "age, years"})
    frame.to_csv("c.csv", index=False)
    words = "balance c.csv --target label --strategy smote --set metric=manhattan --out"
    chosen = ["--set", 'columns=金额,"age, years"']
    assert main([*words.split(), "few.parquet", *chosen]) == 0
    assert main([*words.split(), "all.parquet"]) == 0
    few, all_ = (pd.read_parquet(f"{name}.parquet") for name in ("few", "all"))
    assert list(few["label"]) == list(all_["label"])
    assert few["_parents"].map(list).tolist() != all_["_parents"].map(list).tolist()
    about = json.loads(pq.read_schema("few.parquet").metadata[b"rebal"])
    assert about["params"] == {"metric": "manhattan", "columns": '金额,"age, years"'}
    capfd.readouterr()
    assert main(["strategies"]) == 0
    assert "metric=euclidean" in capfd.readouterr()[0]


def test_group_split_keeps_groups_apart(table, capfd):
    frame = pd.read_csv("t.csv").assign(user=[i // 5 for i in range(300)])
    frame.to_csv("g.csv", index=False)
    words = "balance g.csv --target label --strategy random_over --holdout .3 --group user"
    assert main([*words.split(), "--out", "g.parquet"]) == 0
    train, test = (
        pd.read_parquet("g_train_balanced.parquet"),
        pd.read_parquet("g_test_untouched.parquet"),
    )
    assert not set(train["user"].dropna()) & set(test["user"].dropna())


def test_help_lists_what_there_is_and_nothing_else(capfd):
    commands = build_parser()._subparsers._group_actions[0].choices
    for words in (["--help"], *([name, "--help"] for name in commands)):
        with pytest.raises(SystemExit):
            main(words)
        told = capfd.readouterr()[0]
        assert "not available" not in told
        assert "for now" not in told
    for parser in commands.values():
        module, function = parser.get_default("command").split(":")
        assert callable(getattr(importlib.import_module(module), function))


def test_help_and_version_answer_without_the_library():
    for words in (["--help"], ["--version"], ["compare", "--help"]):
        code = (
            "import sys\nfrom rebal_core.cli import main\n"
            f"try: main({words!r})\nexcept SystemExit as e: assert not e.code\n"
            "heavy = {'pandas', 'sklearn', 'torch', 'duckdb', 'sqlalchemy', 'numba'}\n"
            "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
        )
        assert "rebal" in done.stdout


def test_a_time_is_told_as_the_clock_here_shows_it(monkeypatch):
    for zone, told in (("UTC", "28 Nov 2026, 05:12"), ("Asia/Shanghai", "28 Nov 2026, 13:12")):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert moment(iso(1_795_842_733.25)) == told
    monkeypatch.undo()
    time.tzset()
    assert moment(None) is None


def test_no_number_is_nan():
    assert strict({"a": float("nan"), 1: [float("inf"), 2.5], "t": (True, None)}) == {
        "a": None, "1": [None, 2.5], "t": [True, None],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ({}, 0),
        ({"threshold/logistic": "failed"}, 1),
        ({"smote/logistic": "failed"}, 0),
        ({"smote/logistic": "failed", "class_weight/logistic": "failed"}, 1),
        ({"smote/logistic": "skipped"}, 0),
    ],
)
def test_exit_code_of_a_comparison(status, code):
    names = ("dummy/prior", "threshold/logistic", "class_weight/logistic", "smote/logistic")
    arms = [{"arm": n, "strategy": n.split("/")[0], "status": status.get(n, "done")} for n in names]
    told = {"arms": arms, "protocol": {"reference": {"arms": ["threshold/logistic"]}}}
    assert _code(told) == code


def test_a_comparison_shows_each_gain_with_its_interval():
    verdict = {"code": "NO_DIFFERENCE", "delta": -0.0123, "low": -0.25, "high": 0.0456}
    common = {"reason": None, "status": "done", "score": {"mean": 0.34212}}
    told = {
        "protocol": {"metric": "average_precision"},
        "verdict": {"sentence": "Leave the data alone."},
        "alarms": [{"code": "mixed_groups", "message": "Split by them."}],
        "arms": [
            {**common, "arm": "none/logistic", "verdict": None},
            {**common, "arm": "balanced_random_forest/random_forest", "verdict": verdict},
            {**common, "arm": "smote/logistic", "verdict": None, "score": None, "status": "failed",
             "reason": "It died."},
        ],
    }  # fmt: skip
    lines = _text(told).splitlines()
    assert max(len(line) for line in lines if "It died." not in line) == 100
    assert lines[4].split() == [
        "balanced_random_forest/random_forest", "0.3421", "-0.012", "-0.250", "to", "+0.046",
        "no", "difference",
    ]  # fmt: skip
    assert lines[3].split()[1:] == ["0.3421", "-", "-"]
    assert lines[5].endswith("failed: It died.")
    assert lines[6].startswith("Difference: to the untreated model of the same kind")
    assert lines[7] == "The same groups are trained on and tested: Split by them."


def test_encoding_and_delimiter_are_named(table, capfd):
    text = "x|y\n" + "да|a\nнет|b\nда|a\n" * 20
    (table / "k.csv").write_bytes(text.encode("koi8-r"))
    told = ["--target", "y", "--encoding", "koi8-r", "--delimiter", "|", "--json", "-"]
    assert main(["profile", "k.csv", *told]) == 0
    out, err = capfd.readouterr()
    assert (json.loads(out)["encoding"], json.loads(out)["delimiter"]) == ("koi8-r", "|")
    assert "guess" not in err
    assert main(["profile", "k.csv", "--target", "y"]) == 0
    assert "The encoding is a guess, it may be koi8-r (" in capfd.readouterr()[1]
    for wrong in ("--encoding=klingon", "--encoding=utf-8", "--delimiter=\n", "--delimiter=;;;;;"):
        assert main(["profile", "k.csv", "--target", "y", wrong]) == 2
        assert capfd.readouterr()[1].count("\n") == 1


def test_columns_stand_below_each_other_also_beside_chinese():
    lines = columns([("罕见，类别", 1.5), ("ab", 20.0)], ["类", "n"]).splitlines()
    # Each Chinese sign takes two places of a terminal, so its line is shorter in letters.
    assert [len(line) + sum(ord(sign) > 0x2E80 for sign in line) for line in lines] == [
        len(lines[2])
    ] * 3


def test_a_strategy_is_saved_listed_used_and_removed(table, capfd, monkeypatch):
    monkeypatch.setenv("REBAL_HOME", str(table / "home"))
    assert main(["strategies", "--save", "mine=tomek+smote", "--set", "smote.k_neighbors=7"]) == 0
    saved = capfd.readouterr()[0].splitlines()
    assert saved[0] == "Saved mine. Its steps, in this order:"
    assert saved[3].startswith("tomek  classes=others, ")
    assert saved[4].startswith("smote  k_neighbors=7, ")
    assert saved[-1].endswith(": rebal compare DATA --target COL --strategies mine")
    assert main(["strategies", "--json", "-"]) == 0
    (mine,) = (s for s in json.loads(capfd.readouterr()[0]) if s["name"] == "mine")
    assert mine["made_of"] == "tomek+smote"
    assert mine["params"]["k_neighbors"] == 7
    assert main(["strategies"]) == 0
    lines = capfd.readouterr()[0].splitlines()
    assert any(re.match(r"mine +Your own +tomek\+smote .*k_neighbors=7", line) for line in lines)
    words = "balance t.csv --target label --strategy mine --set mine.ratio=0.5 --out b.parquet"
    assert main(words.split()) == 0
    about = json.loads(pq.read_schema("b.parquet").metadata[b"rebal"])
    assert about["strategy"] == "tomek+smote"
    assert about["params"] == {"k_neighbors": 7, "ratio": "0.5"}
    capfd.readouterr()
    assert main(["strategies", "--save", "mine=enn"]) == 2
    assert "already" in capfd.readouterr()[1]
    assert main(["strategies", "--rename", "mine=other"]) == 0
    assert "Renamed mine to other." in capfd.readouterr()[0]
    assert main(["strategies", "--rename", "mine=third"]) == 2
    assert "no strategy as “mine”" in capfd.readouterr()[1]
    for wrong, words in (("other=smote", "something else"), ("other=我的", "cannot be a name"),
                         ("other", "form OLD=NEW"), ("other=", "form OLD=NEW")):  # fmt: skip
        assert main(["strategies", "--rename", wrong]) == 2
        assert words in capfd.readouterr()[1]
    assert main(["strategies", "--rename", "other=mine"]) == 0
    assert main(["strategies", "--remove", "mine"]) == 0
    assert main(["strategies", "--remove", "mine"]) == 2
    assert main(["strategies", "--set", "k=3"]) == 2
    assert main(["strategies", "--save", "mine"]) == 2
    assert main(["strategies", "smote", "--remove", "mine"]) == 2
    (table / "home" / "strategies.json").write_text("{")
    assert main(["strategies"]) == 0
    assert "cannot be read" in capfd.readouterr()[1]
