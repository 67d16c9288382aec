"""What an edit or another library makes to be computed again: what it shapes, and nothing else."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import rebal_core
from rebal_core.arm import Arm, Protocol
from rebal_core.experiment import keys, sources
from rebal_core.experiment.graph import comparison
from rebal_core.experiment.plan import Plan
from rebal_core.schema import Column, Schema
from rebal_core.seeding import content_key

ROOT = Path(rebal_core.__file__).parent
MODULES = sorted(
    ".".join(("rebal_core", *file.relative_to(ROOT).with_suffix("").parts)).removesuffix(
        ".__init__"
    )
    for file in ROOT.rglob("*.py")
)
ARMS = (
    "none/logistic", "none/mlp", "none/random_forest", "none/hist_gradient_boosting",
    "class_weight/logistic", "random_over/logistic", "smote/logistic", "smote/mlp",
    "smote_enn/logistic", "balanced_random_forest/random_forest", "dummy/prior",
)  # fmt: skip


def forget():
    for cached in (
        sources.code_of, sources.libraries_of, sources.closure, sources.installed,
        sources._source, sources._handed_on, keys._prepared,
    ):  # fmt: skip
        cached.cache_clear()


@pytest.fixture(autouse=True)
def as_it_is():
    yield
    forget()


@pytest.fixture
def edit(monkeypatch):
    """Let a module be read as if somebody had edited it."""
    real, edited = sources.read, {}

    def change(module, *pairs, more=""):
        text = real(module) + more
        for old, new in pairs:
            assert old in text, (module, old)
            text = text.replace(old, new)
        ast.parse(text)
        edited[module] = text
        forget()

    monkeypatch.setattr(sources, "read", lambda module: edited.get(module) or real(module))
    return change


def tasks(text=False):
    """Return the key of each task of a plan with every kind of arm, by its kind and name."""
    schema = Schema(
        (
            Column("y", "category", "target"),
            Column("x", "number"),
            Column("t", "text", "feature" if text else "ignore"),
        )
    )
    plan = Plan(
        dataset="d",
        fingerprint="0" * 64,
        schema=schema,
        arms=tuple(Arm(*name.split("/")) for name in ARMS),
        protocol=Protocol("f1", "f1", folds=2),
    )
    graph = comparison(plan, 1)
    found = {}
    for node in graph.nodes.values():
        arm = node.params.get("arm") or {"strategy": "", "classifier": ""}
        held = " held" * (arm["classifier"] == "mlp")
        names = [arm for arm, _, _ in node.answers] or [arm["strategy"] + held]
        for name in names:
            place = (node.kind, name, node.params.get("repeat"), node.params.get("fold"))
            found[place] = node.key
    return found


def changed(before, kind):
    after = tasks()
    assert before.keys() == after.keys()
    return {p[1] for p in before if p[0] == kind and before[p] != after[p]}


def test_every_cell_of_these_arms_has_a_key_of_its_own():
    found = tasks()
    assert len({key for place, key in found.items() if place[0] == "cell"}) == 2 * len(ARMS)
    assert found == tasks()


def test_words_compute_nothing_again(edit):
    before = tasks()
    edit("rebal_core.strategies.smote", ("近邻过采样", "近邻上采样"), ('"SMOTE"', '"Smote"'))
    edit("rebal_core.strategies.balanced_random_forest", ('"brf"', '"brf", "bf"'))
    edit(
        "rebal_core.classifiers.logistic",
        ('label="Logistic', 'label="The logistic'), ("def _make(", "# Why not.\n\n\ndef _make("),
    )  # fmt: skip
    edit("rebal_core.classifiers.base", ('"线性模型"', '"线性"'))
    edit("rebal_core.families", ('"上采样"', '"升采样"'))
    edit("rebal_core.classifiers.mlp", ('"Units of a layer", "More see', '"Width", "More can see'))
    edit("rebal_core.samplers.smote", ('"""SMOTE on a', '"""On the whole: SMOTE on a'))
    edit("rebal_core.strategies.fit", ("hold only one class; at least", "hold one class; at least"))
    assert tasks() == before


EDITS = {
    "rebal_core.samplers.smote": {"smote", "smote_enn"},
    "rebal_core.samplers.enn": {"smote_enn"},
    "rebal_core.samplers.random": {"random_over", "balanced_random_forest"},
    "rebal_core.classifiers.skops_file": set(),
    "rebal_core.weighting.balanced": None,
    "rebal_core.samplers.neighbors": None,
    "rebal_core.strategies.balanced_random_forest": {"balanced_random_forest"},
    "rebal_core.classifiers.logistic": {name for name in ARMS if name.endswith("/logistic")},
    "rebal_core.classifiers.random_forest": {n for n in ARMS if n.endswith("/random_forest")},
    "rebal_core.nn.training": {name for name in ARMS if name.endswith("/mlp")},
    "rebal_core.strategies.smote": set(),
    "rebal_core.strategies.fit": None,
    "rebal_core.data.preparing.tfidf": None,
    "rebal_core.evaluation.verdict": set(),
    "rebal_core.decisions.choice": set(),
    "rebal_core.decisions.decision": set(),
    "rebal_core.decisions.remedies.calibrated": set(),
    "rebal_core.decisions.repairs.beta": set(),
    "rebal_core.data.reading.infer": set(),
    "rebal_core.experiment.dispatch": set(),
}


@pytest.mark.parametrize("module", EDITS)
def test_an_edit_makes_again_what_it_shapes(module, edit):
    """A set names strategies or arms whose cells are computed again; None: all of them."""
    before = tasks()
    edit(module, more="NEW = 1\n")
    expected = set(ARMS) if EDITS[module] is None else EDITS[module]
    expected = {n for n in ARMS if n in expected or n.partition("/")[0] in expected}
    assert changed(before, "cell") == expected
    samplers = {n.partition("/")[0] for n in expected} & {"smote", "smote_enn", "random_over"}
    samplers |= {"smote held"} & {n.replace("/mlp", " held") for n in expected}
    if not module.startswith("rebal_core.classifiers") and "nn" not in module:
        assert changed(before, "resample") == samplers
    prepared = changed(before, "prepare")
    assert bool(prepared) == module.startswith("rebal_core.data.preparing.tfidf")
    assert bool(changed(before, "decide")) == (
        module.startswith(("rebal_core.evaluation", "rebal_core.decisions"))
    )


@pytest.mark.parametrize(
    ("module", "again"),
    [
        ("rebal_core.evaluation.synthetic.nearness", True),
        ("rebal_core.classifiers.hist_gradient_boosting", True),
        ("rebal_core.experiment.tasks.synthetic", True),
        ("rebal_core.samplers.smote", False),
        ("rebal_core.evaluation.synthetic.told", False),
    ],
)
def test_made_rows_are_judged_again_by_another_judge_only(module, again, edit):
    before = keys.of_synthetic()
    edit(module, more="NEW = 1\n")
    assert (keys.of_synthetic() != before) == again


LEARNERS = {
    "scikit-learn": {n for n in ARMS if not n.endswith("/mlp")},
    "torch": {n for n in ARMS if n.endswith("/mlp")},
    "imbalanced-learn": {"balanced_random_forest/random_forest"},
    "numpy": set(ARMS),
    "pandas": set(ARMS),
    "skops": set(),
    "platformdirs": set(),
}


@pytest.mark.parametrize("library", LEARNERS)
def test_another_version_of_a_library_makes_its_learners_anew(library, monkeypatch):
    before, texts = tasks(), tasks(text=True)
    real = sources.version
    monkeypatch.setattr(sources, "version", lambda n: "99" if n == library else real(n))
    forget()
    assert changed(before, "cell") == LEARNERS[library]
    if library == "scikit-learn":
        assert not changed(before, "prepare"), "no column is text"
        assert not changed(before, "resample")
        after = tasks(text=True)
        assert all(after[place] != key for place, key in texts.items() if place[0] == "cell")


@cache
def imports_and_names(module):
    """Return what a module asks of ours, and the names that stand in it."""
    asked, names = [], set()
    for node in ast.walk(ast.parse(sources.read(module))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("rebal_core"):
            asked += [(node.module, alias.name) for alias in node.names]
    return asked, names


def test_every_import_of_ours_is_found_in_the_sources():
    """A name that a package would compute could hide the code behind it."""
    for module in MODULES:
        for asked, name in imports_and_names(module)[0]:
            home = sources.definer(asked, name)
            assert home == f"{asked}.{name}" or name in imports_and_names(home)[1], (module, name)


def test_a_package_is_asked_for_the_module_behind_a_name():
    assert sources.definer("rebal_core.samplers", "SMOTE") == "rebal_core.samplers.smote"
    assert sources.definer("rebal_core.strategies", "smote") == "rebal_core.strategies.smote"
    assert sources.definer("rebal_core.strategies", "ALWAYS") == "rebal_core.strategies"
    assert sources.definer("rebal_core.rows", "Recipe") == "rebal_core.rows"
    fit = sources.closure("rebal_core.strategies.fit")
    assert not {"rebal_core.strategies", "rebal_core.samplers.smote"} & {*fit}
    assert "rebal_core.nn.training" in sources.closure("rebal_core.classifiers.mlp")


def test_a_step_from_elsewhere_is_keyed_by_its_own_file(tmp_path, monkeypatch):
    """Strategies of others are files of their own, which need not belong to a distribution."""
    monkeypatch.syspath_prepend(tmp_path)
    head = "import beside_it\nfrom rebal_core.samplers import SMOTE\n\n\n"
    (tmp_path / "beside_it.py").write_text("")
    (tmp_path / "foreign_step.py").write_text(f"{head}class Foreign(SMOTE):\n    pass\n")
    from foreign_step import Foreign

    def keyed():
        forget()
        sources._parsed.cache_clear()
        return keys.of_resampling([Foreign()])

    before = keyed()
    assert before == keyed()
    assert before[1]["beside_it"] == "", "no distribution: no version"
    assert "rebal_core.samplers.smote" in sources.closure("foreign_step")
    (tmp_path / "foreign_step.py").write_text(f"{head}class Foreign(SMOTE):\n    more = 1\n")
    assert keyed() != before


def test_what_the_keys_name_is_there():
    named = [v for v in vars(keys).values() if isinstance(v, str) and v.startswith("rebal_core.")]
    assert len(named) > 5
    for module in (*named, *keys._PREPARING, *keys._KEEPING):
        assert sources.read(module), module


@pytest.mark.parametrize("value", [Path("/x"), {1}, object(), np.int64(3), np.zeros(2), b"x"])
def test_what_is_not_plain_has_no_key(value):
    with pytest.raises(TypeError):
        content_key("cell", value)


def test_equal_content_has_an_equal_key():
    assert content_key((1, "a"), np.float64(0.5)) == content_key([1, "a"], 0.5)
    assert content_key(True) != content_key(1)


SCRIPT = """
import sys
from pathlib import Path
import rebal_core
from rebal_core.experiment import worker
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.store import Store

