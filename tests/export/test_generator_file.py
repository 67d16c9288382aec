"""A saved generator draws more rows in the user's own columns, and a strange one nothing."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from inline_engine import run_inline

from rebal_core.arm import Arm
from rebal_core.cli import main
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.data.reading.load import from_frame
from rebal_core.export.generator import GENERATOR, generator_of, load_generator
from rebal_core.export.run import export_run
from rebal_core.export.tasks import generate
from rebal_core.nn.generators.coding import Coding
from rebal_core.nn.generators.parts import Shape
from rebal_core.nn.generators.taught import KINDS, Taught
from rebal_core.samplers.generators.arf import Leaves
from rebal_core.wording import UserError


def visits() -> pd.DataFrame:
    """Every kind of column but text, a third of one of them missing."""
    rng = np.random.default_rng(4)
    n = 500
    bought = np.arange(n) < 120
    age = pd.Series(rng.integers(18, 80, n) + 9 * bought).astype("Int64")
    age[rng.random(n) < 0.3] = pd.NA
    return pd.DataFrame(
        {
            "visit": [f"v{i}" for i in range(n)],
            "age": age,
            "price": np.round(rng.lognormal(2, 1, n), 2),
            "at": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D"),
            "城市": np.where(rng.random(n) < 0.1, None, rng.choice(["北京", "Lima"], n)),
            "member": rng.random(n) < 0.4,
            "bought": np.where(bought, "да", "нет"),
        }
    )


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    home = tmp_path_factory.mktemp("generator")
    store, run = run_inline(
        home / "a", visits(), target="bought", strategies="copula", classifiers="logistic", folds=3
    )
    done = export_run(store, run, home / "out", arm="copula/logistic")
    assert home / "out" / GENERATOR in done.files
    return home / "out"


def test_rows_come_in_the_columns_and_types_of_the_table(exported) -> None:
    saved = load_generator(exported / GENERATOR)
    assert saved.learned == ("да",)
    table = pa.concat_tables(saved.rows({"да": 3000}, seed=1))
    own = pq.read_table(exported / "test_untouched.parquet")
    names = visits().columns.tolist()
    assert table.column_names == [*names, "_origin", "_fit"]
    assert [table.schema.field(n).type for n in names] == [own.schema.field(n).type for n in names]
    frame = table.to_pandas()
    real = visits().query("bought == 'да'")
    assert set(frame["bought"]) == {"да"}
    assert frame["visit"].isna().all(), "it names no row that never was"
    assert frame["age"].isna().mean() == pytest.approx(real["age"].isna().mean(), abs=0.08)
    known = frame["age"].dropna()
    assert (known == known.round()).all()
    assert known.between(real["age"].min() - 20, real["age"].max() + 20).all()
    assert (frame["price"] == frame["price"].round(2)).all()
    assert frame["at"].isna().all(), "nothing happened then"
    assert set(frame["城市"].dropna()) == {"北京", "Lima"}
    assert frame["城市"].isna().mean() == pytest.approx(0.1, abs=0.06)
    assert set(frame["member"]) == {True, False}
    assert set(frame["_origin"]) == {"generated"}
    assert set(frame["_fit"]) == {"copula(class=да, seed=1)"}


def test_the_balanced_rows_miss_what_rows_miss(exported) -> None:
    frame = pq.read_table(exported / "train_balanced.parquet").to_pandas()
    made = frame[frame["_origin"] == "generated"]
    real = frame[(frame["_origin"] == "original") & (frame["bought"] == "да")]
    assert len(made) > 100
    assert made["age"].isna().mean() == pytest.approx(real["age"].isna().mean(), abs=0.1)


def test_the_seed_decides_and_blocks_do_not_show(exported, monkeypatch) -> None:
    saved = load_generator(exported / GENERATOR)
    first, again, other = (
        pa.concat_tables(saved.rows({"да": 200}, seed=seed)) for seed in (3, 3, 4)
    )
    assert first.equals(again)
    assert not first.equals(other)
    monkeypatch.setattr("rebal_core.export.generator._BLOCK", 64)
    assert [len(block) for block in saved.rows({"да": 200}, seed=3)] == [64, 64, 64, 8]


def test_the_command_writes_both_types(exported, tmp_path, capsys) -> None:
    for name in ("more.parquet", "more.csv"):
        file = str(tmp_path / name)
        asked = ["generate", str(exported / GENERATOR), "--count", "да=40", "--out", file]
        assert main(asked) == 0
        assert "40 rows" in capsys.readouterr().out
    assert pq.read_table(tmp_path / "more.parquet").num_rows == 40
    lines = (tmp_path / "more.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 41
    for asked, words in (("no=4", "knows да"), ("да=0", "1")):
        code = main(
            [
                "generate",
                str(exported / GENERATOR),
                "--count",
                asked,
                "--out",
                str(tmp_path / "x.csv"),
            ]
        )
        assert code == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "x.csv").exists()


@pytest.fixture(scope="module")
def ruled(tmp_path_factory):
    home = tmp_path_factory.mktemp("ruled")
    frame = visits().assign(until=lambda t: t["age"] + np.arange(len(t)) % 30)
    rules, shares = "age <= until; pairs(城市, member)", "member: True=1"
    store, run = run_inline(
        home / "a",
        frame,
        target="bought",
        strategies="copula",
        classifiers="logistic",
        folds=3,
        params={"copula": {"rules": rules, "marginal": shares}},
    )
    arm = f"copula(marginal={shares},rules={rules})/logistic"
    export_run(store, run, home / "out", arm=arm)
    return home / "out"


def test_a_file_keeps_the_rules_that_it_was_learned_with(ruled, monkeypatch) -> None:
    manifest = json.loads((ruled / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["params"]["rules"] == "age <= until; pairs(城市, member)"
    (note,) = [note for note in manifest["notes"] if "broke the rule “age <= until”" in note]
    assert "rows drawn of “да”" in note
    balanced = pq.read_table(ruled / "train_balanced.parquet").to_pandas()
    saved = load_generator(ruled / GENERATOR)
    monkeypatch.setattr("rebal_core.export.generator._BLOCK", 64)
    told = []
    more = pa.concat_tables(saved.rows({"да": 301}, tell=told.append)).to_pandas()
    for frame in (balanced[balanced["_origin"] == "generated"], more):
        known = frame.dropna(subset=["age", "until"])
        assert (known["age"] <= known["until"]).all()
        assert frame["member"].all()
    assert len(more) == 301
    (note,) = [n for n in told if "age <= until" in n]
    assert "rows drawn of “да”" in note


def test_a_widened_file_draws_beyond_the_range(tmp_path) -> None:
    frame = visits()
    store, run = run_inline(
        tmp_path / "a",
        frame,
        target="bought",
        strategies="copula",
        classifiers="logistic",
        folds=3,
        params={"copula": {"widen": True}},
    )
    export_run(store, run, tmp_path / "out", arm="copula(widen=True)/logistic")
    saved = load_generator(tmp_path / "out" / GENERATOR)
    more = pa.concat_tables(saved.rows({"да": 3000})).to_pandas()
    balanced = pq.read_table(tmp_path / "out" / "train_balanced.parquet").to_pandas()
    own = frame[frame["bought"] == "да"]
    for drawn in (more, balanced[balanced["_origin"] == "generated"]):
        beyond = (drawn["price"] > own["price"].max()) | (drawn["price"] < own["price"].min())
        assert 0 < beyond.mean() < 0.05


def test_more_may_be_asked_of_more_rows(ruled, tmp_path, capsys) -> None:
    out = tmp_path / "more.parquet"
    ask = ["generate", str(ruled / GENERATOR), "--count", "да=200", "--out", str(out)]
    shares = [
        "--rule",
        "price <= 40",
        "--rule",
        "until >= 20",
        "--marginal",
        "城市: 北京=1, Lima=3",
    ]
    assert main([*ask, *shares]) == 0
    assert "drawn again" in capsys.readouterr().err
    frame = pq.read_table(out).to_pandas()
    assert (frame["price"] <= 40).all()
    assert frame["城市"].value_counts().to_dict() == {"北京": 50, "Lima": 150}
    for more, words in (
        (["--rule", "price <="], "Rule 3"),
        (["--rule", "prize <= 4"], "prize"),
        (["--rule", "pairs(城市, age)"], "learned without this rule"),
        (["--marginal", "城市: Rom=1"], "choose from"),
        (["--marginal", "visit: a=1"], "visit"),
        (["--rule", "price <= -5"], "broke the rule “price <= -5”"),
    ):
        assert main([*ask[:-1], str(tmp_path / "x.csv"), *more]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "x.csv").exists()


def _changed(parts, **values):
    about = json.loads(parts["manifest.json"])
    return {**parts, "manifest.json": json.dumps({**about, **values}).encode()}


def _arrays(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: {**p, "evil.pkl": b"x"}, "does not belong"),
        (lambda p: {k: v for k, v in p.items() if k != "learned.npz"}, "no generator"),
        (lambda p: _changed(p, format=9), "format 9"),
        (lambda p: _changed(p, strategy="smote"), "no generator"),
        (lambda p: _changed(p, strategy="nothing"), "no generator"),
        (lambda p: _changed(p, learned=["нет"]), "no generator"),
        (lambda p: _changed(p, classes=["да"], learned=["да"]), "no generator"),
        (lambda p: {**p, "learned.npz": _arrays(labels=np.zeros(1, int))}, "no generator"),
        (lambda p: {**p, "learned.npz": _arrays(labels=np.array([{}]))}, "no generator"),
        (lambda p: {**p, "table.arrow": b"nothing"}, "no generator"),
    ],
)
def test_a_strange_file_is_refused_in_a_sentence(exported, tmp_path, change, words) -> None:
    with zipfile.ZipFile(exported / GENERATOR) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    bad = tmp_path / "bad.rebal"
    with warnings.catch_warnings(), zipfile.ZipFile(bad, "w") as archive:
        warnings.simplefilter("ignore")
        for name, data in change(parts).items():
            archive.writestr(name, data)
    with pytest.raises(UserError, match=words):
        load_generator(bad)


@pytest.mark.parametrize("kind", KINDS)
def test_no_network_is_built_that_the_weights_do_not_fit(kind) -> None:
    """A strange file may name one so large that memory would run out before this shows."""
    rng = np.random.default_rng(0)
    numbers, codes = rng.normal(size=(40, 2)).astype(np.float32), rng.integers(0, 3, (40, 1))
    known, kinds = np.ones((40, 2), dtype=bool), np.zeros(40, dtype=np.int64)
    coding = Coding.of(numbers, known, codes, kinds, np.array([0]), KINDS[kind].modes)
    shape = Shape(tuple(coding.alone.tolist()), coding.sizes, classes=2)
    learner, labels = KINDS[kind](shape, width=8), np.array([1])
    shares = np.ones((1, shape.width))
    state = Taught(kind, {"width": 8}, coding, labels, shares, (learner,)).to_state()
    assert Taught.from_state(state).labels.tolist() == [1]
    much = np.array([10**9, 10**9])
    for name, value in (("settings.width", much[0]), ("coding.bins", much), ("classes", much[0])):
        with pytest.raises(ValueError, match="not those of such a network"):
            Taught.from_state({**state, name: value})


def test_no_strange_diffusion_takes_forever() -> None:
    shape = Shape((0,), (3,), classes=2)
    with pytest.raises(ValueError, match="steps from noise"):
        KINDS["diffusion"](shape, width=8, times=10**9)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("cardinalities", lambda x: x + 5),
        ("gaps", lambda x: ~x),
        ("plain", lambda x: x[::-1]),
        ("low", lambda x: x[:1]),
    ],
)
def test_columns_that_are_not_those_of_the_preparation_are_refused(
    exported, tmp_path, name, change
) -> None:
    """What they say wrongly of a rare value would show in the middle of many rows."""
    saved = load_generator(exported / GENERATOR)
    value = change(np.asarray(getattr(saved.columns, name)))
    value = tuple(value.tolist()) if name == "cardinalities" else value
    columns = replace(saved.columns, **{name: value})
    replace(saved, columns=columns).save(tmp_path / "bad.rebal")
    with pytest.raises(UserError, match="no generator"):
        load_generator(tmp_path / "bad.rebal")


def test_no_leaf_of_a_strange_forest_has_rows_that_are_not_there() -> None:
    rng, rows = np.random.default_rng(0), np.zeros((2, 6), np.int64)
    leaves = Leaves.of(1, rows, rng.normal(size=(6, 1)), rng.integers(0, 2, (6, 1)))
    state = leaves.to_state()
    assert Leaves.from_state(state).draw(1, 5, rng)[0].shape == (5, 1)
    for name, bad in (("first", -1), ("first", 4), ("size", 0), ("size", 7), ("ends", 7)):
        changed = state[name].copy()
        changed[-1] = bad
        with pytest.raises(ValueError, match="not there"):
            Leaves.from_state({**state, name: changed})


def test_the_engine_draws_rows_as_a_task(exported, tmp_path) -> None:
    heard: list[float] = []
    context = SimpleNamespace(home=tmp_path, result=tmp_path / "a.json", progress=heard.append)
    asked = {"generator": str(exported / GENERATOR), "counts": {"да": 70}, "seed": 2}
    generate({**asked, "to": str(tmp_path / "out")}, context)
    answer = json.loads((tmp_path / "a.json").read_text())
    assert answer["rows"] == 70
    frame = pq.read_table(answer["files"][0]).to_pandas()
    own = pa.concat_tables(load_generator(exported / GENERATOR).rows({"да": 70}, 2)).to_pandas()
    pd.testing.assert_frame_equal(frame, own)
    assert heard == sorted(heard)
    assert heard[-1] <= 1


def test_the_manifest_tells_where_rows_come_from(exported) -> None:
    manifest = json.loads((exported / "manifest.json").read_text())
    assert manifest["generator"] == ["да"]
    frame = pq.read_table(exported / "train_balanced.parquet").to_pandas()
    counts = frame.groupby(["_origin", "bought"]).size()
    told = {(o, label): n for o, of in manifest["origins"].items() for label, n in of.items()}
    assert told == counts.to_dict()


def test_a_class_is_learned_of_the_rows_that_are_left_of_it(tmp_path) -> None:
    """A network holds rows out: 22 are enough for a copula, what is left of them is not."""
    rng, y = np.random.default_rng(0), np.repeat(["a", "b", "c"], [300, 90, 22])
    frame = pd.DataFrame({"x": rng.normal(size=412), "z": rng.normal(size=412), "y": y})
    dataset = from_frame(frame, tmp_path / "d", target="y")
    labels = dataset.labels()
    preparation, typed = Preparation.fit(frame, labels.y, dataset.schema)
    learned = {}
    for classifier in ("logistic", "mlp"):
        arm = Arm("copula", classifier)
        saved = generator_of(arm, dataset, labels, preparation, frame, typed, 0)
        saved.save(tmp_path / GENERATOR)
        learned[classifier] = load_generator(tmp_path / GENERATOR).learned
    assert learned == {"logistic": ("b", "c"), "mlp": ("b",)}
