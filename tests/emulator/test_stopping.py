"""The emulator stops: what is idle ends at once, what is being answered gets a moment."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from wixproxy.emulator import Emulator, EmulatorConfig
from wixproxy.emulator.faults import Fault

HEAD = b"GET /__emulator/v1/clock HTTP/1.1\r\nHost: localhost\r\n"
SECONDS = 10


@pytest.mark.parametrize(
    ("sent", "is_answered"),
    [
        pytest.param(b"", False, id="accepted just now"),
        pytest.param(HEAD, False, id="half a head"),
        pytest.param(HEAD + b"\r\n", True, id="kept after an answer"),
        pytest.param(HEAD + b"Content-Length: 9\r\n\r\n{", True, id="answered before its body"),
    ],
)
async def test_an_idle_connection_ends_at_once(sent: bytes, is_answered: bool) -> None:
    emulator = Emulator(EmulatorConfig(stop_seconds=60))
    reader, writer = await connect(emulator, sent)
    async with asyncio.timeout(SECONDS):
        if is_answered:
            await reader.readuntil(b"\r\n\r\n")
        await emulator.stop()
        with contextlib.suppress(ConnectionError):
            await reader.read()
    writer.transport.abort()


async def test_what_is_being_answered_is_answered_to_its_end() -> None:
    emulator = Emulator(EmulatorConfig(stop_seconds=60))
    fault = Fault(path="/ecom/*", kind="latency", latency_ms=200, count=1)
    emulator.state.faults.faults = [fault]
    reader, writer = await connect(emulator, HEAD.replace(b"/__emulator/v1/clock", b"/ecom/v1"))
    writer.write(b"\r\n")
    async with asyncio.timeout(SECONDS):
        while fault.count:  # noqa: ASYNC110 - the plan tells nobody
            await asyncio.sleep(0.01)
        await emulator.stop()
        assert (await reader.read()).startswith(b"HTTP/1.1 ")
    writer.transport.abort()


async def connect(
    emulator: Emulator, sent: bytes
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Start the emulator, connect and send these bytes."""
    await emulator.start(port=0)
    port = int(emulator.listening_origin.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    return reader, writer
