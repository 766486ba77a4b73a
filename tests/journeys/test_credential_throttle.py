"""Guesses at passwords, codes and mail boxes: nearly none reach Wix, and nobody else pays for them.

The stage's proxy has another one in front of it, which says who asks; an
address that it does not know is one that nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conftest import HandClock
from tests.stage import Browser, Stage, staged
from tests.volley import volley

LOGIN = "/_api/iam/authentication/v2/login"
VERIFY = "/_api/iam/verification/v1/auth/verify"
SEND_MAIL = "/_api/iam/recovery/v1/send-email"
PAGES = {"returnToUrl": "/welcome", "failureUrl": "/login"}
ADA = {"email": "ada@example.test", "password": "ada-password", **PAGES}
WRONG = {**ADA, "password": "a guess"}
ATTACKER, MEMBER = ({"X-Forwarded-For": address} for address in ("203.0.113.7", "198.51.100.9"))
UNKNOWN = {"X-Forwarded-For": "unknown"}


@pytest.fixture
async def stage(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(clock, tmp_path, {"server.trusted_proxies": ["127.0.0.1", "::1"]}) as stage:
        yield stage


@pytest.fixture
async def strict(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """One attempt a minute for a place, three for an account, sixty for all unknown addresses."""
    flags = {
        "server.trusted_proxies": ["127.0.0.1", "::1"],
        "site.login.tries_per_minute": 1,
    }
    async with staged(clock, tmp_path, flags) as stage:
        yield stage


def asked(stage: Stage, path: str) -> int:
    """Return how often Wix was asked."""
    return len(stage.emulator.state.exchanges.kept(path))


async def unproved(stage: Stage, browser: Browser) -> str:
    """Sign somebody up whose address is to be proved; return the handle of the verification."""
    settings = stage.emulator.state.settings
    stage.emulator.state.settings = settings.changed({"email_verification": True})
    new = {"email": "new@example.test", "password": "a-long-password"}
    answer = await browser.fetch("/_wix/register", "POST", body=new, **MEMBER)
    told: dict[str, str] = await answer.json()
    return told["state"]


def mailed_code(stage: Stage) -> str:
    code = re.search(r"\b\d{6}\b", str(stage.emulator.state.mailbox[-1]))
    assert code is not None
    return code[0]


@pytest.mark.numerous
async def test_of_ten_thousand_logins_ten_reach_wix_and_the_owner_still_gets_in(
    stage: Stage,
) -> None:
    answers = await volley(stage.origin, "/_wix/login", WRONG, 10_000, **ATTACKER)
    assert answers == {
        (401, "invalid_credentials", False): 10,
        (429, "too_many_requests", True): 9_990,
    }
    assert asked(stage, LOGIN) == 10
    owner = await stage.browser().fetch("/_wix/login", "POST", body=ADA, **MEMBER)
    assert (owner.status, await owner.json()) == (200, {"identity": "member"})


async def test_the_wait_is_told_and_is_long_enough(stage: Stage) -> None:
    await volley(stage.origin, "/_wix/login", WRONG, 100, **ATTACKER)
    refused = await stage.browser().fetch("/_wix/login", "POST", body=ADA, **ATTACKER)
    assert refused.status == 429
    assert "Try again in 6 seconds" in (await refused.json())["message"]
    stage.advance(int(refused.headers["Retry-After"]))
    answer = await stage.browser().fetch("/_wix/login", "POST", body=ADA, **ATTACKER)
    assert answer.status == 200


async def test_a_form_that_is_refused_lands_on_its_page_which_learns_why(stage: Stage) -> None:
    await volley(stage.origin, "/_wix/login", WRONG, 100, **ATTACKER)
    answer = await stage.browser().submit("/_wix/login", ADA, **ATTACKER)
    page = urlsplit(answer.headers["Location"])
    assert (answer.status, page.path) == (303, "/login")
    assert parse_qs(page.query) == {"error": ["too_many_requests"], "retryAfter": ["6"]}
    alone = {"email": ADA["email"], "password": ADA["password"]}
    problem = await stage.browser().submit("/_wix/login", alone, **ATTACKER)
    assert (problem.status, problem.headers["Retry-After"]) == (429, "6")


async def test_right_passwords_are_not_counted(stage: Stage) -> None:
    """An office behind one address."""
    for _ in range(15):
        answer = await stage.browser().fetch("/_wix/login", "POST", body=ADA, **MEMBER)
        assert answer.status == 200


async def test_the_clients_own_login_is_counted_with_the_forms(stage: Stage) -> None:
    await volley(stage.origin, "/_wix/login", WRONG, 100, **ATTACKER)
    body = {"loginId": {"email": "grace@example.test"}, "password": "a guess"}
    answers = await volley(stage.origin, f"/_wix/api{LOGIN}", body, 100, **ATTACKER)
    assert answers == {(429, "too_many_requests", True): 100}
    assert asked(stage, LOGIN) == 10


async def test_many_addresses_do_not_try_one_account_without_end(stage: Stage) -> None:
    for number in range(8):
        address = f"2001:db8:0:{number:x}::1"
        await volley(stage.origin, "/_wix/login", WRONG, 8, **{"X-Forwarded-For": address})
    assert asked(stage, LOGIN) == 30


async def test_sign_ups_are_counted(stage: Stage) -> None:
    """Each asks Wix whether an address has an account."""
    body = {"email": ADA["email"], "password": "a-long-password"}
    answers = await volley(stage.origin, "/_wix/register", body, 100, **ATTACKER)
    assert answers == {
        (401, "email_already_exists", False): 10,
        (429, "too_many_requests", True): 90,
    }


async def test_a_session_has_its_own_limit_where_addresses_are_unknown(stage: Stage) -> None:
    attacker, member = stage.browser(), stage.browser()
    for browser in (attacker, member):
        await browser.navigate("/", **UNKNOWN)
    statuses = [
        (await attacker.fetch("/_wix/login", "POST", body=WRONG, **UNKNOWN)).status
        for _ in range(12)
    ]
    assert statuses == [401] * 10 + [429] * 2
    assert (await member.fetch("/_wix/login", "POST", body=ADA, **UNKNOWN)).status == 200


async def test_sessions_that_cost_nothing_are_limited_together(strict: Stage) -> None:
    for number in range(10):
        body = {**WRONG, "email": f"{number}@example.test"}
        await volley(strict.origin, "/_wix/login", body, 20, **UNKNOWN)
    assert asked(strict, LOGIN) == 3 * 10
    for number in range(10, 60):
        body = {**WRONG, "email": f"{number}@example.test"}
        await volley(strict.origin, "/_wix/login", body, 4, **UNKNOWN)
    assert asked(strict, LOGIN) == 60
    known = await strict.browser().fetch("/_wix/login", "POST", body=ADA, **MEMBER)
    assert known.status == 200
    assert any("list the proxies in front" in line for line in strict.logged)


async def test_codes_are_tried_ten_times_for_an_account_by_form_and_by_the_client(
    stage: Stage,
) -> None:
    browser = stage.browser()
    form = {"state": await unproved(stage, browser), "code": "000000"}
    by_client = {"stateToken": form["state"], "code": "000000", "email": "else@example.test"}
    for number in range(8):
        place = {"X-Forwarded-For": f"192.0.2.{number}"}
        by_form = await browser.fetch("/_wix/verify", "POST", body=form, **place)
        assert by_form.status == (401 if number < 5 else 429)
        answer = await browser.fetch(f"/_wix/api{VERIFY}", "POST", body=by_client, **place)
        assert answer.status == (400 if number < 5 else 429)
    assert asked(stage, VERIFY) == 10
    stage.advance(60)
    again = {"email": "new@example.test", "password": "a-long-password"}
    told = await (await browser.fetch("/_wix/login", "POST", body=again, **MEMBER)).json()
    proof = {"state": told["state"], "code": mailed_code(stage), **PAGES}
    proved = await browser.submit("/_wix/verify", proof, **MEMBER)
    assert proved.headers["Location"] == "/welcome"


async def test_another_login_makes_no_new_ten_codes(stage: Stage) -> None:
    browser = stage.browser()
    form = {"state": await unproved(stage, browser), "code": "000000"}
    for _ in range(10):
        await browser.fetch("/_wix/verify", "POST", body=form, **ATTACKER)
    again = {"email": "new@example.test", "password": "a-long-password"}
    answer = await browser.fetch("/_wix/login", "POST", body=again, **MEMBER)
    fresh = {"state": (await answer.json())["state"], "code": "000000"}
    assert (await browser.fetch("/_wix/verify", "POST", body=fresh, **MEMBER)).status == 429


async def test_a_mail_box_is_not_filled(stage: Stage) -> None:
    """By form and by the client, wherever from; and whether or not there is such an account."""
    for email in (ADA["email"], "nobody@example.test"):
        answers = await volley(stage.origin, "/_wix/recover", {"email": email}, 4, **MEMBER)
        assert answers == {(200, "", False): 3, (429, "too_many_requests", True): 1}
        body = {"email": email, "redirect": {"url": f"{stage.origin}/new"}}
        answer = await stage.browser().fetch(f"/_wix/api{SEND_MAIL}", "POST", body=body, **ATTACKER)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "300")
    assert asked(stage, SEND_MAIL) == 6


@pytest.mark.parametrize(
    "path", [SEND_MAIL, f"{SEND_MAIL}/", "/_api/iam/Verification/v1/start", "/iam/recovery/v2/x"]
)
async def test_no_spelling_of_a_call_that_sends_mails_is_without_limit(
    stage: Stage, path: str
) -> None:
    statuses: list[Any] = []
    for number in range(12):
        body = {"email": f"{number}@example.test"}
        answer = await stage.browser().fetch(f"/_wix/api{path}", "POST", body=body, **ATTACKER)
        statuses.append(answer.status)
    assert 429 not in statuses[:10]
    assert statuses[10:] == [429, 429]
