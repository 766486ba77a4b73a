"""Two floors, and who may know whom: the import table, kept by reading every module's text.

Each rule is a function from a module to what is wrong with it, so that the
same rule can be fed a module that breaks it: a rule that cannot fail keeps
nothing.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.import_table import BY_TYPE, OTHERS, OURS
from tests.modules import PACKAGE, ROOT, Import, Module, own_files, package_modules

Rule = Callable[[Module], Iterator[str]]

DOING = {
    *("asyncio", "concurrent", "http", "io", "logging", "multiprocessing", "os", "pathlib"),
    *("random", "select", "selectors", "shutil", "signal", "socket", "socketserver", "ssl"),
    *("subprocess", "sys", "tempfile", "threading", "time"),
}
"""What a module that only decides has no use for: the world, the time, and chance."""

WITH_ENTROPY = {"sansio.keyring", "sansio.login", "sansio.session"}
CLOCKS = ("time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "date.today")
MAX_LINES = 350
VAGUE = {"common", "helper", "helpers", "manager", "misc", "util", "utils"}


def _ours(module: Module) -> Iterator[tuple[Import, str]]:
    """Pair each import of another part of ours with that part's name."""
    parts = OURS.keys()
    for one in module.imports:
        if one.ours is None:
            continue
        part = one.ours.partition(".")[0]
        # `from . import __version__` takes a value of the package, not a part.
        part = part if part in parts else ""
        if part != module.part:
            yield one, part


def knows_only_its_own(module: Module) -> Iterator[str]:
    """Each part imports the parts that the table names, and no other."""
    for one, part in _ours(module):
        allowed = OURS.get(module.part, set())
        if one.by_type:
            allowed = allowed | BY_TYPE.get(module.part, set())
        if part not in allowed:
            yield f"line {one.line} imports {one.name}"


def uses_its_libraries(module: Module) -> Iterator[str]:
    """Each part uses the libraries that the table names, and no other."""
    allowed = OTHERS.get(module.part, set()) | OTHERS.get(module.name, set())
    for one in module.imports:
        if one.ours is None and one.root not in allowed | set(sys.stdlib_module_names):
            yield f"line {one.line} imports {one.name}"


def sansio_only_decides(module: Module) -> Iterator[str]:
    """A module of sansio touches no world and throws no dice; `now` is an argument."""
    if module.part != "sansio":
        return
    for one in module.imports:
        # urllib.parse decides; the rest of urllib does.
        if one.root in DOING or one.name.startswith("urllib.request"):
            yield f"line {one.line} imports {one.name}"
        if one.root == "secrets" and module.name not in WITH_ENTROPY:
            yield f"line {one.line} takes entropy"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"open", "print", "input"}:
            yield f"line {node.lineno} does I/O"


def handlers_are_strangers(module: Module) -> Iterator[str]:
    """No handler imports another: what two of them need stands below both."""
    if module.part == "handlers":
        for one in module.imports:
            if (one.ours or "").partition(".")[0] == "handlers":
                yield f"line {one.line} imports {one.name}"


def wix_knows_stores_by_type(module: Module) -> Iterator[str]:
    """Wix knows what a store promises, never which one it is."""
    kinds = {path.stem for path in (ROOT / PACKAGE / "stores").glob("*.py")} - {"__init__"}
    if module.part in {"wix", "front"}:
        for one in module.imports:
            words = (one.ours or "").split(".")
            if words[0] == "stores" and words[1] in kinds:
                yield f"line {one.line} imports {one.name}"


def the_command_line_waits(module: Module) -> Iterator[str]:
    """The command line loads click alone: a command loads what it needs, once it is chosen."""
    if module.name not in {"cli", "flags"}:
        return
    stdlib = {"__future__", "collections", "pathlib", "sys", "typing"}
    for one in module.imports:
        part = (one.ours or "").partition(".")[0]
        light = one.root in stdlib | {"click"} or part in {"__version__", "flags"}
        if one.at_top and not light:
            yield f"line {one.line} loads {one.name}"


def the_clock_is_given(module: Module) -> Iterator[str]:
    """Only the server, and the emulator for itself, know what time it is."""
    if module.name in {"server", "emulator.clock"}:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith(CLOCKS):
            yield f"line {node.lineno} reads the clock"
    for one in module.imports:
        if one.name in CLOCKS:
            yield f"line {one.line} reads the clock"


def imports_are_written(module: Module) -> Iterator[str]:
    """No import is made up at run time, where this test could not see it."""
    for node in ast.walk(module.tree):
        made = isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
            ("import_module", "__import__")
        )
        if made:
            yield f"line {node.lineno} makes up an import"


def only_commands_print(module: Module) -> Iterator[str]:
    """Nobody writes to stdout but a command and the ready block."""
    if module.part in {"commands", "running"}:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
            yield f"line {node.lineno} prints"


