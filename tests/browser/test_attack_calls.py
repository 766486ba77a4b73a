"""Pages of other origins that try to log the victim in, run calls as the app, or deliver events.

The stage has what makes that worth a try: rules that run calls as the app, a
backend listener on a port of this machine, and a handler for events.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.attack_scene import Scene
from tests.conftest import HandClock
from tests.program import SECRET, Program, programmed
from tests.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

HANDLER, WEBHOOK = "/hooks/products", "/_wix/extensions/webhooks/products"
FLAGS = {
    "site.elevate": [
        {"name": "instance", "call": "GET /apps/v1/instance", "who": ["visitor", "member"]},
        {
            "name": "approve",
            "call": "POST /members/v1/members/{id}/approve",
            "who": ["visitor", "member"],
        },
    ],
    "site.extensions.webhooks": [{"id": "products", "path": HANDLER}],
}
GRACE = '{"loginId":{"email":"grace@example.test"},"password":"grace-password"}'
SENDS_TEXT = """async ([origin, backend, path, body]) => {
    await fetch(origin + path, { method: "POST", mode: "no-cors", credentials: "include",
        headers: { "Content-Type": "text/plain" }, body });
    return "";
}"""
SENDS_JSON = SENDS_TEXT.replace("text/plain", "application/json").replace("no-cors", "cors")
SHOWS_FRAME = """([origin, backend, path]) => new Promise((tell) => {
    const frame = document.createElement("iframe");
    frame.onload = () => tell("");
    frame.src = origin + path;
    document.body.append(frame);
})"""
OPENS_SOCKET = """([origin, backend, path]) => new Promise((tell) => {
    const address = path.startsWith("/_wix/elevated") ? backend : origin;
    const socket = new WebSocket(address.replace("http", "ws") + path);
    socket.onopen = () => tell("open");
    socket.onerror = () => tell("");
})"""
READS = """async ([origin, backend, path]) => {
    const answer = await fetch(origin + path, { credentials: "include" });
    return answer.text();
}"""
CALLS_PROGRAMS = """async ([origin, backend, path]) => {
    await fetch(backend + path, { mode: "no-cors", credentials: "include" });
    return "";
}"""
CALLS_WITH_SECRET = """async ([origin, backend, path, secret]) => {
    const headers = { "X-Wixproxy-Backend": secret };
    const answer = await fetch(backend + path, { credentials: "include", headers });
    return answer.text();
}"""
CLAIMS_AN_EVENT = """async ([origin, backend, path]) => {
    const headers = { "X-Wix-Event-Type": "created", "X-Wixproxy-Webhook": "products" };
    const answer = await fetch(origin + path, { method: "POST", headers, body: "{}",
        credentials: "include" });
    return answer.text();
}"""

DIRECT = "/_wix/direct-login?code=c&state=s"
TOKEN, ANONYMOUS = "/_wix/api/oauth2/token", '{"grantType":"anonymous"}'
ELEVATED, MINE = "/_wix/elevated/apps/v1/instance", "/_wix/api/members/v1/members/my"
IAM = "/_wix/api/_api/iam/authentication/v2/login"
INSTANCE, APPROVE = "/apps/v1/instance", "/members/v1/members/x/approve"
LOGIN = '{"email":"grace@example.test","password":"grace-password"}'


State = tuple[Any, Any]


@dataclass(frozen=True)
class Attack:
    """What a page does with which path and body, and the status it is refused with."""

    script: str
    path: str
    body: str
    status: str


ATTACKS = {
    "logs in with text": Attack(SENDS_TEXT, "/_wix/login", LOGIN, "403"),
    "logs in with JSON": Attack(SENDS_JSON, "/_wix/login", LOGIN, "405"),
    "signs up with text": Attack(SENDS_TEXT, "/_wix/register", LOGIN, "403"),
    "logs in as Wix's own client": Attack(SENDS_TEXT, IAM, GRACE, "403"),
    "asks for tokens": Attack(SENDS_TEXT, TOKEN, ANONYMOUS, "403"),
    "frames the end of a login": Attack(SHOWS_FRAME, DIRECT, "", "403"),
    "reads as the app": Attack(READS, f"/_wix/api{INSTANCE}", "", "403"),
    "writes as the app": Attack(SENDS_TEXT, f"/_wix/api{APPROVE}", "{}", "403"),
    "asks the public listener for programs' calls": Attack(READS, ELEVATED, "", "404"),
    "calls the backend listener": Attack(CALLS_PROGRAMS, ELEVATED, "", "403"),
    "calls it as the session": Attack(CALLS_PROGRAMS, MINE, "", "403"),
    "calls it with its secret": Attack(CALLS_WITH_SECRET, ELEVATED, SECRET, "403"),
    "opens a WebSocket to it": Attack(OPENS_SOCKET, ELEVATED, "", "403"),
    "opens a WebSocket to the API": Attack(OPENS_SOCKET, f"/_wix/api{INSTANCE}", "", "403"),
    "delivers an event": Attack(SENDS_TEXT, HANDLER, "{}", "404"),
    "claims that an event is verified": Attack(CLAIMS_AN_EVENT, HANDLER, "", "404"),
    "posts an event as Wix does": Attack(SENDS_TEXT, WEBHOOK, "e30.e30.e30", "401"),
}
FORMS = {
    "that logs in": ("/_wix/login", {"email": "grace@example.test", "password": "x"}, 403),
    "that signs up": ("/_wix/register", {"email": "new@example.test", "password": "x"}, 403),
    "that proves an address": ("/_wix/verify", {"state": "x", "code": "000000"}, 403),
    "that has a mail sent": ("/_wix/recover", {"email": "ada@example.test"}, 403),
    "that delivers an event": (HANDLER, {"data": "{}"}, 404),
    "that posts an event": (WEBHOOK, {"data": "{}"}, 400),
}


@pytest_asyncio.fixture(loop_scope="session")
async def program(clock: HandClock, tmp_path: Path) -> AsyncIterator[Program]:
    flags = {**FLAGS, "site.extensions.state_file": str(tmp_path / "events.sqlite3")}
    async with programmed(clock, tmp_path, flags) as program:
        yield program


@pytest_asyncio.fixture(loop_scope="session")
async def stage(program: Program) -> Stage:
    return program.stage


async def state_of(scene: Scene) -> State:
    """Return what an attack could change; reading it asks Wix, so what Wix noticed comes last."""
    return await scene.possessions(), noticed(scene)


def noticed(scene: Scene) -> Any:
    """Return what Wix and the frontend were asked for, and how many mails were sent."""
    stage = scene.stage
    return stage.counts(), scene.reached(), len(stage.emulator.state.mailbox)


async def unharmed(scene: Scene, before: State) -> bool:
    """Tell whether nobody was asked for anything, and the victim has what was there before."""
    possessions, asked = before
    return noticed(scene) == asked and await scene.possessions() == possessions


async def test_no_call_of_a_page_of_another_origin_goes_through(
    scene: Scene, program: Program
) -> None:
    """R44, R46, R47, R52, R54."""
    outcomes = {}
    for name, attack in ATTACKS.items():
        before = await state_of(scene)
        got, answers = await scene.answers(attack.script, program.origin, attack.path, attack.body)
        statuses = {status for _, _, status in answers}
        outcomes[name] = (got, statuses, await unharmed(scene, before))
    assert outcomes == {name: ("", {attack.status}, True) for name, attack in ATTACKS.items()}


async def test_no_form_of_another_origin_goes_through(scene: Scene) -> None:
    """R44, R45: a form needs no preflight, and shows what it got in place of the page."""
    outcomes, home = {}, scene.evil.url
    for name, (path, fields, status) in FORMS.items():
        before = await state_of(scene)
        outcomes[name] = (await scene.submits(path, fields), await unharmed(scene, before))
        await expect(scene.evil.locator("footer")).to_contain_text(str(status))
        await scene.evil.goto(home)
    assert outcomes == {name: (status, True) for name, (_, _, status) in FORMS.items()}


@pytest.mark.parametrize("scene", ["localhost"], indirect=True, ids=["at home"])
async def test_the_same_works_on_a_page_of_the_site(scene: Scene, program: Program) -> None:
    """What refuses the attacks is where they come from."""
    scene.evil = scene.victim
    got, answers = await scene.answers(READS, program.origin, f"/_wix/api{INSTANCE}")
    assert '"instance"' in got
    assert [status for _, _, status in answers] == ["200"]
    assert scene.stage.counts()["grants"]["client_credentials"] == 1
    grace = {"email": "grace@example.test", "password": "grace-password", "returnToUrl": "/in"}
    assert await scene.submits("/_wix/login", grace) == 303
    await scene.victim.wait_for_url("**/in")
    who = await scene.victim.evaluate("fetch('/_wix/session').then((answer) => answer.json())")
    grace_id = scene.stage.emulator.state.member_by_email("grace@example.test")
    assert grace_id is not None
    assert who["memberId"] == grace_id.id
