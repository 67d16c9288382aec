"""A model.rebal made by a stranger is refused in a sentence before it crashes, fills or lies."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest
import skops.io
from inline_engine import run_inline
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from rebal_core.export.bundle import load_bundle
from rebal_core.export.predict import predict_table
from rebal_core.export.run import export_run
from rebal_core.strategies.persist import trusted
from rebal_core.wording import UserError

ARMS = {
    "forest": "none/random_forest",
    "balanced": "balanced_random_forest/random_forest",
    "boosting": "none/hist_gradient_boosting",
    "network": "none/mlp",
    "linear": "none/logistic",
    "shares": "dummy/prior",
    "line": "none/linear_svm",
    "kernel": "none/rbf_svm",
    "neighbours": "none/knn",
    "bayes": "none/naive_bayes",
    "tree": "none/decision_tree",
    "lightgbm": "none/lightgbm",
    "extra": "none/extra_trees",
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Return the bundles of all kinds of model, and rows to score."""
    rng = np.random.default_rng(4)
    rare = rng.random(160) < 0.3
    frame = pd.DataFrame(
        {
            "amount": rng.normal(size=160) + 1.5 * rare,
            "device": rng.choice(["phone", "desk"], 160),
            "label": np.where(rare, "rare", "common"),
        }
    )
    folder = tmp_path_factory.mktemp("crafted")
    wishes = {
        "strategies": "balanced_random_forest",
        "classifiers": ",".join({arm.split("/")[1] for arm in ARMS.values()} - {"prior"}),
        "folds": 2,
    }
    store, run = run_inline(folder / "home", frame, **wishes)
    for name, arm in ARMS.items():
        export_run(store, run, folder / name, arm=arm)
    frame.head(9).to_csv(folder / "new.csv", index=False)
    return folder