def says_what_it_does(module: Module) -> Iterator[str]:
    """Every module begins with what it decides or does."""
    if not (ast.get_docstring(module.tree) or "").strip():
        yield "has no docstring"


def has_a_telling_name(module: Module) -> Iterator[str]:
    """No module is a drawer for what has no name."""
    vague = VAGUE & set(module.name.replace("_", ".").split("."))
    if vague:
        yield f"is called {', '.join(sorted(vague))}"


BREAKING: list[tuple[Rule, str, str]] = [
    (knows_only_its_own, "errors", "from .sansio import routes"),
    (knows_only_its_own, "sansio.routes", "from ..wire.pool import Pool"),
    (knows_only_its_own, "sansio.routes", "import wixproxy.config"),
    (knows_only_its_own, "wire.pool", "def late():\n    from ..config import Config"),
    (knows_only_its_own, "stores.cookie", "from ..wix import token_source"),
    (knows_only_its_own, "handlers.api", "from .. import config"),
    (knows_only_its_own, "exchange", "from .downstream import ClientDownstream"),
    (knows_only_its_own, "assembly", "if TYPE_CHECKING:\n    from .emulator import Emulator"),
    (knows_only_its_own, "emulator.tokens", "from ..errors import SealError"),
    (knows_only_its_own, "emulator.apis.site", "from ... import __version__"),
    (knows_only_its_own, "commands.serve", "from ..cli import main"),
    (knows_only_its_own, "sansio.routes", "from .. import sealing"),
    (uses_its_libraries, "wire.pool", "import aiohttp"),
    (uses_its_libraries, "handlers.api", "from aiohttp import web"),
    (uses_its_libraries, "sansio.cookies", "import aiohttp.helpers"),
    (uses_its_libraries, "serve", "import requests"),
    (sansio_only_decides, "sansio.routes", "import asyncio"),
    (sansio_only_decides, "sansio.routes", "from urllib.request import urlopen"),
    (sansio_only_decides, "sansio.routes", "from secrets import token_hex"),
    (sansio_only_decides, "sansio.routes", "import time"),
    (sansio_only_decides, "sansio.routes", "text = open('/etc/hosts').read()"),
    (handlers_are_strangers, "handlers.api", "from .login import Login"),
    (handlers_are_strangers, "handlers.api", "from . import login"),
    (wix_knows_stores_by_type, "wix.client", "from ..stores.cookie import CookieStore"),
    (wix_knows_stores_by_type, "wix.client", "from ..stores import memory"),
    (the_command_line_waits, "cli", "from .commands.serve import serve"),
    (the_command_line_waits, "cli", "import asyncio"),
    (the_command_line_waits, "flags", "from .config import Config"),
    (the_clock_is_given, "stores.memory", "import time\nnow = time.time()"),
    (the_clock_is_given, "sansio.routes", "import datetime\nx = datetime.datetime.now()"),
    (the_clock_is_given, "stores.memory", "from time import time"),
    (the_clock_is_given, "handlers.session", "from datetime import date\nday = date.today()"),
    (imports_are_written, "assembly", "import importlib\nimportlib.import_module('redis')"),
    (only_commands_print, "serve", "print('hello')"),
    (says_what_it_does, "serve", "import time"),
    (says_what_it_does, "serve", '"""  """'),
    (has_a_telling_name, "sansio.url_utils", ""),
    (has_a_telling_name, "wix.session_manager", ""),
]

RULES: list[Rule] = list(dict.fromkeys(rule for rule, _, _ in BREAKING))


def _sentence(rule: Rule) -> str:
    return rule.__name__.replace("_", " ")


def _told(rule: Rule, name: str, source: str) -> str:
    return f"{_sentence(rule)}: {source!r} in {name}"


@pytest.mark.parametrize("rule", RULES, ids=_sentence)
def test_every_module_keeps_the_rule(rule: Rule) -> None:
    broken = [f"{module.name}: {what}" for module in package_modules() for what in rule(module)]
    assert broken == []


@pytest.mark.parametrize(
    ("rule", "name", "source"),
    [
        pytest.param(*case, id=f"{_sentence(case[0])}: {case[2]!r} in {case[1]}")
        for case in BREAKING
    ],
)
def test_a_module_that_breaks_the_rule_is_found(rule: Rule, name: str, source: str) -> None:
    assert list(rule(Module(name, source)))


def test_every_module_belongs_to_a_row_of_the_table() -> None:
    assert {module.part for module in package_modules()} - OURS.keys() == set()


def test_a_module_without_a_row_may_know_nothing_of_ours() -> None:
    assert list(knows_only_its_own(Module("newcomer", "from .errors import SealError")))


@pytest.mark.parametrize("path", own_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert _lines(path.read_text()) <= MAX_LINES


def test_a_file_beyond_the_limit_is_found() -> None:
    assert _lines("x = 1\n" * (MAX_LINES + 1)) > MAX_LINES


def _lines(text: str) -> int:
    return len(text.splitlines())
