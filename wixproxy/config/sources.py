"""Collect what each source says, and let the first that says something decide.

Flags come first, then the environment, `.env.local`, `wixproxy.toml`,
`wix.config.json`. An option is taken whole from one source: lists are not
joined. Of `.env.local`, which is the project's own file, only our names are
read. A name we do not know is a problem in the places that are ours: the
TOML file, and variables that begin with WIXPROXY__ (two underscores, because
Kubernetes injects WIXPROXY_PORT for a Service called wixproxy).

Source: Wix: `wix.config.json` holds the client id as `appId`, and
`WIX_CLIENT_ID` and its kin are what its CLI writes.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .options import OPTIONS, TABLES, meant
from .problems import Problem, shown, unknown

PREFIX = "WIXPROXY__"
WIX_NAMES = {
    "WIX_CLIENT_ID": "site.client_id",
    "WIX_CLIENT_SECRET": "site.client_secret",
    "WIX_CLIENT_INSTANCE_ID": "site.instance_id",
    "WIX_CLIENT_PUBLIC_KEY": "site.public_keys",
}
FLAGS = {
    "upstream.url": "--upstream",
    "upstream.root": "--root",
    "upstream.api_only": "--api-only",
    "emulator.enabled": "--emulator",
    "emulator.data": "--data",
    "emulator.host": "--host",
    "emulator.port": "--port",
    "emulator.public_url": "--public-url",
    "emulator.seed": "--seed",
    "server.host": "--host",
    "server.port": "--port",
    "server.workers": "--workers",
    "server.public_url": "--public-url",
}
FRONTENDS = ("upstream.url", "upstream.command", "upstream.root", "upstream.api_only")
CONFIG_FILE = "wixproxy.toml"
COMMAND = "upstream.command"
ENV_FILE = ".env.local"
WIX_FILE = "wix.config.json"
MAX_FILE_BYTES = 1024 * 1024

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*").fullmatch
_QUOTED = re.compile(r"(['\"])(.*?)\1\s*(?:#.*)?").fullmatch


@dataclass(frozen=True, slots=True)
class Given:
    """A value, where it came from, and the folder that a path in it starts from.

    `rank` is the place of the source among all, the strongest first.
    """

    value: object
    source: str
    folder: Path
    rank: int


@dataclass(slots=True)
class Gathered:
    """What all sources say, by dotted name, and what is wrong with how they say it."""

    values: dict[str, Given] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    rank: int = 0

    def add(self, name: str, value: object, source: str, folder: Path) -> None:
        """Take the value, unless an earlier source gave one."""
        self.values.setdefault(name, Given(value, source, folder, self.rank))

    def complain(self, name: str, sentence: str, source: str | None = None) -> None:
        """Note a problem."""
        self.problems.append(Problem(name, sentence, source=source))


def gather(
    flags: Mapping[str, object], env: Mapping[str, str], cwd: Path, config_file: Path | None
) -> Gathered:
    """Read every source, the strongest first."""
    found = Gathered()
    for name, value in flags.items():
        source = "the command line" if name == COMMAND else f"flag {FLAGS.get(name, name)}"
        found.add(name, value, source, cwd)
    found.rank = 1
    _variables(found, env, cwd, "")
    found.rank = 2
    _env_file(found, cwd)
    found.rank = 3
    _toml(found, cwd, config_file)
    found.rank = 4
    _wix_config(found, cwd)
    _one_frontend(found)
    return found


def _variables(found: Gathered, env: Mapping[str, str], folder: Path, place: str) -> None:
    """Take our variables, and Wix's own; an empty one says nothing, and [] is an empty list."""
    for variable, text in sorted(env.items()):
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower().replace("__", ".")
        option = OPTIONS.get(name)
        source = place or f"environment variable {variable}"
        if option is None:
            found.complain(
                variable, unknown("option", _as_variable(meant(name))), place or "the environment"
            )
        elif text.strip():
            try:
                found.add(name, option.from_text(text), source, folder)
            except (ValueError, RecursionError):
                found.add(name, None, source, folder)
                found.complain(name, "expected JSON, found a text that is none", source)
    for variable, name in WIX_NAMES.items():
        if env.get(variable, "").strip():
            source = place or f"environment variable {variable}"
            text = env[variable].strip()
            found.add(name, [text] if OPTIONS[name].is_list else text, source, folder)


