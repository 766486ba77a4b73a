"""Who the frontend is told about, and where its answers lead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import pytest_asyncio

from tests.conftest import HandClock
from tests.stage import staged
from tests.vectors.readers import values
from tests.vectors.scene import Scene, scene
from tests.wire.upstreams import Peer

pytestmark = pytest.mark.asyncio(loop_scope="module")

GET = b"GET / HTTP/1.1\r\nHost: shop.test\r\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trusting_scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    flags = {"server.trusted_proxies": ["127.0.0.1"], "upstream.host_header": "dev.test:3000"}
    async with scene(tmp_path_factory.mktemp("trusting"), flags) as trusting:
        yield trusting


@pytest_asyncio.fixture(loop_scope="module")
async def trusting(trusting_scene: Scene) -> AsyncIterator[Scene]:
    """A proxy behind one that it trusts, which names the frontend's host itself."""
    yield trusting_scene
    await trusting_scene.renew()


async def seen(proxied: Scene, fields: bytes, name: bytes) -> list[bytes]:
    """Ask with these fields; return what the upstream sees under the name."""
    client = await proxied.client(GET + fields + b"\r\n")
    assert (await client.answer()).status == 200
    return values(proxied.upstream.requests[-1].fields, name)


@pytest.mark.parametrize(
    ("fields", "chain"),
    [
        pytest.param(b"", b"127.0.0.1", id="nobody before it"),
        pytest.param(b"X-Forwarded-For: 203.0.113.7\r\n", b"203.0.113.7, 127.0.0.1", id="one"),
        pytest.param(
            b"X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For: 203.0.113.8\r\n",
            b"203.0.113.7, 203.0.113.8, 127.0.0.1",
            id="in two fields",
        ),
        pytest.param(
            b"X-Forwarded-For: 6.6.6.6, nonsense, 203.0.113.8\r\n",
            b"203.0.113.8, 127.0.0.1",
            id="nothing left of nonsense",
        ),
    ],
)
async def test_a_trusted_proxy_is_believed_and_named_once(
    trusting: Scene, fields: bytes, chain: bytes
) -> None:
    """V49."""
    assert await seen(trusting, fields, b"X-Forwarded-For") == [chain]


async def test_an_address_with_colons_is_quoted(trusting: Scene) -> None:
    """V50; RFC 7239 §6."""
    fields = b"X-Forwarded-For: 2001:db8::1\r\nForwarded: for=6.6.6.6;host=evil.test\r\n"
    assert await seen(trusting, fields, b"Forwarded") == [
        b'for="[2001:db8::1]", for=127.0.0.1;host=shop.test;proto=https'
    ]


async def test_the_frontends_host_may_be_another_than_the_public_one(trusting: Scene) -> None:
    """V52: what is public stays in the other fields."""
    assert await seen(trusting, b"", b"Host") == [b"dev.test:3000"]
    fields = trusting.upstream.requests[-1].fields
    assert values(fields, b"X-Forwarded-Host") == [b"shop.test"]


@pytest.mark.asyncio(loop_scope="function")
async def test_no_forwarded_host_changes_where_a_login_leads(
    clock: HandClock, tmp_path: Path
) -> None:
    """V51."""
    async with staged(clock, tmp_path) as stage:
        claims = {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https"}
        ways = []
        for fields in ({}, claims):
            begun = await stage.browser().navigate("/_wix/login", **fields)
            ways.append(_without_chance(begun.headers["Location"]))
            assert "evil" not in str(begun.headers)
        assert ways[0] == ways[1]


def _without_chance(location: str) -> list[tuple[str, int]]:
    query = parse_qsl(urlsplit(location).query)
    return [(name, len(value)) for name, value in query]


async def test_a_request_of_our_own_that_comes_back_is_a_loop(proxied: Scene) -> None:
    """V53: through an upstream that is the proxy itself."""

    async def script(peer: Peer) -> None:
        sent = await peer.head()
        there = await proxied.client(sent)
        async with asyncio.timeout(5):
            await peer.send(await there.reader.readuntil(b"}"))

    proxied.upstream.script = script
    client = await proxied.client(GET + b"\r\n")
    answer = await client.answer()
    assert answer.status == 508
    assert b"forwarding_loop" in answer.body


@pytest.mark.parametrize("name", [b"Location", b"Content-Location"])
@pytest.mark.parametrize(
    ("sent", "told"),
    [
        pytest.param(b"ORIGIN/a?b", b"https://shop.test/a?b", id="its own origin"),
        pytest.param(b"ORIGIN", b"https://shop.test/", id="its own origin alone"),
        pytest.param(b"/a", b"/a", id="a path"),
        pytest.param(b"//evil.test/a", b"//evil.test/a", id="another host"),
        pytest.param(b"http://127.0.0.1:1/a", b"http://127.0.0.1:1/a", id="another port"),
        pytest.param(b"ORIGIN.evil.test/", b"ORIGIN.evil.test/", id="a longer name"),
    ],
)
async def test_a_redirect_to_the_upstream_itself_leads_to_the_public_origin(
    proxied: Scene, name: bytes, sent: bytes, told: bytes
) -> None:
    """V95."""
    origin = proxied.proxy.config.upstream.url
    assert origin is not None
    sent, told = (text.replace(b"ORIGIN", origin.encode()) for text in (sent, told))
    head = b"HTTP/1.1 302 Found\r\n%b: %b\r\nContent-Length: 0\r\n\r\n" % (name, sent)
    proxied.upstream.answers.append((head, "stays"))
    answer = await (await proxied.client(GET + b"\r\n")).answer()
    assert values(answer.fields, name) == [told]
