"""A saved recommender orders its catalogue for anybody, and a strange one for nobody."""

from __future__ import annotations

import io
import json
import zipfile
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from rebal_core.cli import main
from rebal_core.cli.recommend import _tell_context
from rebal_core.data.reading.load import from_frame
from rebal_core.export.archive import MANIFEST
from rebal_core.export.recommender import load_recommender, recommender_of
from rebal_core.ranking.lists import top_lists
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.plan import plan_rankings
from rebal_core.ranking.reading import LogColumns, read_log
from rebal_core.ranking.rerank import reranked
from rebal_core.ranking.rules import Rules
from rebal_core.wording import UserError

OF = LogColumns("谁", "what", ("when",))
NAMES = RECOMMENDERS.names()


def visits(users: int = 60) -> pd.DataFrame:
    """Half the users take red things, the others blue ones; one label is a formula."""
    rng = np.random.default_rng(1)
    user = np.repeat(np.arange(users), 6)
    thing = 2 * (rng.integers(0, 36, len(user)) ** 2 // 110) + user % 2
    return pd.DataFrame(
        {
            "谁": [f"u{n}" for n in user],
            "what": [f"=红{n}" if n == 3 else f"p{n}" for n in thing],
            "when": rng.permutation(len(user)),
            "colour": np.where(thing % 2, "blue", "red"),
            "price": thing * 7 % 10,
        }
    )


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return read_log(from_frame(visits(), tmp_path_factory.mktemp("log") / "d"), OF).log


def saved_of(log, name, remedy="none", tau=None, **settings):
    fast = {name: dict(RECOMMENDERS[name].fast)}
    plan = plan_rankings([name], [remedy], fast, k=5, seed=3, **settings)
    arm = plan.arm(f"{remedy}/{name}")
    return recommender_of(arm, log, OF, plan, tau=tau, fingerprint="f")


@pytest.mark.parametrize("name", NAMES)
def test_what_was_saved_orders_alike(log, name, tmp_path) -> None:
    made = saved_of(log, name)
    made.save(tmp_path / "r.rebal")
    read = load_recommender(tmp_path / "r.rebal")
    assert read.items.tolist() == log.items.tolist()
    assert read.columns == OF
    own, unknown = read.visits(log)
    assert unknown == 0
    lists = read.lists(own)
    assert lists.tolist() == made.lists(log.visits()).tolist()
    plain = top_lists(made.ranker, log.visits(), 5, items=len(log.items))
    assert lists.tolist() == plain.tolist()
    assert made.manifest["events"] == len(log), "the last event of each user is learned from, too"


def test_a_decision_goes_with_it(log, tmp_path) -> None:
    made = saved_of(log, "item_knn", "rerank", tau=0.6)
    made.save(tmp_path / "r.rebal")
    lists = load_recommender(tmp_path / "r.rebal").lists(log.visits())
    told = reranked(made.ranker, log, log.visits(), 5, 0.6)
    assert lists.tolist() == told.tolist()
    assert lists.tolist() != saved_of(log, "item_knn").lists(log.visits()).tolist()


@pytest.mark.parametrize(
    "rules",
    [
        {"quality": "price", "quality_weight": 1.0},
        {"cap": "colour", "most": 2},
        {"diversity": 0.4},
        {"diversity": 0.4, "alike": "attributes", "cap": "colour"},
    ],
)
def test_its_rules_go_with_it(tmp_path, rules) -> None:
    plan = plan_rankings(["item_knn"], ["rerank"], {"rerank": rules}, k=5)
    dataset = from_frame(visits(), tmp_path / "d")
    log = read_log(dataset, OF, plan.columns, plan.item_columns).log
    arm = plan.arm("rerank/item_knn")
    made = recommender_of(arm, log, OF, plan, tau=0.2, fingerprint="f")
    made.save(tmp_path / "r.rebal")
    lists = load_recommender(tmp_path / "r.rebal").lists(log.visits())
    told = Rules.of(log, arm.remedy_params, plan.seed)
    asked = reranked(made.ranker, log, log.visits(), 5, 0.2, rules=told)
    assert lists.tolist() == asked.tolist()
    plain = reranked(made.ranker, log, log.visits(), 5, 0.2)
    assert lists.tolist() != plain.tolist()


def test_other_users_and_unknown_items_are_served(log, tmp_path) -> None:
    made = saved_of(log, "item_knn", unseen=True)
    others = pd.DataFrame(
        {"谁": ["new", "new", "odd"], "what": ["p2", "p4", "unheard"], "when": [1, 2, 3]}
    )
    read = read_log(from_frame(others, tmp_path / "d"), OF, judged=False).log
    known, unknown = made.visits(read)
    assert unknown == 1
    assert made.items[known.item].tolist() == ["p2", "p4"]
    assert known.lengths.tolist() == [2, 0]
    lists = made.items[made.lists(known)]
    assert not {"p2", "p4"} & set(lists[0])
    assert lists.shape == (2, 5)


def test_the_commands_hand_over_and_order(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    visits().to_csv(tmp_path / "log.csv", index=False)
    log, to = str(tmp_path / "log.csv"), tmp_path / "to"
    asked = ("recommend", log, "--user", "谁", "--item", "what", "--time", "when", "--k", "4")
    models = ("--models", "popularity,item_knn", "--strategies", "rerank", "--to", str(to))
    assert main([*asked, *models]) == 0
    table = pq.read_table(to / "lists.parquet").to_pandas()
    assert list(table.columns) == ["user", "rank", "item", "band"]
    assert table.groupby("user")["rank"].apply(list).map(lambda r: r == [1, 2, 3, 4]).all()
    assert table["user"].nunique() == 60
    assert load_recommender(to / "recommender.rebal").arm == "none/item_knn"
    out = tmp_path / "more.csv"
    model = str(to / "recommender.rebal")
    assert main(["lists", model, log, "--k", "2", "--out", str(out)]) == 0
    more = pd.read_csv(out)
    assert len(more) == 120
    assert "'=红3" in set(more["item"]), "safe to open in a spreadsheet"
    first = table[table["rank"] <= 2]["item"].str.replace("=", "'=")
    assert more["item"].tolist() == first.tolist()
    capsys.readouterr()
    for words, sentence in (
        ((*asked, *models, "--arm", "none/als"), "There is no arm “none/als”"),
        ((*asked, "--models", "als", "--arm", "none/als"), "--arm says what --to hands over"),
        (("lists", log, log, "--out", str(out)), "log.csv is no recommender"),
        (("lists", str(to), log, "--out", str(out)), "There is no file"),
    ):
        assert main(list(words)) == 2
        told = capsys.readouterr().err
        assert sentence in told
        assert len(told.strip().splitlines()) == 1


def test_what_is_known_when_asked_is_that_of_the_last_event(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    table = visits()
    table["device"] = np.where(np.arange(len(table)) % 3, "phone", "desk")
    table.to_csv(tmp_path / "log.csv", index=False)
    asked = ("recommend", str(tmp_path / "log.csv"), "--user", "谁", "--item", "what")
    model = ("--time", "when", "--models", "two_tower", "--set", "two_tower.context=device")
    small = ("--set", "two_tower.epochs=1", "--set", "two_tower.size=8")
    assert main([*asked, *model, *small, "--to", str(tmp_path / "to")]) == 0
    told = "finds when “device” is known; "
    last = told + "these lists take it from the last event of each user."
    assert last in capsys.readouterr().err
    path, out = tmp_path / "to" / "recommender.rebal", str(tmp_path / "lists.parquet")

    def listed(log: pd.DataFrame, said: str) -> pd.DataFrame:
        log.to_csv(tmp_path / "log.csv", index=False)
        assert main(["lists", str(path), str(tmp_path / "log.csv"), "--out", out]) == 0
        assert said in capsys.readouterr().err
        return pq.read_table(out).to_pandas()

    found = listed(table, last)
    handed = pq.read_table(tmp_path / "to" / "lists.parquet").to_pandas()
    assert found.equals(handed)
    newest = table["when"] == table.groupby("谁")["when"].transform("max")
    early = table.assign(device=table["device"].where(newest, "desk"))
    assert listed(early, last).equals(found)
    late = table.assign(device=table["device"].where(~newest, "fax"))
    assert not listed(late, last).equals(found)
    bare = listed(table.drop(columns="device"), told + "the log has not all of it, so these lists")
    assert not bare.equals(found)
    saved = load_recommender(path)
    read = read_log(from_frame(table, tmp_path / "d"), OF, ["device"], judged=False).log
    asked, _ = saved.visits(read)
    of_user = table[newest].set_index("谁")["device"]
    assert asked.beside["device"].tolist() == of_user[read.users].tolist()


@pytest.mark.parametrize(
    "change",
    [
        lambda a, i, m: a.update(context=["when"]),
        lambda a, i, m: a.update(context=["device", "device"]),
        lambda a, i, m: a["params"].update(kinds_=[["when", "words"]]),
    ],
)
def test_a_crafted_context_is_refused_in_a_sentence(tmp_path, change) -> None:
    table = visits().assign(device=np.resize(["phone", "desk", "fax"], len(visits())))
    log = read_log(from_frame(table, tmp_path / "d"), OF, ["device"]).log
    fast = {**RECOMMENDERS["two_tower"].fast, "epochs": 1, "context": "device"}
    plan = plan_rankings(["two_tower"], params={"two_tower": fast})
    saved = recommender_of(plan.arms[0], log, OF, plan, tau=None, fingerprint="f")
    saved.save(tmp_path / "r.rebal")
    crafted(tmp_path / "r.rebal", tmp_path / "strange.rebal", lambda *parts: None)
    assert load_recommender(tmp_path / "strange.rebal").manifest["context"] == ["device"]
    crafted(tmp_path / "r.rebal", tmp_path / "strange.rebal", change)
    with pytest.raises(UserError, match="no recommender that Rebal can read"):
        load_recommender(tmp_path / "strange.rebal")


def test_of_a_wide_context_a_few_columns_are_named(capsys) -> None:
    asked = SimpleNamespace(
        manifest={"context": [f"c{n}" for n in range(300)]}, known_when_asked=lambda log: None
    )
    _tell_context(asked, None)
    assert "“c4” and 295 more is known" in capsys.readouterr().err


def test_that_nothing_is_handed_over_is_told_with_its_reason(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    table = visits()
    table["chosen"] = table["what"] + "!"
    table.to_csv(tmp_path / "log.csv", index=False)
    asked = ("recommend", str(tmp_path / "log.csv"), "--user", "谁", "--item", "what")
    model = ("--time", "when", "--models", "two_tower", "--set", "two_tower.context=chosen")
    assert main([*asked, *model, "--json", "-", "--to", str(tmp_path / "to")]) == 1
    told = capsys.readouterr()
    reason = json.loads(told.out)["arms"][0]["reason"]
    assert "chosen" in reason
    assert f"Nothing was written to {tmp_path / 'to'}: no arm was fitted. {reason}" in told.err
    assert not (tmp_path / "to").exists()


def crafted(path, to, change) -> None:
    """Write a recommender of which one file was changed."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    about = json.loads(files[MANIFEST])
    items = dict(np.load(io.BytesIO(files["items.npz"])))
    model = dict(np.load(io.BytesIO(files["model.npz"])))
    change(about, items, model)
    files[MANIFEST] = json.dumps(about).encode()
    for name, arrays in (("items.npz", items), ("model.npz", model)):
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        files[name] = buffer.getvalue()
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def offers(users: int = 120) -> pd.DataFrame:
    """Each user is shown four things at a time, and chooses or buys those of his colour more."""
    rng = np.random.default_rng(2)
    user = np.tile(np.repeat(np.arange(users), 4), 5)
    thing = rng.integers(0, 20, len(user))
    clicked = rng.random(len(user)) < np.where(thing % 2 == user % 2, 0.6, 0.1)
    bought = clicked & (rng.random(len(user)) < 0.4)
    return pd.DataFrame(
        {
            "谁": [f"u{n}" for n in user],
            "what": [f"p{n}" for n in thing],
            "when": np.repeat(np.arange(5 * users), 4),
            "event": np.array(["impression", "click", "buy"])[clicked.astype(int) + bought],
        }
    )


OFFERED = LogColumns("谁", "what", ("when",), "event")


@pytest.fixture(scope="module")
def chancy(tmp_path_factory):
    """Return a recommender that tells chances, and its log."""
    folder = tmp_path_factory.mktemp("offers")
    log = read_log(from_frame(offers(), folder / "d"), OFFERED).log
    fast = {"two_tower": {**RECOMMENDERS["two_tower"].fast, "epochs": 3, "heads": "apart"}}
    plan = plan_rankings(["two_tower"], params=fast, k=5)
    made = recommender_of(plan.arms[0], log, OFFERED, plan, tau=None, fingerprint="f")
    made.save(folder / "r.rebal")
    return folder, made, log


def test_lists_tell_the_chances_that_the_model_knows(chancy, capsys, monkeypatch) -> None:
    folder, made, log = chancy
    monkeypatch.setenv("REBAL_HOME", str(folder / "home"))
    offers().to_parquet(folder / "log.parquet")
    asked = ("lists", str(folder / "r.rebal"), str(folder / "log.parquet"), "--k", "3")
    assert main([*asked, "--out", str(folder / "lists.parquet")]) == 0
    table = pq.read_table(folder / "lists.parquet").to_pandas()
    assert list(table.columns) == ["user", "rank", "item", "band", "click", "buy"]
    assert table["click"].between(0, 1).all()
    assert (table["buy"] <= table["click"]).all()
    whole = made.ranker.chances(log.visits())
    user = {label: code for code, label in enumerate(log.users)}
    item = {label: code for code, label in enumerate(log.items)}
    at = table["user"].map(user), table["item"].map(item)
    for task in ("click", "buy"):
        assert np.allclose(table[task], whole[task][at], atol=1e-6)


def test_a_comparison_tells_in_words_how_chances_came_out(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    offers().to_csv(tmp_path / "log.csv", index=False)
    named = ("--user", "谁", "--item", "what", "--time", "when", "--event", "event")
    asked = ("recommend", str(tmp_path / "log.csv"), *named, "--models", "two_tower")
    small = [f"--set=two_tower.{one}" for one in ("size=8", "hidden=8", "epochs=2", "heads=esmm")]
    assert main([*asked, *small, "--to", str(tmp_path / "to")]) == 0
    told = capsys.readouterr().out
    assert "none/two_tower, chances in the last fifth of the time:" in told
    assert "norm. entropy" in told
    assert "click: The chances " in told
    assert "buy: " in told
    table = pq.read_table(tmp_path / "to" / "lists.parquet")
    assert table.column_names[-2:] == ["click", "buy"]
    assert main([*asked, *small, "--json", "-"]) == 0
    (arm,) = json.loads(capsys.readouterr().out)["arms"]
    click = arm["heads"]["tasks"]["click"]
    assert click["shown"] == pytest.approx(0.2 * len(offers()), rel=0.05)
    assert click["sentence"] in told


@pytest.mark.parametrize(
    "change",
    [
        lambda a, i, m: m.pop("heads.bias"),
        lambda a, i, m: m.update({"heads.slope": m["heads.slope"][:1]}),
        lambda a, i, m: m.update({"heads.offset": np.full_like(m["heads.offset"], np.nan)}),
        lambda a, i, m: m.update({"heads.weight": m["heads.weight"][:, :-1]}),
        lambda a, i, m: m.update({n: m[n][:0] for n in m if n.startswith("heads.")}),
        lambda a, i, m: a["params"].update(heads="off"),
        lambda a, i, m: m.update(read=np.full_like(m["read"], 3e38)),
        lambda a, i, m: m.update(offered=np.full_like(m["offered"], 3e38)),
        lambda a, i, m: m.update(
            {
                "heads.weight": np.full_like(m["heads.weight"], 3e38),
                "heads.bias": np.full_like(m["heads.bias"], 3e38),
                "heads.slope": 0 * m["heads.slope"],
            }
        ),
    ],
)
def test_crafted_chances_are_refused_in_a_sentence(chancy, change) -> None:
    folder, _, _ = chancy
    crafted(folder / "r.rebal", folder / "strange.rebal", change)
    with pytest.raises(UserError, match="no recommender that Rebal can read"):
        load_recommender(folder / "strange.rebal")


CRAFTED = {
    "another version": lambda a, i, m: a.update(format=99),
    "no such model": lambda a, i, m: a.update(model="oracle"),
    "places without end": lambda a, i, m: a.update(k=10**9),
    "a truth value for places": lambda a, i, m: a.update(k=True),
    "a parameter of nobody's": lambda a, i, m: a["params"].update(shell="rm"),
    "columns of nobody's": lambda a, i, m: a["columns"].update(shell="rm"),
    "a context of nothing": lambda a, i, m: a.update(context=5),
    "a context that is no name": lambda a, i, m: a.update(context=[["device"]]),
    "a column that is no name": lambda a, i, m: a["columns"].update(time=[["when"]]),
    "fewer items than the model": lambda a, i, m: i.update(
        ends=i["ends"][:-1],
        text=i["text"][: i["ends"][-2]],
        popularity=i["popularity"][:-1],
        adjust=i["adjust"][:-1],
    ),
    "ends that fall": lambda a, i, m: i.update(ends=i["ends"][::-1]),
    "ends beyond the text": lambda a, i, m: i.update(ends=i["ends"] + 7),
    "text that is none": lambda a, i, m: i.update(text=np.full_like(i["text"], 255)),
    "no number": lambda a, i, m: i.update(adjust=np.full_like(i["adjust"], np.nan)),
    "less than nothing": lambda a, i, m: i.update(popularity=-i["popularity"] - 1),
    "arrays of another model": lambda a, i, m: m.pop("prior"),
}


@pytest.mark.parametrize("change", CRAFTED.values(), ids=CRAFTED)
def test_a_crafted_file_is_refused_in_a_sentence(log, tmp_path, change) -> None:
    saved_of(log, "item_knn").save(tmp_path / "r.rebal")
    crafted(tmp_path / "r.rebal", tmp_path / "strange.rebal", lambda *parts: None)
    assert load_recommender(tmp_path / "strange.rebal").arm == "none/item_knn"
    crafted(tmp_path / "r.rebal", tmp_path / "strange.rebal", change)
    with pytest.raises(UserError, match=r"strange\.rebal"):
        load_recommender(tmp_path / "strange.rebal")
