"""A bundle that is not ours, or whose parts do not go together, gives nothing but a sentence."""

from __future__ import annotations

import json
import warnings
import zipfile

import numpy as np
import pytest
from inline_engine import rare_rows, run_inline

from rebal_core.export.bundle import load_bundle
from rebal_core.export.predict import predict_table
from rebal_core.export.run import export_run
from rebal_core.wording import UserError


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A folder with a bundle of ours, and rows that it can score."""
    home, frame = tmp_path_factory.mktemp("sound"), rare_rows()
    store, run = run_inline(home / "a", frame, strategies="smote", classifiers="logistic", folds=3)
    export_run(store, run, home / "out", arm="none/logistic")
    frame.head(9).to_csv(home / "out" / "new.csv", index=False)
    return home / "out"


def repacked(path, to, change):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts = change(parts)
    with warnings.catch_warnings(), zipfile.ZipFile(to, "w") as archive:
        warnings.simplefilter("ignore")
        for name, data in parts.items():
            archive.writestr(name, data)
    return to


def huge(parts):
    info = {**parts}
    info["manifest.json"] = b" " * 1000
    return info


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: {**p, "../../evil.txt": b"x"}, "does not belong"),
        (lambda p: {**p, "/etc/evil": b"x"}, "does not belong"),
        (lambda p: {**p, "model.pkl": b"x"}, "does not belong"),
        (lambda p: {k: v for k, v in p.items() if k != "arm.json"}, "no model"),
        (lambda p: {**p, "manifest.json": b'{"format": 99}'}, "format 99"),
        (lambda p: {**p, "manifest.json": b"[" * 100_000}, "no model"),
        (lambda p: {**p, "model.skops": b"not a zip"}, "no model"),
        (huge, "no model"),
    ],
)
def test_foreign_bundles_are_refused_in_a_sentence(exported, tmp_path, change, words):
    bad = repacked(exported / "model.rebal", tmp_path / "bad.rebal", change)
    with pytest.raises(UserError, match=words) as told:
        load_bundle(bad)
    assert "\n" not in str(told.value)
    assert not (tmp_path.parent / "evil.txt").exists()


def changed(name, value, *keys):
    """Return a change of one value in a JSON part."""

    def change(parts):
        whole = at = json.loads(parts[name])
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = value
        return {**parts, name: json.dumps(whole).encode()}

    return change


def unfitted(parts):
    import skops.io
    from sklearn.linear_model import LogisticRegression

    return {**parts, "model.skops": skops.io.dumps(LogisticRegression())}


NAN = float("nan")
UNSOUND = {
    "nan prior": changed("arm.json", [NAN, 1], "prior_train"),
    "negative prior": changed("arm.json", [-1, 2], "prior_train"),
    "zero prior": changed("arm.json", [0, 0], "prior_fit"),
    "long prior": changed("arm.json", [0.2, 0.3, 0.5], "prior_fit"),
    "text prior": changed("arm.json", ["a", "b"], "prior_train"),
    "many classes": changed("arm.json", 10**9, "model", "n_classes"),
    "no classes": changed("arm.json", 0, "model", "n_classes"),
    "encoding": changed("arm.json", "nope", "model", "encoding"),
    "no preparation": changed("arm.json", {}, "preparation"),
    "column kind": changed("arm.json", "nope", "preparation", "schema", "columns", 0, "kind"),
    "no categories": changed("arm.json", [], "preparation", "categories", "names"),
    "no values": changed("arm.json", [], "preparation", "categories", "values"),
    "no texts": changed("arm.json", [[-1]], "preparation", "categories", "values"),
    "fill": changed("arm.json", [10**6], "preparation", "categories", "fills"),
    "nan threshold": changed("manifest.json", NAN, "decision", "threshold"),
    "threshold": changed("manifest.json", 9, "decision", "threshold"),
    "slope": changed("manifest.json", NAN, "decision", "repair", "slope"),
    "doubled label": changed("manifest.json", ["rare", "rare"], "decision", "classes"),
    "repair": changed("manifest.json", "magic", "decision", "repair", "name"),
    "na": changed("manifest.json", 5, "na"),
    "na word": changed("manifest.json", [1, None], "na"),
    "sign": changed("manifest.json", {"amount": {"sign": 3}}, "written"),
    "date form": changed("manifest.json", {"day": {"pattern": "%Q"}}, "written"),
    "form": changed("manifest.json", {"day": {"other": 1}}, "written"),
    "commas": changed("manifest.json", 5, "decimal_commas"),
    "list": lambda p: {**p, "manifest.json": b"[]"},
    "unfitted": unfitted,
}


@pytest.mark.parametrize("name", UNSOUND)
def test_parts_that_do_not_go_together_are_refused(exported, tmp_path, name):
    bad = repacked(exported / "model.rebal", tmp_path / "bad.rebal", UNSOUND[name])
    with pytest.raises(UserError, match=r"bad\.rebal") as told:
        load_bundle(bad)
    assert "\n" not in str(told.value)


def test_a_model_that_cannot_score_is_told(exported, tmp_path):
    change = changed("arm.json", [["desk"]] * 1, "preparation", "categories", "values")
    bad = repacked(exported / "model.rebal", tmp_path / "bad.rebal", change)
    with pytest.raises(UserError, match=r"cannot score these rows \(it is not as"):
        predict_table(load_bundle(bad), exported / "new.csv")


def test_unknown_types_and_bombs_are_refused(exported, tmp_path, monkeypatch):
    import skops.io

    from rebal_core.export import archive

    model = exported / "model.rebal"
    skops.io.dump({"evil": np.random.RandomState, "f": print}, tmp_path / "evil.skops")
    evil = (tmp_path / "evil.skops").read_bytes()
    bad = repacked(model, tmp_path / "bad.rebal", lambda p: {**p, "model.skops": evil})
    with pytest.raises(UserError, match="no model"):
        load_bundle(bad)
    monkeypatch.setattr(archive, "_MOST_BYTES", 500)
    with pytest.raises(UserError, match="more than a model may have"):
        load_bundle(model)
    with pytest.raises(UserError, match="no file"):
        load_bundle(tmp_path / "absent.rebal")
