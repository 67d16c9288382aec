"""Bad usage and bad input: exit code 2, one sentence on stderr, nothing on stdout or disk."""

from __future__ import annotations

import gzip
import re

import pytest

from rebal_core.cli import main


@pytest.fixture
def table(tmp_path, tiny_binary, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    tiny_binary.to_csv("t.csv", index=False)
    return tmp_path


def refused(capfd, *words):
    assert main(list(words)) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.endswith((".\n", "?\n"))
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


USAGE = {
    "": "arguments are required",
    "dance": "invalid choice",
    "profile t.csv": "--target",
    "profile t.csv --target label --frobnicate": "--frobnicate",
    "profile t.csv --targ label": "--targ",
    "profile t.csv --target label --target city": "--target: given twice; give it once;",
    "profile t.csv --target label --na \udcff": "“\\udcff” is not written in UTF-8",
    "strategies --save mine=smote --set columns=\udcff": "is not written in UTF-8",
    "compare t.csv --target label --drop age --drop city": "commas between the names",
    "past t.csv --time age --out p.csv": "name columns with --by or --user",
    "past t.csv --time age --price age --by city --out p.csv": "give --user with it",
    "past t.csv --time age --by city+town --out p.csv": "no column “town”",
    "past t.csv --time city --by age --out p.csv": "neither dates nor numbers",
    "past t.csv --time age --by city --only rate --out p.csv": "“city: events before”",
    "past t.csv --time age --by city --out p.doc": "neither .parquet nor .csv",
    "compare t.csv --target label --folds 1": "from 2 to 50",
    "compare t.csv --target label --folds many": "from 2 to 50",
    "compare t.csv --target label --tune 3": "--tune above 0",
    "compare t.csv --target label --strategies ,": "empty name",
    "compare t.csv --target label --false-alarm 3": "no column says what a missed row costs",
    "compare t.csv --target label --strategies smoote": "did you mean smote",
    "compare t.csv --target label --strategies 过采样": "is a family",
    "compare t.csv --target label --classifiers quantum": "no classifier",
    "compare t.csv --target label --set ratio=0.5": "OWNER.PARAM=VALUE",
    "compare t.csv --target label --set smote.ratio": "OWNER.PARAM=VALUE",
    "compare t.csv --target label --set smoote.ratio=1": "did you mean smote?",
    "compare t.csv --target label --set xyz.ratio=1": "no strategy or classifier called “xyz”",
    "compare t.csv --target label --set smote.k=3": "no parameter “k”; it has k_neighbors",
    "compare t.csv --target label --set none.ratio=1": "it has none",
    "compare t.csv --target label --set smote.ratio=2": "from 0.001 to 1",
    "compare t.csv --target label --set logistic.C=strong": "give a number",
    "compare t.csv --target label --set mlp.depth=3": "add it to the classifiers",
    "compare t.csv --target label --set brf.n_estimators=90": "add it to the strategies",
    "compare t.csv --target label --set smote.ratio=1 --set smote.ratio=.5": "twice",
    "compare t.csv --target label --set smote.ratio=1 --set SMOTE.ratio=.5": "smote.ratio is set",
    "compare t.csv --target label --set smote.ratio=1 --set smote.smote.ratio=1": "set twice",
    'compare t.csv --target label --set smote.counts={"x":9}': "the class “x”",
    "compare t.csv --target label --set smote.counts=many": "rows per class",
    "compare t.csv --target label --set smote.columns=height": "column “height”, which is no",
    "compare t.csv --target label --set smote.columns=age,label": "column “label”, which is no",
    "compare t.csv --target label --group city --set smote.columns=city": "column “city”",
    "compare t.csv --target label --set smote.columns=,": "give names of columns with commas",
    "compare t.csv --target label --set smote.metric=hamming": "euclidean, manhattan, cosine",
    "balance t.csv --target label --strategy enn --out b.csv --set columns=x": "“x”, which is no",
    "compare t.csv --target label --strategies random_under+random_over": "in this order",
    "compare t.csv --target label --strategies random_over+smoote": "did you mean smote",
    "compare t.csv --target label --strategies random_over+random_under "
    "--set random_over+random_under.ratio=1": "it has random_over.ratio, random_over.counts,",
    "compare t.csv --target label --metric sharpe": "sharpe",
    "compare t.csv --target label --positive nobody": "no class “nobody”",
    "compare t.csv --target label --group nowhere": "nowhere",
    "compare t.csv --target label --drop nowhere": "nowhere",
    "compare t.csv --target label --split group": "needs a group column",
    "compare t.csv --target label --split time": "needs a time column",
    "compare t.csv --target label --split days": "invalid choice",
    "compare t.csv --target label --trust nowhere": "no column “nowhere”",
    "compare t.csv --target label --drop city --trust x,city": "“city” is in --drop and in --trust",
    "compare t.csv --target label --json nowhere/x.json": "does not exist",
    "balance t.csv --target label --strategy smote --out b.xlsx": "neither .parquet nor .csv",
    "balance t.csv --target label --strategy smote --out no/b.csv": "does not exist",
    "balance t.csv --target label --strategy smote --out t.csv": "overwrite",
    "balance t.csv --target label --strategy threshold --out b.csv": "leaves the table as it is",
    "balance t.csv --target label --strategy smote --out b.csv --holdout 1": "between 0 and 1",
    "balance t.csv --target label --strategy smote --out b.csv --group city": "--holdout",
    "balance t.csv --target label --strategy smote --out b.csv --set k_neighbors": "PARAM=VALUE",
    "balance t.csv --target label --strategy smote --out b.csv --set k=3": "no parameter",
    "balance t.csv --target label --strategy smote --out b.csv --set logistic.C=3": "no parameter",
    "balance t.csv --target label --strategy smote --out b.csv --set ratio=.5 "
    "--set smote.ratio=1": "smote.ratio is set twice",
    "balance t.csv --target label --strategy smote --out b.csv --count rare=9 "
    '--set counts={"rare":1}': "give one of them",
    "balance t.csv --target label --strategy smote --out b.csv --count x=3": "no class “x”",
    "balance t.csv --target label --strategy smote --out b.csv --count rare=-1": "at least 1",
    "balance t.csv --target label --strategy smote --out b.csv --holdout .2 --time city": "--time",
    "predict none.rebal t.csv --out s.csv": "no file",
    "predict t.csv t.csv --out s.csv": "no model",
    "predict t.csv t.csv --out s.csv --prior rare=2": "between 0 and 1",
    "recommend log.csv": "--user, --item, --time",
    "recommend t.csv --user city --item city --time age": "named twice",
    "divine t.csv": "invalid choice: 'divine'",
    "export 7 --to out": "no run 7",
    "export x --to out": "whole number",
    "engine restart": "invalid choice",
    "app --port 99999": "from 1 to 65535",
}


@pytest.mark.parametrize("line", USAGE, ids=str)
def test_bad_usage_is_one_sentence(line, table, capfd):
    err = refused(capfd, *line.split())
    assert USAGE[line] in err
    left = {path.name for path in table.iterdir()} - {"home"}
    assert left == {"t.csv"}
    assert not list((table / "home" / "datasets").glob("*"))


LONG = "x" * 300
PATHS = [
    ("profile", f"{LONG}.csv", "--target", "label"),
    ("profile", "a\0b.csv", "--target", "label"),
    ("compare", "t.csv", "--target", "label", "--json", f"{LONG}.json"),
    ("profile", "t.csv", "--target", "label", "--json", "a\0b/x.json"),
    ("balance", "t.csv", "--target", "label", "--strategy", "smote", "--out", f"{LONG}.csv"),
    ("balance", "t.csv", "--target", "label", "--strategy", "smote", "--out", "数" * 70 + ".csv"),
    ("predict", f"{LONG}/m.rebal", "t.csv", "--out", "s.csv"),
]


@pytest.mark.parametrize("line", PATHS, ids=range(len(PATHS)))
def test_names_that_no_file_can_have_are_one_sentence(line, table, capfd):
    assert re.search("at most 2(00|55) bytes and no NUL", refused(capfd, *line))


def test_a_damaged_database_is_one_sentence(table, capfd):
    (table / "home").mkdir()
    (table / "home" / "rebal.db").write_bytes(b"no database at all" * 400)
    assert "is damaged" in refused(capfd, "runs")


def png(path):
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 4)


