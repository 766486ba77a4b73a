"""A page of many modules, served by Vite's dev server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ..peers.node import on_node
from ..processes import Server, free_port, running

SCRIPT = Path(__file__).with_name("vite-page.mjs")
GROUP = 50
READY = "window.readyAfter"

_PAGE = """<!doctype html>
<html><head><title>Many modules</title></head>
<body><script type="module" src="/main.js"></script></body></html>
"""
_LEAF = """// A component as large as components are.
export const value = {number};
export function describe(options = {{}}) {{
  const {{label = 'item {number}', locale = 'en'}} = options;
{lines}
  return `${{label}} in ${{locale}}: ${{value}}`;
}}
"""
_LINE = "  if (options.part === {place}) return `{place} of {number}, the part that was asked for`;"
_LINES = 10
_IMPORT = "import {{value as v{number}}} from './parts/m{number}.js';"


@asynccontextmanager
async def vite_page(folder: Path, modules: int) -> AsyncIterator[Server]:
    """Serve the page until the block ends."""
    home = folder / "vite-page"
    write(home, modules)
    port = free_port()
    async with running("vite", [*on_node(SCRIPT), str(port)], port=port, folder=home) as server:
        yield server


def write(home: Path, modules: int) -> None:
    """Write the page: one module imports groups, which import the rest.

    Once all of them ran, the page tells how many milliseconds that took.
    """
    (home / "parts").mkdir(parents=True, exist_ok=True)
    (home / "index.html").write_text(_PAGE)
    groups = range(0, modules, GROUP)
    for first in groups:
        numbers = range(first, min(first + GROUP, modules))
        for number in numbers:
            lines = "\n".join(_LINE.format(place=place, number=number) for place in range(_LINES))
            leaf = _LEAF.format(number=number, lines=lines)
            (home / "parts" / f"m{number}.js").write_text(leaf)
        imported = [_IMPORT.format(number=number) for number in numbers]
        total = " + ".join(f"v{number}" for number in numbers)
        group = [*imported, f"export const sum = {total};"]
        (home / f"group{first}.js").write_text("\n".join(group))
    imported = [f"import {{sum as s{first}}} from './group{first}.js';" for first in groups]
    total = " + ".join(f"s{first}" for first in groups)
    check = f"if ({total} !== {sum(range(modules))}) throw new Error('modules are missing');"
    main = [*imported, check, f"{READY} = performance.now();"]
    (home / "main.js").write_text("\n".join(main))
