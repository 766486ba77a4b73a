"""Write a project's first wixproxy.toml from the files that it has already."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from ..config.sources import CONFIG_FILE, ENV_FILE, MAX_FILE_BYTES, WIX_FILE, assignments
from ..config.starter import Project, Starter
from .complaints import EXIT_MACHINE

PACKAGE_FILE = "package.json"
# Examples name variables and hold none.
EXAMPLES = (".example", ".sample", ".template", ".dist")
LOCK_FILES = {
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
}


def init(folder: Path) -> int:
    """Write the file, and tell what it is made from; return the exit code."""
    complaints: list[str] = []
    made = Starter(_project(folder, complaints))
    text = made.text()
    try:
        # Whatever is there, a link that leads nowhere too, is somebody's.
        with (folder / CONFIG_FILE).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        click.echo(
            f"{CONFIG_FILE} is there already, and was not touched. To begin anew, give it another "
            "name first.",
            err=True,
        )
        return EXIT_MACHINE
    except OSError as error:
        click.echo(f"{CONFIG_FILE} cannot be written: {error.strerror}.", err=True)
        return EXIT_MACHINE
    click.echo("\n".join(_told(made)))
    for warning in (*complaints, *made.warnings):
        click.echo(warning, err=True)
    return 0


def _told(made: Starter) -> Iterator[str]:
    yield f"Wrote {CONFIG_FILE}" + (":" if made.found else "; no other file had anything for it.")
    for name, sentence in made.found.items():
        yield f"  {name}  {sentence}"
    yield "Next:"
    if "site.client_id" not in made.found:
        yield "  no client id was found: copy it from Headless Settings in the Wix dashboard, or"
        yield "  wixproxy serve --emulator      needs no Wix account"
    if not {"upstream.command", "upstream.root"} & made.found.keys():
        yield f"  say in {CONFIG_FILE} which frontend there is, or behind wixproxy serve"
    if "site.client_id" in made.found:
        yield "  wixproxy check --online        asks Wix whether all of it is right"
        yield "  wixproxy serve                 serves it at http://localhost:4321"


def _project(folder: Path, complaints: list[str]) -> Project:
    return Project(
        wix_config=_object(folder / WIX_FILE, complaints),
        variables=dict(_variables(folder, complaints)),
        package=(package := _object(folder / PACKAGE_FILE, complaints)),
        package_manager=_package_manager(folder, package),
    )


def _variables(folder: Path, complaints: list[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the variables of each file, first those of the one that wixproxy reads itself."""
    names = {path.name for path in folder.glob(".env*") if not path.name.endswith(EXAMPLES)}
    for name in sorted(names, key=lambda name: (name != ENV_FILE, name)):
        text = _text(folder / name, complaints)
        if text is not None:
            yield name, {name: value for name, value in assignments(text).items() if value}


def _package_manager(folder: Path, package: Mapping[str, Any] | None) -> str:
    named = str((package or {}).get("packageManager", "")).partition("@")[0]
    if named in {"npm", *LOCK_FILES.values()}:
        return named
    return next((tool for file, tool in LOCK_FILES.items() if (folder / file).exists()), "npm")


def _object(path: Path, complaints: list[str]) -> Mapping[str, Any] | None:
    text = _text(path, complaints)
    if text is None:
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        return document
    complaints.append(f"{path.name} was passed over: expected a JSON object, found something else.")
    return None


def _text(path: Path, complaints: list[str]) -> str | None:
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError("expected at most 1 MiB, found more")
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        reason = "expected text in UTF-8, found other bytes"
    except ValueError as error:
        reason = str(error)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    complaints.append(f"{path.name} was passed over: {reason}.")
    return None
