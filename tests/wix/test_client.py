"""Calls to Wix's control plane, against a real local server."""

from __future__ import annotations

import asyncio
import json
import ssl
from pathlib import Path

import pytest

from tests.certificate import self_signed, serving
from tests.conftest import HandClock
from tests.wire.upstreams import Peer, Upstream
from tests.wix.conftest import GRANTED, Make, ScriptedWix, answer
from wixproxy.errors import GrantRejected, WixUnavailable
from wixproxy.sansio.grants import MAX_ANSWER_BYTES
from wixproxy.sansio.redaction import Secret
from wixproxy.sansio.tokens import Tokens
from wixproxy.wix.client import RETRY_DELAYS_SECONDS, WixClient

OLD = Tokens("old-access", "old-refresh", 0, 14_400)
BROKEN = answer({}, 500)
REFUSED = answer({"error": "invalid_grant"}, 400)
CALLBACK = "http://localhost:4321/_wix/callback"


async def test_a_visitors_tokens_are_asked_for_in_json(
    wix: ScriptedWix, client: WixClient, clock: HandClock
) -> None:
    wix.say(answer(GRANTED))
    tokens = await client.anonymous()
    assert wix.heads[0].startswith(b"POST /oauth2/token HTTP/1.1\r\n")
    assert b"\r\nContent-Type: application/json\r\n" in wix.heads[0]
    assert json.loads(wix.bodies[0]) == {"clientId": "client-id", "grantType": "anonymous"}
    assert tokens == Tokens(
        "OauthNG.JWS.access", "JWS.refresh", int(clock()) + 14_400, lifetime_seconds=14_400
    )


async def test_a_refresh_that_brings_no_refresh_token_keeps_the_old_one(
    wix: ScriptedWix, client: WixClient
) -> None:
    wix.say(answer({**GRANTED, "refresh_token": None}))
    assert (await client.refresh(OLD)).refresh == "old-refresh"
    assert json.loads(wix.bodies[0])["refreshToken"] == "old-refresh"


async def test_the_apps_token_is_asked_for_again_as_well(
    wix: ScriptedWix, client: WixClient
) -> None:
    wix.say(BROKEN, answer({**GRANTED, "refresh_token": None}))
    tokens = await client.app_token(Secret("app-secret"), "instance")
    assert (tokens.access, tokens.refresh) == ("OauthNG.JWS.access", "")
    assert json.loads(wix.bodies[1])["instance_id"] == "instance"


async def test_a_silent_wix_is_asked_three_times_with_pauses(
    wix: ScriptedWix, client: WixClient
) -> None:
    wix.say(BROKEN, None, answer(GRANTED))
    assert (await client.anonymous()).access == "OauthNG.JWS.access"
    for pause, (shortest, _) in zip(pauses(wix), RETRY_DELAYS_SECONDS, strict=True):
        assert pause >= shortest


async def test_after_three_times_the_silence_is_told(wix: ScriptedWix, client: WixClient) -> None:
    wix.say(BROKEN, BROKEN, BROKEN)
    with pytest.raises(WixUnavailable, match="answered 500"):
        await client.refresh(OLD)
    assert len(wix.heads) == 3


async def test_the_pauses_differ_so_that_many_proxies_do_not_come_back_at_once(
    wix: ScriptedWix, make: Make
) -> None:
    """Eight with the same pause would be one chance in a million."""
    firsts = []
    for _ in range(8):
        wix.times.clear()
        wix.say(BROKEN, answer(GRANTED))
        await make(wix.origin).anonymous()
        firsts += pauses(wix)
    assert max(firsts) - min(firsts) > 0.01


def pauses(wix: ScriptedWix) -> list[float]:
    return [later - earlier for earlier, later in zip(wix.times, wix.times[1:], strict=False)]


async def test_a_refusal_is_final(wix: ScriptedWix, client: WixClient) -> None:
    wix.say(REFUSED)
    with pytest.raises(GrantRejected) as refusal:
        await client.refresh(OLD)
    assert refusal.value.error == "invalid_grant"
    assert "old-refresh" not in repr(refusal.value)
    assert len(wix.heads) == 1


@pytest.mark.parametrize(
    "said",
    [pytest.param(BROKEN, id="an error"), pytest.param(None, id="a broken connection")],
)
async def test_a_code_is_exchanged_once_whatever_happens(
    wix: ScriptedWix, client: WixClient, said: bytes | None
) -> None:
    wix.say(said, answer(GRANTED))
    with pytest.raises(WixUnavailable):
        await client.exchange_code("code", "verifier", CALLBACK)
    assert len(wix.heads) == 1


