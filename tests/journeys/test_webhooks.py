"""A webhook: verified, kept, answered in time, and delivered from there."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests import wix_signing as wix
from tests.conftest import HandClock
from tests.journeys.event_handlers import Call, EventHandlers
from tests.stage import Stage, staged
from wixproxy.sansio.signed_claims import MAX_MESSAGE_BYTES
from wixproxy.stores.events import EventStore, Standing

WEBHOOK = "/_wix/extensions/webhooks/products"
HANDLER = "/hooks/products"


@pytest.fixture
async def handlers() -> AsyncIterator[EventHandlers]:
    handlers = EventHandlers()
    await handlers.start()
    yield handlers
    await handlers.stop()


@asynccontextmanager
async def proxied(
    handlers: EventHandlers, clock: HandClock, folder: Path, **flags: Any
) -> AsyncIterator[Stage]:
    options = {
        "upstream.url": handlers.origin,
        "site.public_keys": [wix.pem(wix.key("retired")), wix.pem(wix.key())],
        "site.extensions.webhooks": [{"id": "products", "path": HANDLER}],
        "site.extensions.state_file": str(folder / "events.sqlite3"),
        **flags,
    }
    async with staged(clock, folder, options) as stage:
        yield stage


@pytest.fixture
async def stage(handlers: EventHandlers, clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    async with proxied(handlers, clock, tmp_path) as stage:
        yield stage


async def post(stage: Stage, message: bytes, path: str = WEBHOOK) -> tuple[int, Any]:
    """Post as Wix does: from a server, as text."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        async with http.post(stage.origin + path, data=BytesIO(message), headers=headers) as answer:
            assert "Set-Cookie" not in answer.headers
            return answer.status, await answer.json()


def message(number: int = 1, entity_id: str = "item-1", **changes: Any) -> bytes:
    return wix.signed(wix.event_claims(wix.domain_event(number, entity_id, **changes)))


async def stood(stage: Stage, standing: Standing) -> list[str]:
    """Return the events of one standing, as another process sees them."""
    path = stage.config.site.extensions.state_file
    assert path is not None
    beside = EventStore(Path(path), stage.clock, owns=False)
    try:
        return [event.event_id for event in await beside.listed(standing)]
    finally:
        await beside.close()


async def test_an_event_reaches_its_handler_as_clean_json(
    stage: Stage, handlers: EventHandlers
) -> None:
    assert await post(stage, message()) == (200, {})
    (call,) = await handlers.called(1)
    assert call.path == HANDLER
    assert call.body["entity"] == {"id": "item-1", "revision": 1}
    assert call.body["metadata"]["_id"] == call.event_id == "event-item-1-1"
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["X-Wix-Instance-Id"] == wix.INSTANCE
    assert stage.origin.endswith(call.headers["Host"])
    assert (call.attempt, call.late) == (1, False)


async def test_wix_is_answered_while_the_handler_still_works(
    stage: Stage, handlers: EventHandlers
) -> None:
    finish = asyncio.Event()

    async def slow(call: Call) -> web.Response:
        await finish.wait()
        return web.Response()

    handlers.answer = slow
    began = time.perf_counter()
    assert (await post(stage, message()))[0] == 200
    assert time.perf_counter() - began < 1.25
    await handlers.called(1)
    assert await stood(stage, "delivering") == ["event-item-1-1"]
    finish.set()


async def test_an_event_that_comes_again_is_delivered_once(
    stage: Stage, handlers: EventHandlers
) -> None:
    same = message()
    statuses = await asyncio.gather(*(post(stage, same) for _ in range(5)))
    assert [status for status, _ in statuses] == [200] * 5
    await post(stage, message(2))
    assert [call.event_id for call in await handlers.called(2)] == [
        "event-item-1-1",
        "event-item-1-2",
    ]


async def test_an_event_behind_a_later_one_is_marked_late(
    stage: Stage, handlers: EventHandlers
) -> None:
    await post(stage, message(2))
    await handlers.called(1)
    await post(stage, message(1))
    assert [call.late for call in await handlers.called(2)] == [False, True]


