"""Reads the messages out of the source: the literal first arguments of a few known calls.

What a call is given must be seen without running it: a literal, a choice of literals, or a name
that the same function or module gives literals to. Anything else is a fault, told with its line.
"""

from __future__ import annotations

import ast
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: Which argument of these functions of the app is a message; of two forms, that for many.
OF_APP = {"_": 0, "message": 0, "counted": 1}
#: Sentences of the core, and the first of the errors that take one.
TEXT, ERROR = "Text", "UserError"
#: Attributes that hold a text of a registered spec, which the registries give themselves.
FIELDS = (
    *("label", "title", "about", "after", "question", "facts", "why", "fix", "passed", "noun"),
    "pitfall",
)

ROOT = Path(__file__).resolve().parents[2]

Gap = tuple[str, str, str]


@dataclass(frozen=True)
class Message:
    """A message, where it stands, and the call that takes it."""

    text: str
    place: str
    line: int
    by: str


@dataclass(frozen=True)
class Found:
    """What a file holds: its messages, and a line for each that cannot be one."""

    messages: tuple[Message, ...]
    faults: tuple[str, ...]


def gaps(template: str) -> set[Gap]:
    """Return the gaps of a template: name, conversion and format of each.

    Raises
    ------
    ValueError
        When its braces do not match.
    """
    parsed = string.Formatter().parse(template)
    return {
        (name, turned or "", form or "") for _, name, form, turned in parsed if name is not None
    }


@dataclass(frozen=True)
class Errors:
    """Names of the errors that take a sentence, and of those that make theirs themselves."""

    take: frozenset[str] = frozenset({ERROR})
    make: frozenset[str] = frozenset()


