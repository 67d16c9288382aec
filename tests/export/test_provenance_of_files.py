"""Where each row of a file comes from, for every strategy: origin, parents, fit, weight, flag."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.files import load_recipe, save_recipe
from rebal_core.experiment.sizes import facts_of
from rebal_core.export import balance
from rebal_core.export.balance import balance_table
from rebal_core.export.tables import ADDED, write_table
from rebal_core.strategies import STRATEGIES
from rebal_core.wording import Unsuitable

#: How many parents a row of each origin has.
PARENTS = {
    "original": {1},
    "duplicate": {1},
    "interpolated": {2},
    "generated": {0},
    "adversarial": {1},
}
WRITES = [s for s in STRATEGIES if s.changes_rows or s.weights is not None]


@pytest.fixture(scope="module")
def dataset(tiny_tables, tmp_path_factory):
    frame = tiny_tables["multiclass"].assign(visit=np.arange(400) % 40)
    read = from_frame(frame, tmp_path_factory.mktemp("d") / "d", target="label")
    return read.with_schema(read.schema.with_role("item", "visit"))


def made_of(strategy, dataset, monkeypatch, folder):
    """Balance by way of a stored recipe: what is not stored does not reach the file."""
    resample = balance.resample

    def stored(*parts, **more):
        recipe = resample(*parts, **more)
        if recipe is None:
            return None
        save_recipe(folder / "recipe.npz", recipe, 0.0)
        return load_recipe(folder / "recipe.npz")[0]

    monkeypatch.setattr(balance, "resample", stored)
    return balance_table(dataset, strategy.name, params=dict(strategy.fast))


def lies_between(table, source, step) -> None:
    """Hold numbers of rows of two parents against these: as far along as their step says."""
    pairs = table[table["_origin"] == "interpolated"]
    ends = np.array(pairs["_parents"].tolist()).reshape(-1, 2)
    first, second = (source["amount"].to_numpy()[ends[:, k]] for k in (0, 1))
    reach = [first + u * (second - first) for u in step.reach]
    assert (pairs["amount"] >= np.minimum(*reach) - 1e-6).all()
    assert (pairs["amount"] <= np.maximum(*reach) + 1e-6).all()


@pytest.mark.parametrize("strategy", WRITES, ids=lambda s: s.name)
def test_every_row_of_a_file_says_where_it_comes_from(strategy, dataset, monkeypatch, tmp_path):
    facts = facts_of(dataset, dataset.schema)
    spec = strategy.with_params(strategy.fast, facts)
    if spec.unsuitable(facts, spec.serves[0]) is not None:
        with pytest.raises(Unsuitable):
            made_of(strategy, dataset, monkeypatch, tmp_path)
        return
    made = made_of(strategy, dataset, monkeypatch, tmp_path)
    write_table(made.train, tmp_path / "t.parquet", made.note())
    table, source = pd.read_parquet(tmp_path / "t.parquet"), dataset.frame()
    ours = [n for n in table.columns if n not in source.columns]
    assert ours == [n for n in ADDED if n in ours]
    assert ours[-2:] == ["_origin", "_parents"]
    parents = table["_parents"].map(len)
    assert all(n in PARENTS[kind] for n, kind in zip(parents, table["_origin"], strict=True))
    single = table[parents == 1]
    of = single["_parents"].map(lambda rows: rows[0]).to_numpy(dtype=int)
    moved = (single["_origin"] == "adversarial").to_numpy()
    same = single["amount"].to_numpy() == source["amount"].to_numpy()[of]
    assert same[~moved].all()
    assert not same[moved].all() or not moved.any()
    if (table["_origin"] == "interpolated").any():
        # A generator has SMOTE grow the classes that are too small to be learned.
        steps = (s for s in spec.samplers if s.makes == "interpolated")
        lies_between(table, source, next(steps, STRATEGIES["smote"].samplers[0]))
    bare = table["_origin"] == "generated"
    assert ("_fit" in table) == bare.any()
    if bare.any():
        assert table.loc[bare, "_fit"].str.match(r"[a-z_0-9]+\(class=[abcd], seed=\d+\)").all()
        assert table.loc[~bare, "_fit"].isna().all()
        assert (table.loc[bare, "_distance"] >= 0).all()
        assert table.loc[~bare, "_distance"].isna().all()
    removed = made.removed.to_pandas()
    assert removed.columns[-3:].tolist() == ["_removed_by", "_origin", "_parents"]
    gone = removed["_parents"].map(lambda rows: rows[0])
    own = of[(single["_origin"] == "original").to_numpy()]
    assert sorted([*own, *gone]) == list(range(len(source)))
    assert set(removed["_origin"]) <= {"removed"}
    assert set(removed["_removed_by"]) <= {step.name for step in strategy.samplers}
    # What a step weighs or marks is in the file, and so are the weights of a step that only weighs.
    assert strategy.weights is None or "_weight" in table
    assert "_weight" not in table or (table["_weight"] > 0).all()
    assert ("_flag" in table) == strategy.name.startswith("outliers_")


@pytest.mark.parametrize(
    "strategy", [s for s in STRATEGIES if s not in WRITES], ids=lambda s: s.name
)
def test_what_touches_no_row_has_no_file_of_its_own(strategy, dataset):
    with pytest.raises(Unsuitable, match="leaves the table as it is"):
        balance_table(dataset, strategy.name)


def test_removed_rows_are_the_users_value_by_value(dataset):
    made = balance_table(dataset, "random_under")
    source = pq.read_table(dataset.table).to_pylist()
    for row in made.removed.to_pylist():
        of = row["_parents"][0]
        assert {name: row[name] for name in source[0]} == source[of]
        assert (row["_origin"], row["_removed_by"]) == ("removed", "random_under")


def test_a_column_of_the_users_keeps_our_name(tiny_binary, tmp_path):
    frame = tiny_binary.assign(_fit=np.arange(300) / 7)
    dataset = from_frame(frame, tmp_path / "d", target="label")
    dataset = dataset.with_schema(dataset.schema.with_role("feature", "_fit"))
    table = balance_table(dataset, "rose").train.to_pandas()
    assert table["_fit"].dtype == float
    assert table["_fit_2"].dropna().str.startswith("rose(class=rare").all()
    again = from_frame(table, tmp_path / "again", target="label").schema
    assert {again[n].role for n in ("_fit_2", "_origin", "_parents")} == {"ignore"}
