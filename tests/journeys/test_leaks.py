"""The leak check finds what leaks, and finds nothing in hostile requests."""

from __future__ import annotations

import asyncio
import base64
import gzip
import logging
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import HandClock
from tests.stage import DECIDED, Stage, staged
from tests.tap import leaks

SECRET = "OauthNG.JWS.abcdefghijklmnopqrstuvwxyz0123456789"
RAW = SECRET.encode()


def chunked(data: bytes, size: int = 7) -> bytes:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"\r\n\r\n" + b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(RAW, id="as it is"),
        pytest.param(chunked(RAW), id="in chunks"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + gzip.compress(RAW), id="compressed"),
        pytest.param(chunked(gzip.compress(RAW * 20), 30), id="compressed and in chunks"),
        pytest.param("".join(f"%{byte:02x}" for byte in RAW).encode(), id="percent-encoded"),
        pytest.param(quote(SECRET, safe="").encode(), id="percent-encoded where needed"),
        pytest.param(base64.b64encode(RAW), id="in base64"),
        pytest.param(b"xy" + base64.urlsafe_b64encode(b"{'a':'" + RAW), id="in base64, shifted"),
        pytest.param(base64.b64encode(base64.b64encode(RAW)), id="in base64 twice"),
    ],
)
def test_a_secret_is_found_behind_each_encoding(sent: bytes) -> None:
    assert leaks([b"before", sent], [SECRET]) == ["OauthNG.…"]


def test_nothing_is_found_where_nothing_is() -> None:
    assert leaks([b"HTTP/1.1 200 OK\r\n\r\n{}", chunked(b"x" * 100)], [SECRET]) == []


async def test_a_proxy_that_leaks_fails_the_check(clock: HandClock, tmp_path: Path) -> None:
    """A frontend that was told a token and shows it: the check must be able to fail."""
    with pytest.raises(AssertionError, match="OauthNG"):
        async with staged(clock, tmp_path) as stage:
            browser = stage.browser()
            await browser.fetch("/_wix/api/stores/v3/products/query?.r=e30")
            token = next(text for text in stage.emulator.issued if text.startswith("OauthNG"))
            stage.frontend.headers = {"X-Debug": base64.b64encode(token.encode()).decode()}
            await browser.navigate("/")


async def test_a_log_line_that_leaks_fails_the_check(clock: HandClock, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="OauthNG"):
        async with staged(clock, tmp_path) as stage:
            await stage.browser().fetch("/_wix/api/stores/v3/products/query?.r=e30")
            token = next(text for text in stage.emulator.issued if text.startswith("OauthNG"))
            logging.getLogger("wixproxy.test").info("token %s", token)


async def raw(stage: Stage, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(stage.origin.split(":")[-1]))
    try:
        writer.write(request)
        await writer.drain()
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("name", [b"Cookie", b"Authorization", b"X-Own"])
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"%(secret)b" + b"x" * 40_000, id="too long for a field"),
        pytest.param(b"%(secret)b" + b"x" * 300_000, id="too long for the parser"),
        pytest.param(b"%(secret)b\x00", id="with a NUL"),
        pytest.param(b"%(secret)b\r\n folded", id="folded"),
        pytest.param(b"%(secret)b\rX: y", id="with a bare CR"),
    ],
)
async def test_no_refusal_repeats_a_broken_or_oversized_field(
    stage: Stage, name: bytes, value: bytes
) -> None:
    """R21: neither in the answer nor in the log."""
    await stage.browser().fetch("/_wix/api/stores/v3/products/query?.r=e30")
    secret = next(text for text in stage.emulator.issued if text.startswith("OauthNG")).encode()
    host = stage.origin.partition("://")[2].encode()
    field = name + b": " + value.replace(b"%(secret)b", secret)
    answer = await raw(
        stage, b"GET / HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n%b\r\n\r\n" % (host, field)
    )
    status = int(answer.split(b" ", 2)[1])
    assert status in (400, 431)
    assert secret not in answer


async def test_no_repr_of_a_running_proxy_shows_a_secret(stage: Stage) -> None:
    """R21: the service, its fronts, stores, sessions and configuration."""
    browser = stage.browser()
    await browser.log_in()
    service = stage.proxy.requests.service
    shown = [repr(stage.config), repr(service), str(stage.config.session.keys)]
    for front in service.fronts.values():
        for text in browser.cookies().values():
            session = await front.store.load(text)
            shown += [repr(front), repr(front.store), repr(session), repr(front.keyring)]
    assert leaks([text.encode() for text in shown], stage.secrets()) == []


@pytest.mark.parametrize(
    "line",
    [
        "wixproxy-1=x; Path=/; Max-Age=60; SameSite=Lax",
        "wixproxy-1=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Domain=localhost",
        "wixproxy-hint-1=v1.member.0a1b2c3d; Path=/; Max-Age=60; SameSite=Lax; HttpOnly",
        "wixproxy-1=x; Path=/sub; Max-Age=60; HttpOnly; SameSite=Lax",
    ],
)
def test_a_cookie_of_another_form_than_decided_is_noticed(line: str) -> None:
    assert not DECIDED.fullmatch(line)
