from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import pytest
import uvloop

from tests.certificate import self_signed, serving
from tests.wire.upstreams import Script, Upstream
from wixproxy.sansio.origin import Origin
from wixproxy.wire.pool import Pool, Timeouts

Serve = Callable[..., Awaitable[Origin]]


@pytest.fixture
async def upstreams() -> AsyncIterator[list[Upstream]]:
    started: list[Upstream] = []
    yield started
    for upstream in started:
        await upstream.close()


@pytest.fixture
def serve(upstreams: list[Upstream]) -> Serve:
    """Start an upstream that runs the given script, and return its origin."""

    async def start(script: Script, host: str = "127.0.0.1", **options: object) -> Origin:
        upstream = Upstream(script)
        origin = await upstream.start(host, **options)
        upstreams.append(upstream)
        return origin

    return start


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    pool = Pool(timeouts=Timeouts(connect_seconds=5, first_byte_seconds=5, idle_seconds=5))
    yield pool
    await pool.close()
    assert pool.open_connections == 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for localhost, signed by itself."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    return serving(certificate)


@pytest.hookimpl(tryfirst=True)
def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every test of the wire on both loops: their transports are not the same code."""
    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}
