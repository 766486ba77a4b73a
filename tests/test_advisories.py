"""One test for each lesson about security that others, or we, have learned the hard way.

A fix leaves its test here, with a docstring that says what went wrong; the
part's own tests go into the breadth of it.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from tests.conftest import HandClock
from tests.stage import NAVIGATION, Stage, staged
from wixproxy.errors import SealError, UnsafeReturnURL, WixUnavailable
from wixproxy.sansio import grants
from wixproxy.sansio.keyring import Key, Keyring
from wixproxy.sansio.public_url import PublicURL
from wixproxy.sansio.return_url import safe_return_url
from wixproxy.wix.client import WixClient


@pytest.fixture
async def stage(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(clock, tmp_path) as stage:
        yield stage


@pytest.mark.parametrize("length", range(28))
def test_a_ciphertext_shorter_than_nonce_and_tag_is_refused(length: int) -> None:
    """oauth2-proxy cut the nonce off before it looked at the length, and panicked."""
    ring = Keyring([Key(bytes(32))])
    head = ring.seal("session", b"").rpartition(".")[0]
    body = base64.urlsafe_b64encode(bytes(length)).rstrip(b"=").decode()
    with pytest.raises(SealError):
        ring.open("session", f"{head}.{body}")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/stores/%2e%2e/oauth2/token", id="escaped dot segments"),
        pytest.param("/stores/../oauth2/token", id="plain dot segments"),
        pytest.param("/stores/%2E%2E%2Foauth2/token", id="an escaped slash"),
        pytest.param("/stores/..%5coauth2/token", id="an escaped backslash"),
        pytest.param("/stores/%252e%252e/oauth2/token", id="escaped twice"),
    ],
)
async def test_a_path_that_another_reader_would_repair_is_not_forwarded(
    stage: Stage, path: str
) -> None:
    """Proxies matched `/a/%2e%2e/b` as below `/a`, and the server behind them served `/b`."""
    answer = await stage.browser().fetch(f"/_wix/api{path}", "POST", body={})
    assert answer.status == 400
    assert stage.counts()["calls"] == {}


async def test_a_cookie_that_wix_sets_is_not_sent_with_the_next_visitors_call() -> None:
    """The default jar of aiohttp keeps cookies of named hosts, though not of 127.0.0.1."""
    shown: list[str | None] = []

    async def token(request: web.Request) -> web.Response:
        shown.append(request.headers.get("Cookie"))
        tokens = {"access_token": "a", "refresh_token": "r", "expires_in": 3600}
        answer = web.json_response(tokens)
        answer.set_cookie("visitor", str(len(shown)))
        return answer

    app = web.Application()
    app.router.add_post("/oauth2/token", token)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    wix = WixClient(f"http://localhost:{runner.addresses[0][1]}", "client", HandClock())
    try:
        await wix.anonymous()
        await wix.anonymous()
    finally:
        await wix.close()
        await runner.cleanup()
    assert shown == [None, None]


async def test_an_encoded_body_is_passed_on_as_it_came(stage: Stage) -> None:
    """A client that decodes by itself, and leaves Content-Encoding, breaks every page.

    The body is not even gzip: whoever tried to decode it would fail.
    """
    stage.frontend.headers = {"Content-Encoding": "gzip"}
    async with (
        aiohttp.ClientSession(auto_decompress=False) as http,
        http.get(URL(stage.origin), headers=NAVIGATION) as answer,
    ):
        assert answer.headers["Content-Encoding"] == "gzip"
        assert (await answer.read()).startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param("public, max-age=600", id="public"),
        pytest.param("PUBLIC", id="in capitals"),
        pytest.param("s-maxage=600", id="for shared caches alone"),
        pytest.param("max-age=31536000, immutable", id="for ever"),
        pytest.param("public, s-maxage=600, stale-while-revalidate=60", id="all together"),
    ],
)
async def test_no_shared_cache_may_keep_an_answer_with_a_session_cookie(
    stage: Stage, policy: str
) -> None:
    """A cached `Set-Cookie` gives one visitor's session to everyone behind the cache."""
    stage.frontend.headers = {"Cache-Control": policy}
    answer = await stage.browser().navigate("/")
    kept = answer.headers["Cache-Control"].lower()
    is_shared = "public" in kept or "s-maxage" in kept or "immutable" in kept
    if "Set-Cookie" in answer.headers:
        assert not is_shared
        assert "Cookie" in ",".join(answer.headers.getall("Vary"))
    else:
        assert is_shared