def cut_gzip(path):
    path.write_bytes(gzip.compress(b"a,label\n" + b"1,x\n" * 9_000)[:40])


FILES = {
    "absent.csv": None,
    "empty.csv": lambda p: p.write_text(""),
    "one_class.csv": lambda p: p.write_text("a,label\n1,x\n2,x\n"),
    "no_target.csv": lambda p: p.write_text("a,b\n1,x\n2,y\n"),
    "doubled.csv": lambda p: p.write_text("a,label,label\n1,x,y\n2,y,x\n3,x,x\n"),
    "all_missing.csv": lambda p: p.write_text("a,label\n1,\n2,\n"),
    "picture.csv": png,
    "cut.csv.gz": cut_gzip,
    "broken.parquet": lambda p: p.write_bytes(b"PAR1 not really PAR1"),
    "sheet.xlsx": lambda p: p.write_bytes(b"PK\x03\x04"),
    "wide.csv": lambda p: p.write_text(
        ",".join([*(f"c{i}" for i in range(5_001)), "label"]) + "\n" + "1," * 5_001 + "x\n"
    ),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("command", ["profile", "compare"])
def test_bad_files_are_one_sentence(name, command, table, capfd):
    if FILES[name] is not None:
        FILES[name](table / name)
    refused(capfd, command, name, "--target", "label")
    assert not list((table / "home" / "datasets").glob("*"))


def test_a_fault_of_ours_is_1_and_its_trace_is_in_the_log(table, capfd, monkeypatch):
    import rebal_core.checks.report as report

    def broken(dataset):
        raise RuntimeError("boom\nsecond line")

    monkeypatch.setattr(report, "profile_report", broken)
    assert main(["profile", "t.csv", "--target", "label"]) == 1
    _, err = capfd.readouterr()
    assert err.count("\n") == 1
    incident = err.split("incident ")[1].split(")")[0]
    log = (table / "home" / "rebal.log").read_text()
    assert incident in log
    assert "RuntimeError: boom" in log