async def test_a_code_is_not_sent_again_when_a_kept_connection_breaks(
    wix: ScriptedWix, client: WixClient
) -> None:
    wix.say(answer(GRANTED), None, answer(GRANTED))
    await client.anonymous()
    with pytest.raises(WixUnavailable):
        await client.exchange_code("code", "verifier", CALLBACK)
    assert len(wix.heads) == 2
    assert wix.upstream.connections == 1


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param(b"", id="before the head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", id="within the body"),
    ],
)
async def test_an_answer_that_stalls_is_given_up(make: Make, beginning: bytes) -> None:
    async def stalling(peer: Peer) -> None:
        await peer.head()
        await peer.send(beginning)
        await peer.gone()

    upstream = Upstream(stalling)
    origin = str(await upstream.start())
    client = make(origin, attempt_seconds=0.1)
    with pytest.raises(WixUnavailable, match=r"did not answer within 0\.1 seconds"):
        await client.exchange_code("code", "verifier", CALLBACK)
    await upstream.close()


async def test_an_answer_without_end_is_not_read_to_its_end(make: Make) -> None:
    sent = 0

    async def endless(peer: Peer) -> None:
        nonlocal sent
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await peer.send(b"4000\r\n" + b" " * 0x4000 + b"\r\n")
            sent += 0x4000

    upstream = Upstream(endless)
    client = make(str(await upstream.start()))
    with pytest.raises(WixUnavailable, match=f"more than {MAX_ANSWER_BYTES} bytes"):
        await client.exchange_code("code", "verifier", CALLBACK)
    await upstream.close()
    assert sent < 64 * 1024 * 1024


async def test_a_redirect_is_not_followed(wix: ScriptedWix, make: Make) -> None:
    """Tokens go to one origin and nowhere else."""
    elsewhere = ScriptedWix()
    await elsewhere.start()
    location = b"Location: %b/oauth2/token" % elsewhere.origin.encode()
    wix.say(answer({}, 307, location))
    with pytest.raises(WixUnavailable):
        await make(wix.origin).exchange_code("code", "verifier", CALLBACK)
    await elsewhere.upstream.close()
    assert elsewhere.upstream.connections == 0


async def test_no_cookie_goes_from_one_visitor_to_the_next(
    wix: ScriptedWix, client: WixClient
) -> None:
    wix.say(answer(GRANTED, 200, b"Set-Cookie: XSRF=1; Path=/"), answer(GRANTED))
    await client.anonymous()
    await client.anonymous()
    assert b"cookie" not in wix.heads[1].lower()


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_proxy_variables_are_ignored_unless_asked_for(
    wix: ScriptedWix, client: WixClient, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """R77."""
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    wix.say(answer(GRANTED))
    assert (await client.anonymous()).access == "OauthNG.JWS.access"


async def test_proxy_variables_count_when_asked_for(
    wix: ScriptedWix, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R77."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", wix.origin)
    wix.say(answer(GRANTED))
    await make("http://wix.example", trust_environment=True).anonymous()
    assert wix.heads[0].startswith(b"POST http://wix.example/oauth2/token HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("trusts", "advised"),
    [pytest.param(False, True, id="ignored"), pytest.param(True, False, id="in use")],
)
async def test_an_unreachable_wix_brings_the_proxy_option_to_mind(
    wix: ScriptedWix, make: Make, trusts: bool, advised: bool
) -> None:
    wix.say(None)
    with pytest.raises(WixUnavailable, match="cannot be reached") as unavailable:
        await make(wix.origin, trust_environment=trusts).exchange_code("c", "v", CALLBACK)
    assert ("site.proxy" in unavailable.value.message) is advised


async def test_a_certificate_that_nobody_vouches_for_is_refused(make: Make, tmp_path: Path) -> None:
    """R76."""
    wix = ScriptedWix()
    await wix.start(serving(self_signed(tmp_path)))
    with pytest.raises(WixUnavailable, match="CertificateError"):
        await make(wix.origin).exchange_code("code", "verifier", CALLBACK)
    await wix.upstream.close()
    assert wix.heads == []


async def test_a_certificate_of_the_configured_authority_is_accepted(
    make: Make, tmp_path: Path
) -> None:
    """R76."""
    certificate = self_signed(tmp_path)
    wix = ScriptedWix()
    await wix.start(serving(certificate))
    wix.say(answer(GRANTED))
    tls = ssl.create_default_context(cafile=certificate)
    assert (await make(wix.origin, tls=tls).anonymous()).access == "OauthNG.JWS.access"
    await wix.upstream.close()


async def test_a_client_that_was_closed_asks_nothing_more(
    wix: ScriptedWix, client: WixClient
) -> None:
    """A connection opened after the end would be closed by nobody."""
    wix.say(BROKEN)
    asking = asyncio.create_task(client.refresh(OLD))
    await wix.asked.wait()
    await client.close()
    with pytest.raises(WixUnavailable):
        await asking
    assert len(wix.heads) == 1
