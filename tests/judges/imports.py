"""What a file imports, as Python would."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Import(NamedTuple):
    """A module, or what is taken from one, by its whole name; at the top, it is imported whenever the file is."""

    name: str
    at_top: bool

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]


@cache
def imports(path: Path) -> frozenset[Import]:
    """All imports of a file; those under ``if TYPE_CHECKING`` do not run and do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    at_top = set(tree.body)
    return frozenset(Import(name, node in at_top) for node in _that_run(tree) for name in _names(node))


def _that_run(tree: ast.AST) -> Iterator[ast.AST]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            waiting.extend(node.orelse)
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield str(node.module)
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
        yield from (argument.value for argument in node.args[:1] if isinstance(argument, ast.Constant))
