"""Read the code of a guide, so that a test runs what a reader copies.

A fence says the language, and may name the file: ```js title="server.js".
Commands and output have no title; a test finds those by language and order.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from tests.modules import ROOT

_FENCE = re.compile(r"```([^`]*)")


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, the file it stands for (or None), and its text."""

    language: str
    title: str | None
    text: str


def blocks(guide: str) -> list[Block]:
    """Return the fenced blocks of a page of `docs`, by its name: `blocks("webhooks.md")`."""
    return parsed((ROOT / "docs" / guide).read_text("utf-8"))


def parsed(page: str) -> list[Block]:
    """Return the fenced blocks of a page; one that is not closed is an error."""
    found: list[Block] = []
    opened: tuple[str, str | None] | None = None
    lines: list[str] = []
    for line in page.splitlines():
        fence = _FENCE.fullmatch(line)
        if opened is None:
            if fence is not None:
                opened, lines = _info(fence[1]), []
        elif line == "```":
            found.append(Block(*opened, "".join(f"{each}\n" for each in lines)))
            opened = None
        else:
            lines.append(line)
    assert opened is None, f"a block is not closed: {lines[:1]}"
    return found


def titled(guide: str, title: str) -> Block:
    """Return the one block of a guide that stands for this file."""
    (block,) = [block for block in blocks(guide) if block.title == title]
    return block


def write_files(guide: str, folder: Path) -> None:
    """Write every block that names a file into a folder, as a reader would."""
    for block in blocks(guide):
        if block.title is not None:
            path = folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")


def _info(text: str) -> tuple[str, str | None]:
    """Return the language and the title of a fence's info string."""
    words = shlex.split(text)
    titles = [word.removeprefix("title=") for word in words if word.startswith("title=")]
    language = words[0] if words and not words[0].startswith("title=") else ""
    return language, titles[0] if titles else None
