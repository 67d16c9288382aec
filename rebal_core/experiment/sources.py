"""Which code and which libraries shape a result: read from the sources, nothing is imported.

What a module imports, at any depth, shapes what it does. A package is asked for the module that
defines a name, so that asking a registry does not bring in all its entries.
"""

from __future__ import annotations

import ast
import hashlib
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "rebal_core"
_BUILDING, _TRIES = threading.Lock(), 5
_ROOT = Path(__file__).parents[1]

#: Calls of specs and parameters, and which of their arguments are texts for people.
_SPECS = frozenset({"Strategy", "Classifier", "Recalibration", "Goal", "Recommender", "Remedy"})
_PARAMS = frozenset(
    {
        *("Param", "Number", "Choice", "Switch", "ColumnName", "ColumnNames", "Counts", "Table"),
        *("Word", "Amounts", "RuleText", "MarginalText", "ItemColumn"),
    }
)
_TEXTS = frozenset({"label", "title", "about", "after", "aliases", "reference", "family"})
#: What these are given is words only: their noun, and other words of families.
_REGISTRIES = frozenset({"Registry", "Strategies"})
#: Errors of the user's making: what they say shapes no number.
_ERRORS = frozenset({"UserError", "Unsuitable"})
#: Parts of libraries that lend a form, not a number.
_FORMS = frozenset({"sklearn.base", "sklearn.exceptions", "sklearn.utils", "imblearn.base"})
#: Libraries that look at the machine, or keep files, only.
_ASIDE = frozenset({"platformdirs", "psutil", "safetensors", "skops"})
#: Constants that hold words for people only.
_WORDS = frozenset({"FAMILIES"})
#: Rooms of ours that no fold of a comparison goes through: ``fit_resample``.
_BESIDE = frozenset({"rebal_core.samplers.plain"})
#: Distributions that are not called like what they let import.
_DISTRIBUTIONS = {"sklearn": "scikit-learn", "imblearn": "imbalanced-learn"}


@dataclass(frozen=True)
class Source:
    """One module of ours.

    Parameters
    ----------
    code : str
        Its syntax tree, without what people read.
    inside : frozenset of str
        Modules of ours that define what it imports.
    outside : frozenset of str
        Libraries that it imports.
    """

    code: str
    inside: frozenset[str]
    outside: frozenset[str]


@cache
def code_of(
    *modules: str, alone: tuple[str, ...] = (), without: frozenset[str] = frozenset()
) -> str:
    """Return a hash of the code of these modules and of all of ours that they import.

    Docstrings, comments, layout, the texts of a spec and the sentences of user errors do not count.

    Parameters
    ----------
    *modules : str
        Dotted names.
    alone : tuple of str
        Modules that count without what they import.
    without : frozenset of str
        Modules that do not count, nor what they alone import.
    """
    digest = hashlib.sha256()
    for module in sorted({*closure(*modules, without=without), *alone}):
        digest.update(f"{module}\n{_source(module).code}\n".encode())
    return digest.hexdigest()[:16]


@cache
def libraries_of(*modules: str, without: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return the installed versions of the libraries that these modules and their imports use.

    Parameters
    ----------
    *modules : str
        Dotted names.
    without : frozenset of str
        Modules that are not followed.
    """
    known = closure(*modules, without=without)
    names = {name for module in known for name in _source(module).outside}
    return {name: installed(name) for name in sorted(names)}


@cache
def closure(*modules: str, without: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Return these modules and all of ours that they import, at any depth, sorted."""
    found: set[str] = set()
    open_ = [*modules]
    while open_:
        module = open_.pop()
        if module not in found and module not in without:
            found.add(module)
            open_ += _source(module).inside
    return tuple(sorted(found))


@cache
def installed(distribution: str) -> str:
    """Return the version of a distribution; of what belongs to none, nothing."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


@cache
def _source(module: str) -> Source:
    return _parsed(read(module))


def _tree(text: str) -> ast.Module:
    """Return the syntax tree of a source.

    Python 3.11 counts the depth of all trees that are being built in one place, and denies one
    where two threads build at once (cpython issue 106905): ours wait for each other, and where it
    was another's, it is built again.
    """
    for tries_left in reversed(range(_TRIES)):
        try:
            with _BUILDING:
                return ast.parse(text)
        except SystemError:
            if not tries_left:
                raise
    raise AssertionError


@cache
def _parsed(text: str) -> Source:
    tree = _tree(text)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    inside: set[str] = set()
    outside: set[str] = set()
    for name, member in (pair for node in imports for pair in _asked(node)):
        top = name.partition(".")[0]
        if top == PACKAGE:
            inside.add(definer(name, member))
        elif top not in sys.stdlib_module_names | _ASIDE and name not in _FORMS:
            outside.add(_DISTRIBUTIONS.get(top, top))
    code = ast.dump(_WithoutProse().visit(tree))
    return Source(code, frozenset(inside) - _BESIDE, frozenset(outside))


def _asked(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str | None]]:
    """Yield each module that is imported, with the member that is asked of it."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, None) for alias in node.names)
    elif node.level or node.module is None:
        raise ValueError("a relative import, which nothing of ours needs")
    else:
        yield from ((node.module, alias.name) for alias in node.names)


def definer(module: str, member: str | None) -> str:
    """Return the module that defines what is asked of a module, or of a package."""
    if member is None or not _path(module).is_dir():
        return module
    source = _handed_on(module).get(member)
    if source is not None:
        return definer(source, member)
    inner = f"{module}.{member}"
    there = _path(inner).is_dir() or _path(inner).with_suffix(".py").exists()
    return inner if there else module


@cache
def _handed_on(package: str) -> dict[str | None, str]:
    """Return the names that a package hands on, and the modules of ours that it has them from."""
    imports = [node for node in _tree(read(package)).body if isinstance(node, ast.ImportFrom)]
    asked = [(name, source) for node in imports for source, name in _asked(node)]
    return {n: s for n, s in asked if s.startswith(PACKAGE) and s != package}


def read(module: str) -> str:
    """Return the source of a module of ours, of a package's own, or of a step's from elsewhere."""
    path = _path(module)
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return file.read_text(encoding="utf-8")


def _path(module: str) -> Path:
    """Return a module's file without its ending, or a package's folder."""
    top, *inner = module.split(".")
    if top == PACKAGE:
        return _ROOT.joinpath(*inner)
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ValueError(f"{module} stands in no file, which a strategy must")
    file = Path(spec.origin)
    return file.parent if file.name == "__init__.py" else file.with_suffix("")


class _WithoutProse(ast.NodeTransformer):
    """Takes out what only people read."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Drop the docstring of whatever may have one."""
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_text(getattr(body[0], "value", None)):
            node.body = body[1:]  # type: ignore[attr-defined]
        return super().generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Drop the texts of a spec, and those of a parameter, whose value the key holds anyway."""
        name = _name(node)
        if name in _REGISTRIES:
            node.args, node.keywords = [], []
        if name in _SPECS | _PARAMS:
            node.keywords = [word for word in node.keywords if word.arg not in _TEXTS]
        if name in _PARAMS:
            rest = [a for a in node.args[1:] if not _is_text(a)]
            node.args = [*node.args[:1], *rest]
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Drop what a constant of words holds."""
        if isinstance(node.target, ast.Name) and node.target.id in _WORDS:
            node.value = None
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """Drop the sentence of an error."""
        call = node.exc
        if isinstance(call, ast.Call) and _name(call) in _ERRORS:
            call.args = [argument for argument in call.args if not _is_text(argument)]
        return self.generic_visit(node)


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _is_text(node: object) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