async def test_a_restart_loses_no_event_that_was_under_way(
    stage: Stage, handlers: EventHandlers
) -> None:
    async def broken(call: Call) -> web.Response:
        return web.Response(status=500)

    fixed = handlers.answer
    handlers.answer = broken
    await post(stage, message())
    await handlers.called(1)
    handlers.answer = fixed
    await stage.restart()
    stage.clock.advance(60)
    await stage.restart()
    assert [call.attempt for call in await handlers.called(2)] == [1, 2]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(
            wix.signed(wix.event_claims(wix.domain_event()), wix.key("forger")),
            401,
            "webhook_unverified",
            id="forged",
        ),
        pytest.param(
            wix.unsigned(wix.event_claims(wix.domain_event())), 401, "webhook_unverified", id="none"
        ),
        pytest.param(
            wix.confused(wix.event_claims(wix.domain_event())),
            401,
            "webhook_unverified",
            id="public key as a secret",
        ),
        pytest.param(
            wix.signed(wix.event_claims(wix.domain_event(), now=1_700_000_000)),
            401,
            "webhook_unverified",
            id="expired",
        ),
        pytest.param(message()[:100], 400, "webhook_malformed", id="truncated"),
        pytest.param(wix.signed({"exp": 2e9}), 400, "webhook_malformed", id="no event"),
        pytest.param(b"x" * (MAX_MESSAGE_BYTES + 1), 413, "body_too_large", id="oversized"),
    ],
)
async def test_what_wix_did_not_send_is_refused_and_goes_nowhere(
    stage: Stage, handlers: EventHandlers, body: bytes, status: int, code: str
) -> None:
    found, problem = await post(stage, body)
    assert (found, problem["code"]) == (status, code)
    assert "expected" not in problem["message"]
    assert handlers.calls == []
    assert [await stood(stage, each) for each in ("waiting", "done")] == [[], []]


async def test_the_log_has_the_reason_and_not_the_message(stage: Stage) -> None:
    forged = wix.signed(wix.event_claims(wix.domain_event()), wix.key("forger"))
    await post(stage, forged)
    logged = "\n".join(stage.logged)
    assert "webhook products refused: expected a signature" in logged
    for part in forged.decode().split("."):
        assert part not in logged


async def test_a_webhook_that_is_not_configured_is_not_there(stage: Stage) -> None:
    status, problem = await post(stage, message(), "/_wix/extensions/webhooks/other")
    assert (status, problem["code"]) == (404, "no_such_route")


@pytest.mark.parametrize("path", [HANDLER, f"{HANDLER}/", "//hooks/products", "/Hooks/products"])
async def test_no_client_reaches_the_handler(
    stage: Stage, handlers: EventHandlers, path: str
) -> None:
    answer = await stage.browser().fetch(path, "POST", body={})
    assert answer.status == 404
    assert handlers.calls == []


async def test_no_client_can_pass_for_an_event(stage: Stage, handlers: EventHandlers) -> None:
    names = ("X-Wix-Event-Id", "X_Wix_Event_Late", "X-Wix-Entity-Id", "X-Wix-Instance-Id")
    await stage.browser().fetch("/other", "POST", body={}, **dict.fromkeys(names, "forged"))
    (call,) = handlers.calls
    assert "forged" not in call.headers.values()


async def test_without_a_disk_wix_is_answered_as_the_handler_answered(
    handlers: EventHandlers, clock: HandClock, tmp_path: Path
) -> None:
    answers = iter([500, 200, 200])

    async def once_broken(call: Call) -> web.Response:
        return web.Response(status=next(answers))

    handlers.answer = once_broken
    through = {"site.extensions.webhooks_mode": "through"}
    async with proxied(handlers, clock, tmp_path, **through) as stage:
        statuses = [(await post(stage, message()))[0] for _ in range(3)]
        assert statuses == [502, 200, 200]
        assert len(handlers.calls) == 2, "what was taken is not taken again"


async def test_a_disk_that_hangs_has_wix_send_the_event_again(
    stage: Stage, handlers: EventHandlers
) -> None:
    """Wix waits 1250 ms, and counts a later answer as none."""
    path = stage.config.site.extensions.state_file
    assert path is not None
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        async with asyncio.timeout(4):
            status, problem = await post(stage, message())
        assert (status, problem["code"]) == (503, "store_unavailable")
    finally:
        other.close()
    assert await post(stage, message()) == (200, {})
    assert len(await handlers.called(1)) == 1


async def test_without_a_disk_a_handler_is_not_called_twice_at_once(
    handlers: EventHandlers, clock: HandClock, tmp_path: Path
) -> None:
    finish = asyncio.Event()

    async def slow(call: Call) -> web.Response:
        await finish.wait()
        return web.Response()

    handlers.answer = slow
    through = {"site.extensions.webhooks_mode": "through"}
    async with proxied(handlers, clock, tmp_path, **through) as stage:
        first = asyncio.create_task(post(stage, message()))
        await handlers.called(1)
        first.cancel()
        again = asyncio.create_task(post(stage, message()))
        finish.set()
        assert (await again)[0] == 200
        assert len(handlers.calls) == 1


async def test_without_a_disk_and_a_frontend_wix_has_to_try_again(
    handlers: EventHandlers, clock: HandClock, tmp_path: Path
) -> None:
    await handlers.stop()
    through = {"site.extensions.webhooks_mode": "through"}
    async with proxied(handlers, clock, tmp_path, **through) as stage:
        status, problem = await post(stage, message())
        assert (status, problem["code"]) == (502, "upstream_unavailable")
