"""Who may make which call, and what whoever is refused is told: the table in `identities.txt`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import HandClock
from tests.dashboard import FLAGS, handle_of
from tests.program import Program, programmed
from tests.stage import Browser
from wixproxy.emulator import Emulator
from wixproxy.sansio.elevation import ElevationRule

TABLE = Path(__file__).with_name("identities.txt").read_text("utf-8")
PRODUCTION = {"mode": "production"}

# The emulator gives its members the same ids each time.
MEMBERS = {member.first_name: member.id for member in Emulator().state.members.values()}
RULES = [
    {
        "name": "count-the-ledger",
        "call": "POST /wix-data/v2/items/count",
        "who": ["visitor", "member"],
        "fixed_body": {"dataCollectionId": "Ledger"},
    },
    {"name": "instance", "call": "GET /apps/v1/instance", "who": ["member"]},
    {"name": "orders", "call": "GET /pricing-plans/v2/orders", "who": [MEMBERS["Ada"]]},
    {
        "name": "of-no-use",
        "call": "GET /pricing-plans/v2/member/orders/{id}",
        "who": ["member"],
    },
]
# What a developer reads behind "This call was made as …", by who made it.
ADVICE = {
    "a visitor": ("log in first", "[[site.elevate]]"),
    "a member": ("[[site.elevate]]",),
    "the app": ("permission", "without elevation"),
    "the caller, a user": ("below /_wix/elevated/",),
}

WHO = {"visitor": "a visitor", "user": "the caller, a user"}


@dataclass(frozen=True)
class Call:
    """One row: a call, and what each caller gets."""

    method: str
    path: str
    body: Any
    outcomes: dict[str, str]
    title: str


@dataclass(frozen=True)
class Reply:
    """What one caller got."""

    status: int
    values: Any
    explanation: str | None
    logged: str

    @property
    def outcome(self) -> str:
        """The reply as the table writes it."""
        code = self.values.get("code", "") if "request_id" in self.values else ""
        as_app = "as app" if "runs as the app by rule" in self.logged else ""
        return " ".join(filter(None, [str(self.status), code, as_app]))


def _calls() -> list[Call]:
    lines = [line for line in TABLE.splitlines() if line and not line.startswith("#")]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    *callers, _ = rows[0]
    calls = []
    for *outcomes, call in rows[1:]:
        method, path, body = (*call.split(" ", 2), "")[:3]
        values = json.loads(body) if body else None
        due = dict(zip(callers, outcomes, strict=True))
        calls.append(Call(method, path.format(**MEMBERS), values, due, call))
    return calls


CALLS = _calls()


class Callers:
    """Everybody who may call, in front of one stage."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._stage = program.stage

    async def reply(self, caller: str, call: Call) -> Reply:
        """Make the call as this caller."""
        mark = len(self._stage.logged)
        if caller == "nobody":
            told = await self._program.call(call.method, f"/_wix/api{call.path}", call.body)
        elif caller == "user":
            handle = await handle_of(self._stage)
            path = f"/_wix/api{call.path}"
            told = await self._program.call(call.method, path, call.body, **handle)
        elif caller == "app":
            path = f"/_wix/elevated{call.path}"
            told = await self._program.call(call.method, path, call.body)
        else:
            browser = await self._browser(caller)
            answer = await browser.fetch(f"/_wix/api{call.path}", call.method, body=call.body)
            told = (answer.status, await answer.json(), answer.headers)
        status, values, headers = told
        logged = "\n".join(self._stage.logged[mark:])
        return Reply(status, values, headers.get("X-Wixproxy-Explanation"), logged)

    async def _browser(self, caller: str) -> Browser:
        browser = self._stage.browser()
        if caller == "visitor":
            return browser
        name = "linus" if caller == "ended" else caller.lower()
        await browser.fetch(
            "/_wix/testing/session", "POST", body={"member": f"{name}@example.test"}
        )
        if caller == "ended":
            self._stage.emulator.state.tokens.revoke_subject(MEMBERS["Linus"])
            self._stage.advance(14_400)
        return browser


@pytest.fixture
async def callers(clock: HandClock, tmp_path: Path) -> AsyncIterator[Callers]:
    async with programmed(clock, tmp_path, {"site.elevate": RULES, **FLAGS}) as program:
        # When a token ends is told by Wix's clock and believed by ours.
        program.stage.emulator.state.clock.freeze(clock.now)
        yield Callers(program)


