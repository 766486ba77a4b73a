"""Redirect sessions, the authorize step and whose tokens they are, against a real local server."""

from __future__ import annotations

import pytest

from tests.wix.conftest import ScriptedWix, answer
from wixproxy.errors import GrantRejected, WixRefused, WixUnavailable
from wixproxy.sansio.tokens import Tokens
from wixproxy.wix.client import WixClient

TOKENS = Tokens("access", "refresh", 0, 14_400)
LOGIN_PAGE = "https://www.wix.example/login?data=x%2Fy"
CALLBACK = "http://localhost:4321/_wix/callback"


async def test_a_redirect_session_is_made_with_the_bare_token(
    wix: ScriptedWix, client: WixClient
) -> None:
    wix.say(answer({"redirectSession": {"fullUrl": LOGIN_PAGE}}))
    assert await client.redirect_session({"auth": {}}, "session-access") == LOGIN_PAGE
    assert wix.heads[0].startswith(b"POST /_api/redirects-api/v1/redirect-session HTTP/1.1\r\n")
    assert b"\r\nAuthorization: session-access\r\n" in wix.heads[0]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(None, id="missing"),
        pytest.param("/login", id="relative"),
        pytest.param("javascript:alert(1)", id="no web address"),
        pytest.param("https://wix.example/\r\nX: y", id="line end"),
        pytest.param("https://wix.example/ ", id="space"),
        pytest.param("https://wix.example/" + "a" * 2_048, id="too long"),
        pytest.param("https://wíx.example/", id="not ASCII"),
    ],
)
async def test_a_redirect_session_without_a_usable_address_is_no_answer(
    wix: ScriptedWix, client: WixClient, url: str | None
) -> None:
    wix.say(answer({"redirectSession": {"fullUrl": url}}))
    with pytest.raises(WixUnavailable, match="without a usable address"):
        await client.redirect_session({}, "session-access")


@pytest.mark.parametrize(
    ("said", "error", "says"),
    [
        pytest.param(answer({}, 401), GrantRejected, "session's token", id="token not accepted"),
        pytest.param(answer({}, 502), WixUnavailable, "answered 502", id="Wix is down"),
        pytest.param(
            answer({}, 403, b"x-wix-request-id: request-7"),
            WixRefused,
            "'request-7'",
            id="unknown reason",
        ),
        pytest.param(
            answer({"message": "Invalid redirect URI"}, 400),
            WixRefused,
            "redirect URIs",
            id="redirect URI",
        ),
        pytest.param(
            answer({"message": "No Public URL Found"}, 500),
            WixRefused,
            "Publish",
            id="not published",
        ),
    ],
)
async def test_a_refused_redirect_session_says_what_to_do(
    wix: ScriptedWix, client: WixClient, said: bytes, error: type[Exception], says: str
) -> None:
    wix.say(said)
    with pytest.raises(error, match=says):
        await client.redirect_session({}, "session-access")


async def test_the_authorize_step_is_read_and_not_followed(
    wix: ScriptedWix, client: WixClient
) -> None:
    location = f"Location: {CALLBACK}?code=c&state=s".encode()
    wix.say(answer({}, 302, location))
    query = await client.authorize(f"{wix.origin}/authorize?a=b%2Fc", CALLBACK)
    assert query == b"code=c&state=s"
    assert wix.heads[0].startswith(b"GET /authorize?a=b%2Fc HTTP/1.1\r\n")
    assert not {b"authorization", b"cookie"} & {
        line.partition(b":")[0].lower() for line in wix.heads[0].split(b"\r\n")
    }


async def test_an_authorize_step_at_another_place_is_not_taken(
    wix: ScriptedWix, client: WixClient
) -> None:
    elsewhere = wix.origin.replace("127.0.0.1", "localhost")
    with pytest.raises(WixRefused, match="session token was not taken"):
        await client.authorize(f"{elsewhere}/authorize?sessionToken=JWS.x", CALLBACK)
    assert wix.heads == []


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(answer({}, 200), id="a page"),
        pytest.param(answer({}, 302, b"Location: https://evil.example/?code=c"), id="elsewhere"),
        pytest.param(
            answer({}, 302, b"Location: http://localhost:4321/_wix/callback.evil?code=c"),
            id="a longer path",
        ),
    ],
)
async def test_an_authorize_step_that_leads_elsewhere_is_refused(
    wix: ScriptedWix, client: WixClient, said: bytes
) -> None:
    wix.say(said)
    with pytest.raises(WixRefused, match="authorize step"):
        await client.authorize(f"{wix.origin}/authorize", CALLBACK)


@pytest.mark.parametrize(
    ("said", "member_id"),
    [
        pytest.param(answer({"subjectType": "MEMBER", "subjectId": "a-1"}), "a-1", id="member"),
        pytest.param(answer({"subjectType": "VISITOR", "subjectId": "a-1"}), None, id="visitor"),
        pytest.param(answer({"subjectType": "MEMBER", "subjectId": "a\r\nb"}), None, id="no id"),
        pytest.param(answer({"subjectType": "MEMBER"}, 403), None, id="refused"),
        pytest.param(answer(b"<html>"), None, id="HTML"),
        pytest.param(answer([]), None, id="no object"),
        pytest.param(answer(b"[" * 60_000), None, id="too deep"),
        pytest.param(None, None, id="silence"),
    ],
)
async def test_a_member_id_is_told_or_left_out(
    wix: ScriptedWix, client: WixClient, said: bytes | None, member_id: str | None
) -> None:
    wix.say(said)
    assert await client.member_id(TOKENS) == member_id