def _env_file(found: Gathered, cwd: Path) -> None:
    text = _read(found, cwd / ENV_FILE, ENV_FILE)
    if text is None:
        return
    ours = {
        name: value
        for name, value in assignments(text).items()
        if name.startswith(PREFIX) or name in WIX_NAMES
    }
    _variables(found, ours, cwd, ENV_FILE)


def assignments(text: str) -> dict[str, str]:
    """Return the variables of a file as shells and Wix's CLI write it; the last one counts."""
    matches = map(_ASSIGNMENT, text.splitlines())
    return {match[1]: _unquoted(match[2]) for match in matches if match is not None}


def _unquoted(text: str) -> str:
    match = _QUOTED(text)
    # A comment begins with a space in front; "#" alone may be part of a value.
    return match[2] if match is not None else re.split(r"\s#", text, maxsplit=1)[0].rstrip()


def _toml(found: Gathered, cwd: Path, config_file: Path | None) -> None:
    path = cwd / (config_file or CONFIG_FILE)
    label = str(config_file or CONFIG_FILE)
    text = _read(found, path, label, required=config_file is not None)
    if text is None:
        return
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found.complain(label, f"expected TOML, found a fault{_place(error)}")
        return
    for name, value in _leaves(found, document, label):
        found.add(name, value, label, path.parent)


def _place(error: Exception) -> str:
    """Return where a parser stopped; its other words may quote the file."""
    match = re.search(r"\(at (line \d+, column \d+|end of document)\)", str(error))
    return f" at {match[1]}" if match is not None else ""


def _leaves(
    found: Gathered, table: Mapping[str, object], label: str, prefix: str = ""
) -> Iterator[tuple[str, object]]:
    for word, value in table.items():
        name = prefix + word
        if name in OPTIONS:
            yield name, value
        elif name not in TABLES:
            kind = "table" if isinstance(value, Mapping) else "option"
            found.complain(name, unknown(kind, meant(name)), label)
        elif isinstance(value, Mapping):
            yield from _leaves(found, value, label, f"{name}.")
        else:
            found.complain(name, f"expected a table, found {shown(value, True)}", label)


def _as_variable(name: str | None) -> str | None:
    return PREFIX + name.upper().replace(".", "__") if name else None


def _wix_config(found: Gathered, cwd: Path) -> None:
    text = _read(found, cwd / WIX_FILE, WIX_FILE)
    if text is None:
        return
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        found.complain(WIX_FILE, f"expected JSON, found a fault{line}")
        return
    if isinstance(document, Mapping) and document.get("appId"):
        found.add("site.client_id", document["appId"], f"{WIX_FILE} (appId)", cwd)


def _read(found: Gathered, path: Path, label: str, *, required: bool = False) -> str | None:
    """Return a file's text; None when it cannot be had."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            found.complain(label, "expected at most 1 MiB, found more")
            return None
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        if required:
            found.complain(label, "expected a configuration file, found none")
    except UnicodeDecodeError:
        found.complain(label, "expected text in UTF-8, found other bytes")
    except OSError as error:
        found.complain(label, f"the file cannot be read: {error.strerror}")
    return None


def _one_frontend(found: Gathered) -> None:
    """Let the frontend that the strongest source names take the place of weaker ones'.

    A weaker source may still tell where the command of a stronger one listens.
    """
    ranks = {
        name: found.values[name].rank
        for name in FRONTENDS
        if name in found.values and found.values[name].value not in (False, [])
    }
    strongest = min(ranks.values(), default=0)
    for name, rank in ranks.items():
        tells_where = name == "upstream.url" and ranks.get(COMMAND) == strongest
        if rank > strongest and not tells_where:
            del found.values[name]
