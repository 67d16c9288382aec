"""No two modules need each other, at whatever depth they import."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_spec = importlib.util.spec_from_file_location("circles", ROOT / ".ci" / "import_circles.py")
check = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(check)


def test_no_module_needs_one_that_needs_it():
    graph = check.import_graph(ROOT / "rebal_core", ROOT / "app")
    assert "rebal_core.experiment.plan" in graph["rebal_core.experiment.planning"]
    assert check.circles(graph) == []


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A package of modules by name and text; its folder stands in for the project's."""

    def plant(**modules):
        for name, text in {"__init__": "", **modules}.items():
            path = tmp_path / "house" / f"{name.replace('__of__', '/')}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return tmp_path / "house"

    return plant


TYPING = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
LATE = "class A:\n    def b(self):\n        if True:\n            {}\n"


@pytest.mark.parametrize(
    "back",
    [
        "import house.one",
        "from house import one",
        "from house.one import x as y",
        "from . import one",
        "from .one import x",
        "try:\n    from house.one import x\nexcept ImportError:\n    pass",
        TYPING + "    pass\nelse:\n    import house.one",
        LATE.format("from house.one import x"),
        LATE.format("import os, house.one"),
    ],
)
def test_a_planted_circle_is_named(planted, capsys, back):
    house = planted(one="from house.two import x", two="from house.three import x", three=back)
    assert check.main([str(house)]) == 1
    told = capsys.readouterr().out
    assert "These 3 modules need each other:" in told
    assert "house.three imports house.one\n" in told


def test_a_circle_through_a_package_is_named(planted):
    house = planted(
        room__of____init__="from house.room.lamp import on",
        room__of__lamp="from house.room import off\non = 1",
        room__of__door="from ..room.lamp import on",
    )
    assert check.circles(check.import_graph(house)) == [["house.room", "house.room.lamp"]]


@pytest.mark.parametrize(
    "back",
    [
        "",
        "import os.path, json",
        "x = 'import house.one'",
        TYPING + "    from house.one import x",
        "from house import x",
    ],
)
def test_what_closes_no_circle_is_let_be(planted, capsys, back):
    house = planted(one="from house.two import x", two=back)
    assert check.main([str(house)]) == 0
    assert capsys.readouterr().out == "3 modules, 0 circles of imports\n"
