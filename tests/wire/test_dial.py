"""How a connection comes about, and what is said when it does not."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from tests.requirements import require
from tests.wire.conftest import Serve
from tests.wire.upstreams import Peer, answering, request
from wixproxy.errors import UpstreamMalformed, UpstreamTimeout, UpstreamUnavailable
from wixproxy.sansio.origin import Origin
from wixproxy.wire.pool import Pool, Timeouts

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def unused_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    "families",
    [
        pytest.param(["127.0.0.1"], id="IPv4 alone"),
        pytest.param(["::1"], id="IPv6 alone"),
        pytest.param(["127.0.0.1", "::1"], id="both"),
    ],
)
async def test_localhost_means_both_families(serve: Serve, pool: Pool, families: list[str]) -> None:
    """P16: whichever the dev server chose, within 300 ms, and asked once."""
    require(has_ipv6() or "::1" not in families, "IPv6 on the loopback interface")
    asked, port = 0, 0

    async def script(peer: Peer) -> None:
        nonlocal asked
        if await peer.head():
            asked += 1
            await peer.send(OK)

    for family in families:
        port = (await serve(script, family, port=port)).port
    async with asyncio.timeout(0.3):
        answer = await pool.send(Origin("http", "localhost", port), request())
    assert await answer.read() == b"ok"
    assert asked == 1


async def test_a_family_that_is_silent_does_not_hold_the_other_up(serve: Serve, pool: Pool) -> None:
    """P16: another program's full listener on the port, as a firewall that drops would be."""
    require(has_ipv6(), "IPv6 on the loopback interface")
    port = (await serve(answering(OK))).port
    with socket.socket(socket.AF_INET6) as silent, socket.socket(socket.AF_INET6) as first:
        silent.bind(("::1", port))
        silent.listen(0)
        first.connect(("::1", port))
        async with asyncio.timeout(0.3):
            answer = await pool.send(Origin("http", "localhost", port), request())
    assert await answer.read() == b"ok"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "shop.localhost"])
async def test_nobody_listening_is_said_in_plain_words(pool: Pool, host: str) -> None:
    """V71."""
    origin = Origin("http", host, unused_port())
    with pytest.raises(UpstreamUnavailable) as refused:
        await pool.send(origin, request())
    assert refused.value.message == f"Nothing is listening at {origin}. Is the server running?"
    assert pool.open_connections == 0


async def test_a_name_without_address_is_said_in_plain_words(pool: Pool) -> None:
    with pytest.raises(UpstreamUnavailable, match=r"has no address\. Is it spelled right"):
        await pool.send(Origin("http", "nowhere.invalid", 80), request())


async def test_a_connection_that_does_not_come_about_is_given_up() -> None:
    # A full backlog leaves the handshake unanswered.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        with socket.create_connection(address), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(address)
            pool = Pool(timeouts=Timeouts(connect_seconds=0.1))
            with pytest.raises(UpstreamTimeout, match=r"did not take the connection within 0\.1"):
                await pool.send(Origin("http", *address), request())
            await pool.close()


async def test_a_trusted_upstream_is_spoken_to_over_tls(
    serve: Serve, certificate: Path, server_tls: ssl.SSLContext
) -> None:
    listening = await serve(answering(OK, OK, OK), ssl=server_tls)
    pool = Pool(tls=ssl.create_default_context(cafile=certificate))
    for host in ("localhost", "127.0.0.1"):
        for _ in range(2):
            answer = await pool.send(Origin("https", host, listening.port), request())
            assert await answer.read() == b"ok"
    assert pool.open_connections == 2
    await pool.close()


async def test_an_unknown_authority_is_refused(serve: Serve, server_tls: ssl.SSLContext) -> None:
    listening = await serve(answering(OK), ssl=server_tls)
    pool = Pool()
    with pytest.raises(UpstreamUnavailable, match=r"certificate of https.* was not accepted"):
        await pool.send(listening, request())
    assert pool.open_connections == 0
    await pool.close()


async def test_another_name_than_the_certificates_is_refused(
    serve: Serve, certificate: Path, server_tls: ssl.SSLContext
) -> None:
    listening = await serve(answering(OK), ssl=server_tls)
    pool = Pool(tls=ssl.create_default_context(cafile=certificate))
    with pytest.raises(UpstreamUnavailable, match="was not accepted"):
        await pool.send(Origin("https", "shop.localhost", listening.port), request())
    await pool.close()


async def test_tls_to_a_plain_port_says_to_write_http(serve: Serve, pool: Pool) -> None:
    """V88."""

    async def script(peer: Peer) -> None:
        await peer.reader.read(1)
        await peer.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

    listening = await serve(script)
    with pytest.raises(UpstreamUnavailable, match="write http:// in its address"):
        await pool.send(Origin("https", "127.0.0.1", listening.port), request())


async def test_plain_http_to_a_tls_port_says_to_write_https(
    serve: Serve, pool: Pool, server_tls: ssl.SSLContext
) -> None:
    """V88: OpenSSL answers with an alert, or closes without a word."""
    listening = await serve(answering(OK), ssl=server_tls)
    with pytest.raises((UpstreamMalformed, UpstreamUnavailable), match="write https://"):
        await pool.send(Origin("http", "127.0.0.1", listening.port), request())
