"""The README and its pages say what is: commands, flags, options, routes, codes, links.

Where a page and the program could drift apart, the program is asked.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.config.conftest import KEY
from tests.modules import ROOT
from wixproxy import errors
from wixproxy.cli import main
from wixproxy.config import load
from wixproxy.config.options import OPTIONS, TABLES
from wixproxy.errors import ClientGone, SealError, WixproxyError
from wixproxy.sansio.routes import Routes

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
README = (ROOT / "README.md").read_text("utf-8")
ERRORS = (ROOT / "docs" / "errors.md").read_text("utf-8")
ROW_TESTS = (ROOT / "tests" / "config" / "test_mode_table.py").read_text("utf-8")

_FENCED = re.compile(r"^```[^`\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"\bwixproxy ([a-z]+)((?: +[^\s`#&]+)*)")
_FLAG = re.compile(r"(?<=\s)--[a-z-]+")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_ROUTE = re.compile(r"/_wix/[a-z/.-]*[a-z]")


def _code(page: str) -> Iterator[str]:
    """Yield what stands in code: fenced blocks, then spans outside of them."""
    yield from _FENCED.findall(page)
    yield from _INLINE.findall(_FENCED.sub("", page))


def _commands(page: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command that a page calls, in full, with its flags."""
    assert isinstance(main, click.Group)
    for code in _code(page):
        for name, rest in _COMMAND.findall(code):
            group = main.commands.get(name)
            below = rest.split()[:1] if isinstance(group, click.Group) else []
            yield " ".join([name, *below]), _FLAG.findall(rest)


def _all_commands() -> dict[str, click.Command]:
    """Return every command by its words."""
    assert isinstance(main, click.Group)
    found: dict[str, click.Command] = {}
    for name, command in main.commands.items():
        if isinstance(command, click.Group):
            found |= {f"{name} {word}": below for word, below in command.commands.items()}
        else:
            found[name] = command
    return found


def _rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table behind a heading, without its own heading."""
    _, found, rest = page.partition(f"{heading}\n")
    assert found, heading
    table = re.search(r"(?:^\|.*\|\n)+", rest, re.MULTILINE)
    assert table is not None
    lines = table[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _classes(kind: type[WixproxyError] = WixproxyError) -> Iterator[type[WixproxyError]]:
    """Yield the class and all below it that the product itself defines."""
    if kind.__module__.startswith(f"{errors.__name__}."):
        yield kind
    for below in kind.__subclasses__():
        yield from _classes(below)


STATUSES = {kind.code: kind.status for kind in _classes()}
LISTED = {
    code: status.strip()
    for code, status in re.findall(r"^\| `([a-z_]+)` \|([^|]*)\|", ERRORS, re.MULTILINE)
}
NEVER_ANSWERED = {kind.code for kind in _classes(SealError)} | {"grant_rejected", "config_error"}


def test_the_readme_calls_commands_that_exist_and_each_of_them() -> None:
    assert {name for name, _ in _commands(README)} == _all_commands().keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_command_is_shown_with_flags_that_it_has(page: Path) -> None:
    commands = _all_commands()
    unknown = [
        f"{name} {flag}"
        for name, flags in _commands(page.read_text("utf-8"))
        for flag in flags
        if flag not in {text for option in commands[name].params for text in option.opts}
    ]
    assert unknown == []


def test_a_page_that_shows_a_flag_of_no_command_would_be_noticed() -> None:
    assert list(_commands("run `wixproxy serve --upstrem URL`")) == [("serve", ["--upstrem"])]
    assert list(_commands("`wixproxy event send X --dta Y`")) == [("event send", ["--dta"])]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_an_option_that_is_named_exists(page: Path) -> None:
    named = {
        name
        for code in _INLINE.findall(page.read_text("utf-8"))
        for name in re.findall(r"^([a-z_]+(?:\.[a-z_]+)+)(?: =.*)?$", code)
        if name.split(".")[0] in TABLES and not name.endswith((".toml", ".json", ".md"))
    }
    assert named - OPTIONS.keys() - TABLES == set()


def test_the_readmes_routes_are_served() -> None:
    routes = Routes(callback_path="/_wix/callback", testing=True)
    named = {path for code in _code(README) for path in _ROUTE.findall(code)}
    assert {"/_wix/login", "/_wix/session", "/_wix/testing/session"} <= named
    for path in named - {"/_wix/api", "/_wix/elevated"}:
        assert routes.match(path.encode()).name not in {"unknown", "frontend"}, path


def test_the_readmes_configuration_can_be_used(tmp_path: Path) -> None:
    rules, production = re.findall(r"^```toml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    client = "12345678-90ab-cdef-1234-567890abcdef"
    text = production.replace("your client id", client)
    assert tomllib.loads(text)["site"]["client_id"] == client
    (tmp_path / "wixproxy.toml").write_text(text + rules)
    environment = {"WIXPROXY_SESSION_KEY": KEY, "WIX_CLIENT_SECRET": "the secret of the app"}
    config = load({}, environment, tmp_path)
    assert config.mode == "production"
    assert [rule.name for rule in config.site.elevation_rules] == ["my-orders"]


def test_every_row_of_the_mode_table_has_a_test_of_its_name() -> None:
    rows = [row[0] for row in _rows(README, "## What depends on the mode")]
    wanted = [f"test_the_mode_decides_{row.lower().replace(' ', '_')}" for row in rows]
    assert wanted == re.findall(r"^(?:async )?def (test_\w+)", ROW_TESTS, re.MULTILINE)


def test_every_error_code_is_listed_and_none_that_does_not_exist() -> None:
    assert LISTED.keys() == STATUSES.keys()


@pytest.mark.parametrize("code", sorted(STATUSES))
def test_an_error_is_listed_with_its_status(code: str) -> None:
    if code in NEVER_ANSWERED:
        assert not LISTED[code].isdigit()
    else:
        assert LISTED[code] == str(STATUSES[code])


def test_an_error_that_is_only_logged_is_listed_as_that() -> None:
    logged = {row[0].strip("`") for row in _rows(ERRORS, "## Seen in logs only")}
    assert logged == NEVER_ANSWERED | {ClientGone.code}


def test_the_public_client_is_admitted_with_what_makes_up_for_it() -> None:
    """R27."""
    boundaries = README.partition("## Trust boundaries\n")[2].partition("\n## ")[0]
    told = " ".join(boundaries.split())
    assert "knows no client secret, so the proxy is a public client there" in told
    for compensation in (
        "S256 PKCE",
        "a sealed one-time state",
        "an exact redirect URI",
        "no token in reach of a script",
    ):
        assert compensation in told


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_relative_link_leads_to_a_file(page: Path) -> None:
    text = _INLINE.sub("", _FENCED.sub("", page.read_text("utf-8")))
    for link in _LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.is_file(), link
        if anchor:
            assert anchor in _anchors(target.read_text("utf-8")), link


def _anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
