"""Read Python modules as the architecture's rules see them: by their text, never by importing.

An import counts wherever it stands: at the top, in a function, or under
`TYPE_CHECKING`, where it is marked as needed by type alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "wixproxy"


@dataclass(frozen=True)
class Import:
    """One name that a module takes from elsewhere."""

    name: str
    """Dotted and absolute, with what `from` takes: `wixproxy.errors.SealError`."""
    line: int
    by_type: bool
    """Under `TYPE_CHECKING`: nothing is loaded for it."""
    at_top: bool
    """Loaded as soon as the module is."""

    @property
    def ours(self) -> str | None:
        """The name below our package, "" for the package itself; None for what is not ours."""
        if self.name == PACKAGE:
            return ""
        return self.name.removeprefix(PACKAGE + ".") if self.root == PACKAGE else None

    @property
    def root(self) -> str:
        """The first word of the name."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Module:
    """A module by its name below the package, such as `sansio.keyring` or `errors`."""

    name: str
    source: str
    is_package: bool = False

    @property
    def part(self) -> str:
        """The row of the import table that the module belongs to."""
        return self.name.partition(".")[0]

    @cached_property
    def tree(self) -> ast.Module:
        """The module's syntax."""
        return ast.parse(self.source)

    @cached_property
    def imports(self) -> list[Import]:
        """Every import, in the order of the text."""
        by_type = {
            id(node)
            for block in ast.walk(self.tree)
            if isinstance(block, ast.If) and ast.unparse(block.test).endswith("TYPE_CHECKING")
            for child in block.body
            for node in ast.walk(child)
        }
        in_function = {
            id(node)
            for function in ast.walk(self.tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for node in ast.walk(function)
        }
        return [
            Import(name, node.lineno, id(node) in by_type, id(node) not in in_function)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in self._names(node)
        ]

    def _names(self, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            return
        base = node.module or ""
        if node.level:
            here = [PACKAGE, *filter(None, self.name.split("."))]
            above = here[: len(here) - node.level + self.is_package]
            base = ".".join([*above, base] if base else above)
        yield from (f"{base}.{alias.name}" for alias in node.names)


@cache
def package_modules() -> tuple[Module, ...]:
    """Read every module of the package, once."""
    return tuple(_module(path) for path in sorted((ROOT / PACKAGE).rglob("*.py")))


def _module(path: Path) -> Module:
    words = path.relative_to(ROOT / PACKAGE).with_suffix("").parts
    is_package = words[-1] == "__init__"
    return Module(".".join(words[:-1] if is_package else words), path.read_text(), is_package)


def own_files() -> list[Path]:
    """List every file that people wrote and read: the package, the tests and the measurements."""
    return [
        path
        for folder in (PACKAGE, "tests", "bench")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".py", ".js", ".mjs", ".html", ".css"}
        and "node_modules" not in path.parts
    ]