async def test_a_session_known_before_the_login_is_not_the_members_afterwards(
    stage: Stage,
) -> None:
    """Session fixation: an attacker plants a cookie, waits for the login, and uses it."""
    attacker, victim = stage.browser(), stage.browser()
    await attacker.navigate("/")
    victim.http.cookie_jar.update_cookies(attacker.cookies(), response_url=URL(stage.origin))
    await victim.log_in()
    assert (await victim.session())["identity"] == "member"
    assert (await attacker.session())["identity"] != "member"


def test_the_words_of_an_error_do_not_decide_what_it_is() -> None:
    """oauth2-proxy searched the message for `invalid_grant`; a text that quotes it is none."""
    body = b'{"error_description":"retry: a sibling had invalid_grant","message":"invalid_grant"}'
    with pytest.raises(WixUnavailable):
        grants.read_answer(400, body, 0)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("//evil.example", id="no scheme"),
        pytest.param("/\\evil.example", id="a backslash that browsers read as a slash"),
        pytest.param("/\t/evil.example", id="a tab that browsers leave out"),
        pytest.param("http://localhost:4321@evil.example/", id="our name as a user"),
        pytest.param("http://localhost:4321.evil.example/", id="our name as a beginning"),
        pytest.param("javascript:alert(1)", id="a script"),
        pytest.param("/.//evil.example", id="slashes left over by dot segments"),
    ],
)
def test_a_return_url_that_a_browser_reads_differently_is_refused(url: str) -> None:
    """Nearly every login route has been an open redirect once."""
    with pytest.raises(UnsafeReturnURL):
        safe_return_url(url, PublicURL.parse("http://localhost:4321"))


async def test_a_cookie_with_a_strange_name_does_not_stop_logins(stage: Stage) -> None:
    """A page on another port set `…-login-é=`; to take it out again failed, at every login."""
    browser = stage.browser()
    await browser.navigate("/")
    port = URL(stage.origin).port
    tossed = "; ".join(f"wixproxy-{port}-login-\xe9{number}=x" for number in range(6))
    own = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        headers = {**NAVIGATION, "Cookie": f"{tossed}; {own}"}
        url = f"{stage.origin}/_wix/login"
        async with http.get(url, headers=headers, allow_redirects=False) as begun:
            assert begun.status == 302


async def test_a_cookie_without_a_name_cannot_stand_for_the_session(stage: Stage) -> None:
    """Browsers keep `=a=b` as a nameless cookie and send it back as `a=b`."""
    name = f"wixproxy-{URL(stage.origin).port}"
    stage.frontend.headers = {"Set-Cookie": f"={name}=evil; Path=/"}
    page = await stage.browser().navigate("/")
    assert "evil" not in str(page.headers.getall("Set-Cookie"))


async def test_a_redirect_session_is_not_made_past_the_search_for_tokens(stage: Stage) -> None:
    """Wix reads the request of a GET from `?.r=`; only bodies were searched for a session token."""
    asked = json.dumps({"auth": {"authRequest": {"sessionToken": "stolen"}}}).encode()
    hidden = base64.urlsafe_b64encode(asked).decode().rstrip("=")
    path = f"/_wix/api/_api/redirects-api/v1/redirect-session?.r={hidden}"
    answer = await stage.browser().fetch(path)
    assert answer.status == 403
    assert stage.counts()["calls"] == {}


@pytest.mark.parametrize(
    "path",
    [
        "/_wix/api/_api/iam/authentication/v2/login",
        "/_wix/api/_api/redirects-api/v1/redirect-session",
        "/_wix/api/oauth2/token",
        "/_wix/api/oauth2/token-info",
        "/_wix/logout",
        "/_wix/testing/session",
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"loginId": {"email": "\\ud800"}}', id="a lone surrogate"),
        pytest.param('{"loginId": "x", "auth": [], "token": {}}', id="other types"),
        pytest.param("[" * 60_000, id="too deep"),
        pytest.param("1" * 10_000, id="a number too long"),
    ],
)
async def test_json_that_cannot_be_worked_with_is_no_fault_of_ours(
    stage: Stage, path: str, text: str
) -> None:
    """Each of these has made some parser or encoder raise where nobody expected it."""
    async with aiohttp.ClientSession() as http:
        headers = {"Content-Type": "application/json"}
        async with http.post(stage.origin + path, data=text, headers=headers) as answer:
            assert answer.status < 500, await answer.text()


async def test_a_request_behind_a_wish_to_upgrade_is_not_left_hanging(stage: Stage) -> None:
    """The parser stops there; what came in the same packet was never answered."""
    head = f"GET /_wix/healthz HTTP/1.1\r\nHost: {URL(stage.origin).authority}\r\n".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", URL(stage.origin).port)
    writer.write(head + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + head + b"\r\n")
    async with asyncio.timeout(5):
        received = await reader.read()
    writer.close()
    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nConnection: close\r\n" in received