home, root = Path(sys.argv[1]), Path(sys.argv[2])
assert Path(rebal_core.__file__).is_relative_to(root)
real, begun = worker._function, []
worker._function = lambda kind: begun.append(kind) or real(kind)
store = Store(home)
dataset = store.dataset(store.datasets()[0].id)
plan = make_plan(dataset, strategies="smote", classifiers="logistic", folds=2)
assert run_here(store, plan).state == "done"
print(*sorted(begun))
"""


@pytest.mark.slow
def test_edited_copies_of_the_code_compute_just_that_again(tmp_path, tiny_binary):
    from rebal_core.data.reading.load import from_frame
    from rebal_core.store import Store

    store = Store(tmp_path / "home")
    _, folder = store.new_dataset_folder()
    store.add_dataset(from_frame(tiny_binary, folder, target="label"))
    store.close()

    def begun(name, module="", edit=str):
        root = tmp_path / name
        shutil.copytree(ROOT, root / "rebal_core", ignore=shutil.ignore_patterns("__pycache__"))
        if module:
            file = root.joinpath(*module.split(".")).with_suffix(".py")
            before = file.read_text()
            file.write_text(edit(before))
            assert file.read_text() != before
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path / "home"), str(root)],
            env={**os.environ, "PYTHONPATH": str(root)}, cwd=root,
            capture_output=True, text=True, check=True, timeout=300,
        )  # fmt: skip
        return done.stdout.split()

    # none and threshold share their cells; dummy, class_weight and smote have their own.
    first = begun("first")
    assert (first.count("cell"), first.count("resample"), first.count("split")) == (8, 2, 1)
    assert begun("same") == ["decide"]
    alias = begun("alias", "rebal_core.strategies.smote", lambda t: t.replace("近邻过", "近邻上"))
    assert alias == ["decide"]
    code = begun("code", "rebal_core.samplers.smote", lambda text: text + "NEW = 1\n")
    assert code == ["cell", "cell", "decide", "resample", "resample"]


@pytest.mark.parametrize("faults", [1, 50])
def test_a_tree_that_python_denies_is_built_again(faults, monkeypatch):
    """Two threads that build trees at once get a SystemError of Python 3.11."""
    left = [faults]

    def parse(text):
        left[0] -= 1
        if left[0] >= 0:
            raise SystemError("AST constructor recursion depth mismatch")
        return compile(text, "text", "exec", ast.PyCF_ONLY_AST)

    monkeypatch.setattr(ast, "parse", parse)
    text = f"import json  # {faults}"
    if faults > 10:
        with pytest.raises(SystemError):
            sources._parsed(text)
    else:
        assert "json" in sources._parsed(text).code
