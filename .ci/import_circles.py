"""Find circles among the modules of this project: every import counts, however deep it stands.

An import inside a function hides a circle from Python, not from the reader: modules that need each
other are one idea in several places. Only what runs counts, so not what stands under
``if TYPE_CHECKING``. A package stands for its ``__init__`` alone.

Usage: python .ci/import_circles.py [FOLDER ...], by default of the packages ``rebal_core`` and
``app``; ends with 1 where there is a circle.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Container, Iterator, Mapping
from pathlib import Path

Import = ast.Import | ast.ImportFrom


def modules_in(package: Path) -> dict[str, Path]:
    """Return the file of every module of a package, by dotted name."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(node: ast.AST) -> Iterator[Import]:
    """Yield every import below a node that can run."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Import):
            yield child
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from imports(ast.Module(child.orelse, []))
        else:
            yield from imports(child)


def targets(found: Import, package: str, known: Container[str]) -> Iterator[str]:
    """Yield the known modules that one import within a package names.

    ``from a import b`` leads to the module ``a.b`` where there is one, else to ``a``.
    """
    if isinstance(found, ast.Import):
        yield from (alias.name for alias in found.names if alias.name in known)
        return
    above = package.split(".")[: len(package.split(".")) - max(found.level - 1, 0)]
    base = ".".join([*(above if found.level else []), *filter(None, [found.module])])
    for alias in found.names:
        inner = f"{base}.{alias.name}"
        yield from (name for name in ([inner] if inner in known else [base]) if name in known)


def import_graph(*packages: Path) -> dict[str, frozenset[str]]:
    """Return for every module of some packages which others of them it imports."""
    known = {name: path for package in packages for name, path in modules_in(package).items()}
    graph = {}
    for name, path in known.items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        named = {target for each in imports(tree) for target in targets(each, package, known)}
        graph[name] = frozenset(named - {name})
    return graph


def circles(graph: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Return every set of two or more modules that reach each other, by name.

    Source: R. Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1 (1972).
    """
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        path.append(module)
        for other in sorted(graph[module]):
            if other not in order:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in path:
                lowest[module] = min(lowest[module], order[other])
        if lowest[module] == order[module]:
            at = path.index(module)
            found.append(sorted(path[at:]))
            del path[at:]

    for module in sorted(graph):
        if module not in order:
            visit(module)
    return sorted(circle for circle in found if len(circle) > 1)


def main(folders: list[str]) -> int:
    """Print every circle, with the imports that close it."""
    graph = import_graph(*map(Path, folders or ["rebal_core", "app"]))
    found = circles(graph)
    for circle in found:
        print(f"These {len(circle)} modules need each other:")
        for module in circle:
            print(f"  {module} imports {', '.join(sorted(graph[module] & set(circle)))}")
    print(f"{len(graph)} modules, {len(found)} circles of imports")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
