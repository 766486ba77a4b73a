"""No path at which Wix's own packages may get a credential passes: each of their tables is walked.

A package names its methods' paths on www.wixapis.com, often several for one,
and the types of their answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from tests.requirements import require
from tests.wix_packages import FOLDER, INSTALL
from wixproxy.sansio.call_rules import CallRules
from wixproxy.sansio.redirect_sessions import is_redirect_session

PACKAGES = FOLDER / "node_modules" / "@wix"
GROUPS = ("identity", "members", "redirects")
# `body` is an answer that the package does not look into.
CREDENTIAL = re.compile(r"token|secret|password|^body$", re.IGNORECASE).search
EVERYTHING = CallRules.parse(["* /**"], [])

_TABLE = re.compile(
    r"function (resolve\w+)\(opts\) \{\s*const domainToMappings = (.*?\n  \});", re.DOTALL
)
_OF_WIX = re.compile(r'"www\.wixapis\.com": \[(.*?)\n    \]', re.DOTALL)
_MAPPING = re.compile(r'srcPath: "([^"]*)",\s*destPath: "([^"]*)"')
_CALL = re.compile(
    r'method: "(\w+)",\s*methodFqn: "[\w.]+\.(\w+)".*?'
    r'url: (resolve\w+)\(\s*\{\s*protoPath: "([^"]+)"',
    re.DOTALL,
)
_ANSWER = re.compile(r"function (\w+)\(\): __PublicMethodMetaInfo<[^>]*, (\w+), \w+\$1, (\w+)>;")
_TYPE = re.compile(r"^interface (\w+)(?: extends (\w+))? \{(.*?)^\}", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"^    (\w+)\??: ([^;]*);", re.MULTILINE)


@dataclass(frozen=True)
class Call:
    """One way to call a method: its path on www.wixapis.com, and what its answer may hold."""

    package: str
    name: str
    method: str
    path: str
    credentials: frozenset[str]


@cache
def calls() -> tuple[Call, ...]:
    require(PACKAGES.is_dir(), INSTALL)
    found = [
        call
        for group in GROUPS
        for folder in sorted(PACKAGES.glob(f"auto_sdk_{group}_*"))
        for call in _calls(folder.name)
    ]
    return tuple(found)


def _calls(package: str) -> Iterator[Call]:
    built = PACKAGES / package / "build" / "es"
    text, types = (built / "index.mjs").read_text(), (built / "meta.d.mts").read_text()
    tables = {name: _mappings(table) for name, table in _TABLE.findall(text)}
    answers = {}
    for name, request, answer in _ANSWER.findall(types):
        # Some methods have another name in the package than in the service.
        answers[name.casefold()] = answers[request.removesuffix("Request").casefold()] = answer
    shapes = {name: (base, body) for name, base, body in _TYPE.findall(types)}
    for method, name, table, proto_path in _CALL.findall(text):
        credentials = frozenset(filter(CREDENTIAL, _fields(answers[name.casefold()], shapes)))
        for source, target in tables[table]:
            if proto_path.startswith(target):
                path = re.sub(r"\{[^}]*\}", "an-id", source + proto_path.removeprefix(target))
                yield Call(package, name, method, path, credentials)


def _mappings(table: str) -> list[tuple[str, str]]:
    of_wix = _OF_WIX.search(table)
    return _MAPPING.findall(of_wix[1]) if of_wix else []


def _fields(
    name: str, shapes: dict[str, tuple[str, str]], seen: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Yield the names of all fields of an answer, at any depth."""
    if name not in shapes or name in seen:
        return
    base, body = shapes[name]
    yield from _fields(base, shapes, seen | {name})
    for field, kind in _FIELD.findall(body):
        yield field
        for inner in re.findall(r"\w+", kind):
            yield from _fields(inner, shapes, seen | {name})


def yields_a_credential(call: Call) -> bool:
    return bool(call.credentials)


def test_the_walk_finds_the_calls_that_yield_credentials() -> None:
    """Were the packages written in another way, it would find none and judge none."""
    found = {call.name for call in filter(yields_a_credential, calls())}
    assert found == {
        *("LoginV2", "RegisterV2", "SignOn", "Logout", "Recover", "VerifyDuringAuthentication"),
        *("Token", "Jwks", "Login", "Register", "Approve", "CreateRedirectSession"),
    }
    assert [call.path for call in calls() if call.name == "Login"] == [
        "/wix-sm/api/v1/auth/api/v1/auth/login",
        "/members/v1/wix-sm-webapp-proxy/v1/auth/login",
    ]
    assert len(calls()) > 100


def ways(call: Call) -> set[str]:
    """Return the paths of a call: Wix maps many behind `/_api` as well."""
    return {call.path, f"/_api{call.path.removeprefix('/_api')}"}


@pytest.mark.parametrize("elevated", [False, True], ids=["as its session", "by a rule"])
def test_no_path_that_yields_a_credential_passes_as_it_is(elevated: bool) -> None:
    """A redirect session passes without its session token."""
    passing = [
        (call.package, call.name, path)
        for call in filter(yields_a_credential, calls())
        for path in ways(call)
        if EVERYTHING.refusal(call.method, path.encode(), elevated=elevated) is None
        and not is_redirect_session(path.encode())
    ]
    assert passing == []


def test_what_a_member_does_with_a_password_passes_where_wix_answers_without_credentials() -> None:
    names = {"ChangePassword", "ValidateEmail"}
    harmless = [call for call in calls() if call.name in names and not yields_a_credential(call)]
    assert {call.name for call in harmless} == names
    for call in harmless:
        assert EVERYTHING.refusal(call.method, call.path.encode()) is None