def remade(models, kind, tmp_path, change):
    """Return a bundle of this kind whose parts, bytes by name, were changed."""
    with zipfile.ZipFile(models / kind / "model.rebal") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    bad = tmp_path / "bad.rebal"
    with warnings.catch_warnings(), zipfile.ZipFile(bad, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        for name, data in change(parts).items():
            archive.writestr(name, data)
    return bad


def estimator(change):
    """Return a change of the estimator, or its replacement by what the change returns."""

    def craft(parts):
        found = skops.io.loads(parts["model.skops"], trusted=list(trusted()))
        made = change(found)
        return {**parts, "model.skops": skops.io.dumps(found if made is None else made)}

    return craft


def schema(change):
    """Return a change of what skops is told to build, tree by tree."""

    def craft(parts):
        out = io.BytesIO()
        source = zipfile.ZipFile(io.BytesIO(parts["model.skops"]))
        with zipfile.ZipFile(out, "w") as archive:
            for name in source.namelist():
                data = source.read(name)
                if name == "schema.json":
                    whole = json.loads(data)
                    found = list(_trees(whole))
                    assert found
                    for tree in found:
                        change(tree)
                    data = json.dumps(whole).encode()
                archive.writestr(name, data)
        return {**parts, "model.skops": out.getvalue()}

    return craft


def _trees(at):
    if isinstance(at, dict):
        if at.get("__loader__") == "TreeNode":
            yield at
        at = list(at.values())
    if isinstance(at, list):
        for one in at:
            yield from _trees(one)


def state(tree, name, value):
    """Set a plain value of a tree's state."""
    tree["content"]["content"][name] = plain(value)


def argument(tree, place, value):
    tree["__reduce__"]["args"]["content"][place] = plain(value)


def plain(value):
    """Return a value as skops writes it; without an id, by which it would be taken for another."""
    kind = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode"}
    return {**kind, "content": json.dumps(value), "is_json": True}


def grown(change):
    """Return a change of the arrays of every tree of a forest."""

    def craft(forest):
        for one in forest.estimators_:
            held = one.tree_.__getstate__()
            change(held["nodes"])
            one.tree_.__setstate__(held)

    return estimator(craft)


def boosted(change):
    def craft(model):
        for trees in model._predictors:
            for tree in trees:
                change(tree)

    return estimator(craft)


def put(name, value, places=slice(None)):
    def change(nodes):
        nodes[name][places] = value

    return change


def own(name, value):
    """Return a change of one attribute of the estimator."""
    return estimator(lambda model: setattr(model, name, value))


def fitted(model, width=2):
    x = np.random.default_rng(0).normal(size=(40, width))
    return model.fit(x, (x[:, 0] > 0).astype(int))


def told(part, value, *keys):
    """Return a change of one value of a JSON part."""

    def craft(parts):
        whole = at = json.loads(parts[part])
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = value
        return {**parts, part: json.dumps(whole).encode()}

    return craft


def numbers(**changed):
    """Return a change of arrays of a model that is kept as such."""

    def craft(parts):
        with np.load(io.BytesIO(parts["model.npz"])) as held:
            arrays = {**held, **changed}
        out = io.BytesIO()
        np.savez(out, **arrays)
        return {**parts, "model.npz": out.getvalue()}

    return craft


def text(found, put_there):
    """Return a change of LightGBM's text, wherever the pattern is found."""

    def craft(parts):
        before = parts["model.txt"].decode()
        after = re.sub(found, put_there, before)
        assert after != before
        return {**parts, "model.txt": after.encode()}

    return craft


def wide(units):
    """Return a network that says it is this wide, with the numbers of a small one."""
    return told("arm.json", units, "model", "shape", "hidden")


def no_nodes(tree):
    tree.nodes = tree.nodes[:0]


def other_nodes(tree):
    tree.nodes = np.zeros(3)


CRAFTED = {
    # What crashes: links outside, in circles, no child but another than -1, absent columns.
    "forest, far link": ("forest", grown(put("left_child", 10**9, 0))),
    "forest, back link": ("forest", grown(put("right_child", 0, 0))),
    "forest, other sign": ("forest", grown(put("left_child", -5))),
    "forest, far column": ("forest", grown(put("feature", 10**6))),
    "forest, column before": ("forest", grown(put("feature", -7))),
    "balanced, far link": ("balanced", grown(put("left_child", 10**9, 0))),
    "forest, more nodes": ("forest", schema(lambda t: state(t, "node_count", 10**8))),
    "forest, no nodes": ("forest", schema(lambda t: state(t, "node_count", 0))),
    "forest, outputs": ("forest", schema(lambda t: argument(t, 2, 10**8))),
    "forest, no outputs": ("forest", schema(lambda t: argument(t, 2, -1))),
    "forest, more columns": ("forest", schema(lambda t: argument(t, 0, 10**6))),
    "forest, width": ("forest", own("n_features_in_", 10**6)),
    "forest, no trees": ("forest", own("estimators_", [])),
    "forest, foreign trees": ("forest", own("estimators_", [fitted(LogisticRegression())])),
    "boosting, far link": ("boosting", boosted(lambda t: put("left", 10**9, 0)(t.nodes))),
    "boosting, circle": ("boosting", boosted(lambda t: put("right", 0)(t.nodes))),
    "boosting, far column": ("boosting", boosted(lambda t: put("feature_idx", 10**6)(t.nodes))),
    "boosting, categories": ("boosting", boosted(lambda t: put("is_categorical", 1)(t.nodes))),
    "boosting, no nodes": ("boosting", boosted(no_nodes)),
    "boosting, other nodes": ("boosting", boosted(other_nodes)),
    # Other types than ours.
    "lone tree": ("forest", estimator(lambda _: fitted(DecisionTreeClassifier()))),
    "pipeline": ("linear", estimator(lambda _: make_pipeline(LogisticRegression()))),
    "foreign forest": ("forest", estimator(lambda _: fitted(ExtraTreesClassifier(3)))),
    "forest as a tree": ("tree", estimator(lambda _: fitted(RandomForestClassifier(3)))),
    "tree, far link": ("tree", schema(lambda t: argument(t, 0, 10**6))),
    "extra, far link": ("extra", grown(put("left_child", 10**9, 0))),
    "list": ("forest", estimator(lambda f: list(f.estimators_))),
    "own loss": ("boosting", own("_loss", LogisticRegression())),
    "own method": ("linear", own("decision_function", np.abs)),
    "own classes": ("shares", own("predict_proba", 5)),
    # What fills memory.
    "wide network": ("network", wide(4096)),
    "endless network": ("network", wide(30_000)),
    "deep network": ("network", told("arm.json", 10**9, "model", "shape", "depth")),
    "wide numbers": ("network", told("arm.json", 10**9, "model", "width_")),
    "many codes": ("network", told("arm.json", [10**9], "model", "cardinalities_")),
    "no network": ("network", wide(True)),
    "network of text": ("network", wide("30000")),
    "long manifest": (
        "linear",
        lambda p: {**p, "manifest.json": b"[" + b"[]," * 6_000_000 + b"0]"},
    ),
    "long arm": ("linear", lambda p: {**p, "arm.json": b" " * (2**27 + 1)}),
    "zeros": ("linear", lambda p: {**p, "preparation.npz": bytes(50_000_000)}),
    "wide line": ("line", numbers(weights=np.zeros((30, 1)))),
    "line to nowhere": ("line", numbers(weights=np.full((4, 1), np.nan))),
    "line of objects": ("line", numbers(weights=np.zeros((4, 1), dtype="U3"))),
    "kernel of other rows": ("kernel", numbers(centres=np.zeros((3, 4)))),
    "kernel without centres": ("kernel", told("arm.json", "onehot", "model", "encoding")),
    "kernel of words": ("kernel", told("arm.json", "1", "model", "gamma")),
    "neighbours outside": ("neighbours", numbers(y=np.full(80, 9))),
    "no neighbours": ("neighbours", numbers(y=np.zeros(0, dtype=np.int64))),
    "fewer neighbours": ("neighbours", told("arm.json", 0, "model", "n_neighbors")),
    "negative votes": ("neighbours", numbers(weight=np.full(80, -1.0))),
    "bayes, no variance": ("bayes", numbers(variance=np.zeros((2, 1)))),
    "bayes, more categories": ("bayes", told("arm.json", [10**9], "model", "cardinalities_")),
    "another kind": ("bayes", told("arm.json", "margins", "model", "kind")),
    # What LightGBM would read without a look.
    "lightgbm, far link": ("lightgbm", text("left_child=", "left_child=999999 ")),
    "lightgbm, circle": ("lightgbm", text(r"right_child=-?\d+", "right_child=0")),
    "lightgbm, one leaf twice": ("lightgbm", text("left_child=-?[0-9]+", "left_child=-2")),
    "lightgbm, far column": ("lightgbm", text("split_feature=[0-9]+", "split_feature=999999")),
    "lightgbm, more leaves": ("lightgbm", text("num_leaves=", "num_leaves=9")),
    "lightgbm, more sets": ("lightgbm", text("num_cat=0", "num_cat=7")),
    "lightgbm, no set": ("lightgbm", text("decision_type=[0-9]+", "decision_type=1")),
    "lightgbm, lines": ("lightgbm", text("is_linear=0", "is_linear=1")),
    "lightgbm, words": ("lightgbm", text("threshold=", "threshold=x ")),
    "lightgbm, no number": ("lightgbm", text("leaf_value=[^ ]+", "leaf_value=nan")),
    "lightgbm, twice": ("lightgbm", text("is_linear=0", "is_linear=0\nis_linear=0")),
    "lightgbm, foreign": ("lightgbm", text("tree\nversion=v4", "tree\nversion=v9")),
    "lightgbm, empty": ("lightgbm", text("(?s)\nTree=0.*end of", "\nend of")),
    "lightgbm, classes": ("lightgbm", told("arm.json", [0, 1, 2], "model", "classes_")),
    "lightgbm, width": ("lightgbm", told("arm.json", 10**9, "model", "width_")),
    "lightgbm, focus": ("lightgbm", told("arm.json", -1.0, "model", "focus_")),
    # What lies.
    "one class twice": ("linear", own("classes_", np.array([1, 1]))),
    "a class too many": ("linear", own("classes_", np.array([0, 1, 2]))),
    "classes in rows": ("linear", own("classes_", np.array([[0, 1]]))),
    "no class": ("linear", own("classes_", np.array([], dtype=int))),
    "network, twice": ("network", told("arm.json", [1, 1], "model", "classes_")),
    "network, outside": ("network", told("arm.json", [0, 7], "model", "classes_")),
    "shares beyond 1": ("shares", own("class_prior_", np.array([5.0, -4.0]))),
    "shares of one": ("shares", own("class_prior_", np.array([1.0]))),
}


@pytest.mark.parametrize("name", CRAFTED)
def test_a_crafted_model_is_refused(models, tmp_path, name):
    kind, change = CRAFTED[name]
    bad = remade(models, kind, tmp_path, change)
    with pytest.raises(UserError) as said:
        predict_table(load_bundle(bad), models / "new.csv")
    assert "bad.rebal" in str(said.value) or "cannot score" in str(said.value)
    assert str(said.value).count("\n") == 0


@pytest.mark.parametrize("kind", ARMS)
def test_our_own_models_pass(models, tmp_path, kind):
    sound = remade(models, kind, tmp_path, lambda parts: parts)
    scored = predict_table(load_bundle(sound), models / "new.csv").table.to_pandas()
    assert len(scored) == 9
    np.testing.assert_allclose(scored["p_common"] + scored["p_rare"], 1, atol=1e-6)


def test_a_small_file_fills_no_memory(models, tmp_path):
    """The greatest bundle that passes the sizes and says it is a network of 10**9 columns."""
    bad = remade(models, "network", tmp_path, told("arm.json", 10**9, "model", "width_"))
    assert bad.stat().st_size < 500_000
    code = (
        "import re, sys\nfrom pathlib import Path\n"
        "def peak():\n"
        "    return int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
        "from rebal_core.export.bundle import load_bundle\n"
        "import skops.io, safetensors.torch\n"
        "before = peak()\n"
        "try: load_bundle(Path(sys.argv[1]))\n"
        "except Exception as error: print(type(error).__name__)\n"
        "print(peak() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(bad)], capture_output=True, text=True, check=True
    )
    error, more = done.stdout.split()
    assert error == "UserError"
    assert int(more) < 200_000  # kB