@pytest.fixture
async def strangers(clock: HandClock, tmp_path: Path) -> AsyncIterator[Callers]:
    """The same in production, where a page learns nothing of the configuration."""
    async with programmed(clock, tmp_path, {"site.elevate": RULES, **FLAGS}) as program:
        stage = program.stage
        await stage.restart(stage.config.model_copy(update=PRODUCTION))
        yield Callers(program)


def a_get(path: str) -> Call:
    return Call("GET", path, None, {}, path)


@pytest.mark.parametrize("call", CALLS, ids=[call.title for call in CALLS])
async def test_each_caller_gets_what_the_table_says(callers: Callers, call: Call) -> None:
    replies = {caller: await callers.reply(caller, call) for caller in call.outcomes}
    assert {caller: reply.outcome for caller, reply in replies.items()} == call.outcomes
    for caller, reply in replies.items():
        match reply.outcome.split():
            case ["200", *_]:
                assert reply.explanation is None
                assert "made as" not in reply.logged
            case ["403"] | ["403", "as", "app"]:
                _check_explanation(caller, call, reply)
            case ["403", code]:
                assert reply.values["message"]
                assert code in ("call_refused", "elevation_refused")
            case ["401", "session_ended"]:
                assert reply.values["loginUrl"].startswith("/_wix/login")
            case ["401", "no_session"]:
                assert "X-Wixproxy-As: visitor" in reply.values["message"]
            case outcome:
                raise AssertionError(outcome)


def _check_explanation(caller: str, call: Call, reply: Reply) -> None:
    """See that the log, and in dev the answer, say who called and what would help."""
    is_app = caller == "app" or reply.outcome.endswith("as app")
    who = "the app" if is_app else WHO.get(caller, "a member")
    assert reply.explanation is not None
    assert f"This call was made as {who}" in reply.explanation
    assert reply.explanation in reply.logged
    named = [rule for rule in RULES if _names(str(rule["call"]), call)]
    if named and not is_app and caller != "user":
        expected: tuple[str, ...] = (str(named[0]["name"]), "but only for")
    else:
        expected = ADVICE[who]
    for words in expected:
        assert words in reply.explanation


def _names(rule: str, call: Call) -> bool:
    return f"{call.method} {call.path}".startswith(rule.removesuffix("{id}"))


async def test_a_rule_that_is_for_others_is_named_beside_the_refusal(callers: Callers) -> None:
    reply = await callers.reply("visitor", a_get("/apps/v1/instance"))
    assert "administers the app" in reply.values["message"]
    assert "The elevation rule 'instance' runs it as the app" in reply.values["message"]
    assert "but only for: a member" in reply.logged


@pytest.mark.parametrize("path", ["/apps/v1/instance", "/pricing-plans/v2/orders"])
@pytest.mark.parametrize("caller", ["visitor", "Grace"])
async def test_in_production_the_log_alone_has_the_explanation(
    strangers: Callers, caller: str, path: str
) -> None:
    reply = await strangers.reply(caller, a_get(path))
    if caller == "visitor" or path != "/apps/v1/instance":
        assert reply.status == 403
        assert "The elevation rule" in reply.logged
    assert reply.explanation is None
    assert "rule" not in json.dumps(reply.values)


@pytest.mark.parametrize(
    ("caller", "parameter"), [("visitor", "{id}"), ("Grace", "{id}"), ("Ada", "{memberId}")]
)
async def test_the_suggested_rule_is_one_that_the_configuration_takes(
    callers: Callers, caller: str, parameter: str
) -> None:
    """And it names no one member: an id in the path becomes a parameter, one's own the caller's."""
    path = f"/members/v1/members/{MEMBERS['Ada']}/approve"
    reply = await callers.reply(caller, Call("POST", path, {}, {}, path))
    assert reply.explanation is not None
    rule = tomllib.loads("rule = " + reply.explanation.partition("[[site.elevate]]: ")[2])["rule"]
    sound = ElevationRule.parse(**rule)
    assert sound.segments == ("members", "v1", "members", parameter, "approve")
    assert sound.who == {"visitor" if caller == "visitor" else "member"}