def errors(paths: Iterable[Path]) -> Errors:
    """Find ``UserError`` and its kinds."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    classes = [node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
    known, before = {ERROR}, set[str]()
    while known != before:
        before = set(known)
        known |= {c.name for c in classes if any(_name(base) in known for base in c.bases)}
    make = {c.name for c in classes if c.name in known - {ERROR} and _initiates(c)}
    return Errors(frozenset(known - make), frozenset(make))


def _initiates(kind: ast.ClassDef) -> bool:
    return any(isinstance(n, ast.FunctionDef) and n.name == "__init__" for n in kind.body)


def read_source(path: Path, place: str, kinds: Errors = Errors()) -> Found:
    """Read the messages of one file.

    Parameters
    ----------
    place : str
        Name of the file in the catalogue and in faults.
    kinds : Errors
        Of all the code.
    """
    reader = _Reader(ast.parse(path.read_text(encoding="utf-8")), kinds)
    messages, faults = [], []
    for call in reader.calls():
        texts = reader.texts(call)
        if texts is None:
            faults.append(f"{place}:{call.lineno}: {ast.unparse(call.func)} takes no literal.")
            continue
        messages += [Message(text, place, call.lineno, ast.unparse(call.func)) for text in texts]
        faults += [f"{place}:{call.lineno}: {fault}" for fault in reader.misfits(call, texts)]
    return Found(tuple(messages), tuple(faults))


class _Reader:
    """The calls of one module that hold messages, and what the module gives names to."""

    def __init__(self, tree: ast.Module, kinds: Errors) -> None:
        self._tree, self._kinds = tree, kinds
        self._above = {
            id(sub): node for node in ast.walk(tree) for sub in ast.iter_child_nodes(node)
        }

    def calls(self) -> Iterator[ast.Call]:
        """Yield the calls that take a message."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and (self._of_core(node) or _name(node.func) in OF_APP):
                yield node

    def _of_core(self, call: ast.Call) -> bool:
        makes = isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"
        if makes and ast.unparse(call.func) == "super().__init__":
            above = self._above.get(id(self._function(call)))
            return isinstance(above, ast.ClassDef) and above.name in self._kinds.make
        return _name(call.func) in {TEXT, *self._kinds.take}

    def texts(self, call: ast.Call) -> list[str] | None:
        """Return the messages of a call; None where they cannot be seen."""
        node = call.args[OF_APP.get(_name(call.func), 0)]
        if not self._of_core(call) and _looked_up(node):
            return []  # `_` translates what is marked elsewhere, too
        try:
            return list(self._resolved(node, call))
        except LookupError:
            return None

    def misfits(self, call: ast.Call, texts: Iterable[str]) -> Iterator[str]:
        """Yield what does not fit between the gaps of the templates and what is given for them."""
        texts = list(texts)
        given = self._given(call) if self._of_core(call) and texts else None
        if given is None:
            return
        wanted: set[str] = set()
        for text in texts:
            names = {name for name, _turned, _form in gaps(text)} if given or "{" in text else set()
            wanted |= names
            yield from (f"{text!r} lacks a value for {name}." for name in sorted(names - given))
        yield from (f"{texts[0]!r} has no gap for {name}." for name in sorted(given - wanted))

    def _given(self, call: ast.Call) -> set[str] | None:
        """Return the names of the values; None where they are not seen here."""
        if _name(call.func) == TEXT:
            if len(call.args) < 2:
                return set()
            return self._keys(call.args[1], call)
        names = [keyword.arg for keyword in call.keywords]
        return None if None in names else {str(name) for name in names}

    def _keys(self, node: ast.expr, call: ast.Call) -> set[str] | None:
        if isinstance(node, ast.Name):
            node, *more = self._values(node.id, call) or [node]
            if more:
                return None
        if not isinstance(node, ast.Dict):
            return None
        keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        return None if None in keys else {str(key) for key in keys}

    def _resolved(self, node: ast.expr, call: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
            return
        for part in self._parts(node, call):
            yield from self._resolved(part, call)

    def _parts(self, node: ast.expr, call: ast.AST) -> list[ast.expr]:
        """Return what an expression chooses from; nothing for a text from elsewhere."""
        match node:
            case ast.IfExp():
                return [node.body, node.orelse]
            case ast.Tuple() | ast.List():
                return node.elts
            case ast.Dict():
                return node.values
            case ast.Subscript(slice=ast.Constant(value="template")):
                return []  # a stored Text
            case ast.Subscript():
                return [node.value]
            case ast.Call(func=ast.Attribute(attr="get", value=ast.Name() as table)):
                return [table]
            case ast.Attribute() if node.attr in (*FIELDS, "text"):
                return []
            case ast.Call(func=ast.Name(id="replace"), args=[ast.Attribute(attr="text"), *_]):
                return []
            case ast.Name():
                if values := self._values(node.id, call) or self._imported(node.id):
                    return values
                if "Text" in self._annotation(node.id, call):
                    return []
        raise LookupError(ast.unparse(node))

    def _function(self, node: ast.AST) -> ast.AST | None:
        above = self._above.get(id(node))
        while above is not None and not isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef):
            above = self._above.get(id(above))
        return above

    def _values(self, name: str, call: ast.AST) -> list[ast.expr]:
        """Return what the function gives to a name, or else the module."""
        function = self._function(call)
        for scope in ([] if function is None else list(ast.walk(function)), self._tree.body):
            found = [value for node in scope for value in _given_to(name, node)]
            if found:
                return found
        return []

    def _imported(self, name: str) -> list[ast.expr]:
        """Return what another module of ours gives to a name."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                file = ROOT.joinpath(*node.module.split(".")).with_suffix(".py")
                if any(name in (n.asname, n.name) for n in node.names) and file.exists():
                    body = ast.parse(file.read_text(encoding="utf-8")).body
                    return [value for line in body for value in _given_to(name, line)]
        return []

    def _annotation(self, name: str, call: ast.AST) -> str:
        """Return the type of a parameter."""
        function = self._function(call)
        arguments = function.args if isinstance(function, ast.FunctionDef) else None
        for one in (
            []
            if arguments is None
            else [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        ):
            if one.arg == name and one.annotation is not None:
                return ast.unparse(one.annotation)
        return ""


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _looked_up(node: ast.expr) -> bool:
    """Tell whether a text is taken from somewhere, not put together here."""
    if isinstance(node, ast.Call):
        return not (isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join"))
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript)


def _given_to(name: str, node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Assign):
        targets: list[ast.expr] = node.targets
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr | ast.AugAssign):
        targets = [node.target]
    else:
        return
    if node.value is not None and any(_name(target) == name for target in targets):
        yield node.value
