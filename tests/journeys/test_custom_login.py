"""Forms of the frontend's own, without a script: in, up, proof of the address, recovery."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from tests.stage import FETCH, Stage

PAGES = {"returnToUrl": "/welcome", "failureUrl": "/login?from=cart"}
FROM = {"from": ["cart"]}
ADA = {"email": "ada@example.test", "password": "ada-password", **PAGES}
NEW = {"email": "new@example.test", "password": "a-long-password", **PAGES}


def landed(answer: aiohttp.ClientResponse) -> tuple[str, dict[str, list[str]]]:
    parts = urlsplit(answer.headers["Location"])
    return parts.path, parse_qs(parts.query)


async def test_a_form_logs_a_member_in_with_the_cart(cookie_stage: Stage) -> None:
    browser = cookie_stage.browser()
    answer = await browser.submit("/_wix/login", ADA)
    assert (answer.status, answer.headers["Location"]) == (303, "/welcome")
    assert (await browser.session())["identity"] == "member"


async def test_json_is_answered_with_json(cookie_stage: Stage) -> None:
    browser = cookie_stage.browser()
    answer = await browser.fetch("/_wix/login", "POST", body=ADA)
    assert (answer.status, await answer.json()) == (200, {"identity": "member"})
    refused = await browser.fetch("/_wix/login", "POST", body={**ADA, "password": "wrong"})
    assert (refused.status, await refused.json()) == (401, {"error": "invalid_credentials"})


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"password": "wrong"}, id="a wrong password"),
        pytest.param({"email": "nobody@example.test"}, id="an unknown address"),
    ],
)
async def test_an_unknown_address_and_a_wrong_password_are_told_apart_to_nobody(
    cookie_stage: Stage, change: dict[str, str]
) -> None:
    browser = cookie_stage.browser()
    answer = await browser.submit("/_wix/login", {**ADA, **change})
    assert landed(answer) == ("/login", {"from": ["cart"], "error": ["invalid_credentials"]})
    assert (await browser.session())["identity"] == "visitor"


async def test_a_form_signs_somebody_up(cookie_stage: Stage) -> None:
    browser = cookie_stage.browser()
    answer = await browser.submit("/_wix/register", {**NEW, "firstName": "Nia"})
    assert answer.headers["Location"] == "/welcome"
    assert (await browser.session())["identity"] == "member"
    again = await cookie_stage.browser().submit("/_wix/register", NEW)
    assert landed(again)[1]["error"] == ["email_already_exists"]


async def test_an_address_is_proved_by_the_code_that_was_mailed(cookie_stage: Stage) -> None:
    settings = cookie_stage.emulator.state.settings
    cookie_stage.emulator.state.settings = settings.changed({"email_verification": True})
    browser = cookie_stage.browser()
    answer = await browser.submit("/_wix/register", NEW)
    _, query = landed(answer)
    assert query["error"] == ["email_verification_required"]
    mail: Any = cookie_stage.emulator.state.mailbox[-1]
    code = re.search(r"\b\d{6}\b", str(mail))
    assert code is not None
    form = {"state": query["state"][0], "code": code[0], **PAGES}
    stranger = await cookie_stage.browser().submit("/_wix/verify", form)
    assert landed(stranger)[1]["error"] == ["verification_expired"]
    wrong = await browser.submit("/_wix/verify", {**form, "code": "000000"})
    assert landed(wrong)[1] == {"error": ["verification_failed"], "state": query["state"], **FROM}
    proved = await browser.submit("/_wix/verify", form)
    assert proved.headers["Location"] == "/welcome"
    assert (await browser.session())["identity"] == "member"


async def test_a_recovery_looks_the_same_for_every_address(cookie_stage: Stage) -> None:
    browser = cookie_stage.browser()
    for email in ("ada@example.test", "nobody@example.test"):
        answer = await browser.submit("/_wix/recover", {"email": email, **PAGES})
        assert (answer.status, answer.headers["Location"]) == (303, "/welcome")


@pytest.mark.parametrize("path", ["/_wix/login", "/_wix/register", "/_wix/recover"])
async def test_a_page_that_could_leave_the_site_is_refused_before_anything_is_tried(
    cookie_stage: Stage, path: str
) -> None:
    """R36."""
    for name in ("returnToUrl", "failureUrl"):
        form = {**ADA, name: "//evil.example"}
        assert (await cookie_stage.browser().submit(path, form)).status == 400
    assert cookie_stage.counts()["calls"] == {}


async def test_a_form_of_another_site_logs_nobody_in(cookie_stage: Stage) -> None:
    """R44: login CSRF."""
    browser = cookie_stage.browser()
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    answer = await browser.fetch("/_wix/login", "POST", body=ADA, **foreign)
    assert answer.status == 403
    assert (await browser.session())["identity"] == "none"


@pytest.mark.parametrize("form", [{"password": "x"}, {"email": "ada@example.test", "password": ""}])
async def test_a_form_without_a_field_lands_on_its_page_and_else_says_which(
    cookie_stage: Stage, form: dict[str, str]
) -> None:
    missing = "email" if "email" not in form else "password"
    browser = cookie_stage.browser()
    answer = await browser.submit("/_wix/login", {**form, **PAGES})
    assert landed(answer) == ("/login", {"error": ["invalid_input"], **FROM})
    alone = await browser.submit("/_wix/login", form)
    assert alone.status == 400
    assert f"The form has no {missing}" in await alone.text()
    told = await browser.fetch("/_wix/login", "POST", body={**form, **PAGES})
    assert (told.status, (await told.json())["code"]) == (400, "invalid_input")
    assert cookie_stage.counts()["calls"] == {}


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        pytest.param(
            '{"email":"\\ud800","password":"b"}', "application/json", "UTF-8", id="a surrogate"
        ),
        pytest.param("{", "application/json", "Expected a JSON object", id="broken JSON"),
        pytest.param("email=x", "multipart/form-data", "found 'multipart/form-data'", id="parts"),
        pytest.param(
            "email=x&email=y", "application/x-www-form-urlencoded", "email stands twice", id="twice"
        ),
    ],
)
async def test_a_body_that_is_no_form_is_told_what_was_expected(
    cookie_stage: Stage, body: str, kind: str, expected: str
) -> None:
    http, headers = cookie_stage.browser().http, {**FETCH, "Content-Type": kind}
    for path in ("/_wix/login", "/_wix/register", "/_wix/verify", "/_wix/recover"):
        answer = await http.post(cookie_stage.origin + path, data=body, headers=headers)
        problem = await answer.json()
        assert (answer.status, problem["code"]) == (400, "request_refused")
        assert expected in problem["message"]


async def test_a_captcha_is_asked_for_and_its_answer_goes_along(cookie_stage: Stage) -> None:
    settings = cookie_stage.emulator.state.settings
    cookie_stage.emulator.state.settings = settings.changed({"captcha": True})
    browser = cookie_stage.browser()
    answer = await browser.submit("/_wix/login", ADA)
    assert landed(answer)[1]["error"] == ["captcha_required"]
    invalid = await browser.submit("/_wix/login", {**ADA, "recaptchaToken": "invalid"})
    assert landed(invalid)[1]["error"] == ["captcha_invalid"]
    solved = await browser.submit("/_wix/login", {**ADA, "g-recaptcha-response": "solved"})
    assert solved.headers["Location"] == "/welcome"


@pytest.mark.parametrize("kind", ["reset", "status"])
@pytest.mark.parametrize("path", ["/_wix/login", "/_wix/register", "/_wix/recover"])
async def test_while_wix_is_down_a_form_lands_on_its_page_and_a_script_gets_the_problem(
    cookie_stage: Stage, path: str, kind: str
) -> None:
    browser = cookie_stage.browser()
    await browser.fetch("/_wix/api/ecom/v1/carts/current")
    cookie_stage.fault(path="/_api/iam/*", kind=kind, status=503)
    answer = await browser.submit(path, ADA)
    assert landed(answer) == ("/login", {"error": ["wix_unavailable"], **FROM})
    told = await browser.fetch(path, "POST", body=ADA)
    assert (told.status, (await told.json())["code"]) == (503, "wix_unavailable")
    alone = {name: value for name, value in ADA.items() if name not in PAGES}
    assert (await browser.submit(path, alone)).status == 503


async def test_a_member_whose_session_has_ended_logs_in_again_at_once(cookie_stage: Stage) -> None:
    browser = cookie_stage.browser()
    await browser.submit("/_wix/login", ADA)
    member_id = (await browser.session())["memberId"]
    cookie_stage.emulator.state.tokens.revoke_subject(member_id)
    cookie_stage.advance(14_400)
    answer = await browser.submit("/_wix/login", ADA)
    assert answer.headers["Location"] == "/welcome"
    assert (await browser.session())["memberId"] == member_id


@pytest.mark.parametrize("email", [ADA["email"], "nobody@example.test"])
@pytest.mark.parametrize(
    ("setting", "remedy"),
    [
        pytest.param({"redirect_domains": []}, "Allowed redirect domains", id="no such domain"),
        pytest.param({"published": False}, "Publish the site", id="a site that is not published"),
    ],
)
async def test_a_recovery_that_reaches_nobody_is_told_with_what_to_do(
    cookie_stage: Stage, email: str, setting: dict[str, object], remedy: str
) -> None:
    settings = cookie_stage.emulator.state.settings
    cookie_stage.emulator.state.settings = settings.changed(setting)
    browser, form = cookie_stage.browser(), {"email": email, **PAGES}
    answer = await browser.submit("/_wix/recover", form)
    assert landed(answer) == ("/login", {"error": ["wix_refused"], **FROM})
    assert any(remedy in line for line in cookie_stage.logged)
    told = await browser.fetch("/_wix/recover", "POST", body=form)
    assert (told.status, (await told.json())["code"]) == (502, "wix_refused")


async def test_another_refusal_of_a_recovery_is_told_to_the_operator_alone(
    cookie_stage: Stage,
) -> None:
    """Whoever asks could learn from it which addresses have an account."""
    browser = cookie_stage.browser()
    await browser.fetch("/_wix/api/ecom/v1/carts/current")
    cookie_stage.fault(path="/_api/iam/recovery/*", kind="status", status=403)
    answer = await browser.submit("/_wix/recover", ADA)
    assert answer.headers["Location"] == "/welcome"
    assert any("Wix answered a recovery with 403" in line for line in cookie_stage.logged)


UNGUARDED = {
    "the origin of a sandbox": {"Origin": "null"},
    "another origin": {"Origin": "https://evil.example"},
    "another port": {"Origin": "http://localhost:1"},
    "a sibling site": {"Sec-Fetch-Site": "same-site"},
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "a word that no browser writes": {"Sec-Fetch-Site": "SAME-ORIGIN"},
}


@pytest.mark.parametrize("headers", UNGUARDED.values(), ids=list(UNGUARDED))
async def test_a_form_without_the_headers_of_our_own_pages_does_nothing(
    cookie_stage: Stage, headers: dict[str, str]
) -> None:
    """R44 to R46: on every route that takes a form, and with a sentence that says why."""
    browser = cookie_stage.browser()
    await browser.navigate("/")
    for path in ("/_wix/login", "/_wix/register", "/_wix/verify", "/_wix/recover", "/_wix/logout"):
        form = {**NEW, **ADA, "state": "x", "code": "000000"}
        url = cookie_stage.origin + path
        answer = await browser.http.post(url, data=form, headers=headers, allow_redirects=False)
        problem = await answer.json()
        assert (answer.status, problem["code"]) == (403, "cross_site_request")
        assert cookie_stage.origin in problem["message"] or "api.allowed_origins" in str(problem)
    assert cookie_stage.counts()["calls"] == {}
    assert (await browser.session())["identity"] == "visitor"


async def test_a_form_with_neither_header_comes_from_a_program(cookie_stage: Stage) -> None:
    """Every browser sends one of them with a form; a program has no cookie to misuse."""
    browser = cookie_stage.browser()
    url = f"{cookie_stage.origin}/_wix/login"
    answer = await browser.http.post(url, data=ADA, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/welcome")
