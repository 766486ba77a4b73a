"""Events on their way to the app: signed, again until 200, and each attempt on record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.emulator.driver import SITE, Wix
from tests.emulator.receiver import Receiver, receiving

MEMBER = "wix.members.v1.member_created"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


async def send(wix: Wix, receiver: Receiver, **asked: Any) -> list[dict[str, Any]]:
    body = {"type": MEMBER, "url": receiver.url, "wait": True, **asked}
    sent: list[dict[str, Any]] = (await wix.admin("POST", "/events", body))["events"]
    return sent


async def the_event(wix: Wix, standing: str) -> dict[str, Any]:
    """Return the one event once it stands so; every step of the sender is waited for."""
    async with asyncio.timeout(5):
        while True:
            [event] = (await wix.admin("GET", "/events"))["events"]
            if event["standing"] == standing:
                return event
            await asyncio.sleep(0)


async def test_an_event_arrives_as_signed_plain_text(wix: Wix, receiver: Receiver) -> None:
    [event] = await send(wix, receiver, entity={"id": "m-1"}, entityId="m-1")
    assert event["standing"] == "delivered"
    assert [each["status"] for each in event["attempts"]] == [200]
    assert receiver.types == ["text/plain"]
    [told] = receiver.events(wix.emulator.public_key_pem)
    assert told["createdEvent"] == {"entity": {"id": "m-1"}}
    assert told["id"] == event["id"]
    assert told["identity"]["identityType"] == "WIX_USER"


async def test_the_type_may_stand_in_the_address(wix: Wix, receiver: Receiver) -> None:
    await wix.admin("PUT", "/settings", {"webhook_url": f"{receiver.url}/hooks/{{type}}"})
    await send(wix, receiver, url=None)
    assert receiver.paths == [f"/hooks/{MEMBER}"]


async def test_an_event_goes_to_each_address_that_wants_its_type(
    wix: Wix, receiver: Receiver
) -> None:
    orders = {"url": f"{receiver.url}/orders", "types": ["wix.ecom.v1.order_approved"]}
    members = {"url": f"{receiver.url}/members", "types": [MEMBER], "host": "shop.example"}
    everything = {"url": f"{receiver.url}/everything"}
    settings = {"webhook_subscriptions": [orders, members, everything]}
    await wix.admin("PUT", "/settings", settings)
    sent = await send(wix, receiver, url=None)
    assert sorted(receiver.paths) == ["/everything", "/members"]
    assert receiver.hosts[receiver.paths.index("/members")] == "shop.example"
    assert len({each["id"] for each in sent}) == 1


async def test_the_public_key_can_be_asked_for(wix: Wix) -> None:
    told = await wix.admin("GET", "/public-key")
    assert told == {"pem": wix.emulator.public_key_pem, "base64": wix.emulator.public_key_base64}


async def test_without_an_address_an_event_is_only_kept(wix: Wix, receiver: Receiver) -> None:
    [event] = await send(wix, receiver, url=None)
    assert (event["standing"], event["attempts"]) == ("not sent", [])


@pytest.mark.parametrize("status", [201, 204, 302, 404, 500])
async def test_anything_but_200_is_tried_again_by_the_clock(
    wix: Wix, receiver: Receiver, status: int
) -> None:
    async def refuse_once(number: int) -> web.Response:
        return web.Response(status=status if number == 1 else 200, headers={"Location": "/other"})

    receiver.behaviour = refuse_once
    await wix.admin("POST", "/clock", {"freeze": True})
    await wix.admin("PUT", "/settings", {"webhook_retry_seconds": [60]})
    [event] = await send(wix, receiver)
    assert event["standing"] == "waiting"
    await wix.admin("POST", "/clock", {"advance_seconds": 59})
    assert len(receiver.texts) == 1
    await wix.admin("POST", "/clock", {"advance_seconds": 1})
    event = await the_event(wix, "delivered")
    assert [each["status"] for each in event["attempts"]] == [status, 200]
    assert receiver.texts[0] == receiver.texts[1]
    assert event["attempts"][1]["at"] - event["attempts"][0]["at"] == 60


async def test_an_answer_that_comes_too_late_does_not_count(wix: Wix, receiver: Receiver) -> None:
    released = asyncio.Event()

    async def hang(_: int) -> web.Response:
        await released.wait()
        return web.Response()

    receiver.behaviour = hang
    await wix.admin("PUT", "/settings", {"webhook_answer_ms": 30, "webhook_retry_seconds": []})
    [event] = await send(wix, receiver)
    released.set()
    assert event["standing"] == "given up"
    assert event["attempts"][0]["error"] == "no answer within 30 ms"


async def test_nobody_listening_is_an_attempt_like_any_other(wix: Wix, receiver: Receiver) -> None:
    await wix.admin("PUT", "/settings", {"webhook_retry_seconds": []})
    [event] = await send(wix, receiver, url="http://127.0.0.1:9/")
    assert event["standing"] == "given up"
    assert "ClientConnectorError" in event["attempts"][0]["error"]


async def test_the_waits_of_48_hours_can_be_shortened(wix: Wix, receiver: Receiver) -> None:
    async def refuse(_: int) -> web.Response:
        return web.Response(status=503)

    receiver.behaviour = refuse
    await wix.admin("PUT", "/settings", {"webhook_time_scale": 0})
    await send(wix, receiver)
    event = await the_event(wix, "given up")
    assert len(event["attempts"]) == 9


async def test_many_events_of_one_entity_are_numbered_in_order(
    wix: Wix, receiver: Receiver
) -> None:
    sent = await send(wix, receiver, entityId="m-1", count=30)
    first = sent[0]["sequence"]
    assert [each["sequence"] for each in sent] == list(range(first, first + 30))
    told = receiver.events(wix.emulator.public_key_pem)
    assert {each["id"] for each in told} == {each["id"] for each in sent}
    numbers = set(map(str, range(first, first + 30)))
    assert {each["entityEventSequence"] for each in told} == numbers
    [next_one] = await send(wix, receiver, entityId="m-1")
    assert next_one["sequence"] == first + 30


async def test_after_a_reset_no_id_comes_again_and_the_numbers_go_on(
    wix: Wix, receiver: Receiver
) -> None:
    before = await send(wix, receiver, entityId="m-1", count=3)
    await wix.admin("POST", "/reset")
    after = await send(wix, receiver, entityId="m-1", count=3)
    assert len({each["id"] for each in (*before, *after)}) == 6
    assert after[0]["sequence"] > before[-1]["sequence"]


async def test_the_order_can_be_broken_on_purpose(wix: Wix, receiver: Receiver) -> None:
    numbers = [
        (await send(wix, receiver, entityId="m-1", sequence=wanted))[0]["sequence"]
        for wanted in (5, 3, 4)
    ]
    assert numbers == [5, 3, 4]


async def test_a_duplicate_has_the_same_id_and_bytes(wix: Wix, receiver: Receiver) -> None:
    await send(wix, receiver, duplicate=True)
    await receiver.until(2)
    assert receiver.texts[0] == receiver.texts[1]


async def test_a_flawed_event_goes_out_flawed(wix: Wix, receiver: Receiver) -> None:
    await send(wix, receiver, alg="none")
    assert receiver.texts[0].endswith(".")


@pytest.mark.parametrize(
    "body",
    [{}, {"type": "x", "tpye": 1}, {"type": "x", "count": 0}, {"type": "x", "alg": "ES256"}],
    ids=["no type", "an unknown field", "no event at all", "an unknown algorithm"],
)
async def test_an_unsound_wish_is_refused(wix: Wix, body: dict[str, Any]) -> None:
    assert (await wix.call("POST", "/__emulator/v1/events", json=body)).status == 400


async def test_events_can_be_chosen_and_forgotten(wix: Wix, receiver: Receiver) -> None:
    [first] = await send(wix, receiver)
    await send(wix, receiver, type="wix.ecom.v1.order_approved")
    for query in (f"type={MEMBER}", f"id={first['id']}"):
        [found] = (await wix.admin("GET", f"/events?{query}"))["events"]
        assert found["id"] == first["id"]
    assert len((await wix.admin("GET", "/events?standing=delivered"))["events"]) == 2
    await wix.admin("DELETE", "/events")
    assert (await wix.admin("GET", "/events"))["events"] == []


async def test_a_reset_stops_what_is_still_waiting(wix: Wix, receiver: Receiver) -> None:
    async def refuse(_: int) -> web.Response:
        return web.Response(status=503)

    receiver.behaviour = refuse
    await wix.admin("POST", "/clock", {"freeze": True})
    await send(wix, receiver)
    await wix.admin("POST", "/reset")
    await wix.admin("POST", "/clock", {"advance_seconds": 200_000})
    assert (await wix.admin("GET", "/events"))["events"] == []
    assert len(receiver.texts) == 1


async def test_the_clock_wakes_who_waits_when_time_runs_again(wix: Wix) -> None:
    clock = wix.emulator.state.clock
    clock.freeze(1_790_000_000)
    waiting = asyncio.create_task(clock.wait_until(1_790_000_000.02))
    await asyncio.sleep(0)
    assert not waiting.done()
    clock.resume()
    await asyncio.wait_for(waiting, 5)


@pytest.mark.parametrize(
    ("made", "status"), [("app", "APP"), ("user", "USER")], ids=["the app", "the dashboard"]
)
async def test_a_dashboard_token_is_known_and_can_be_stripped(
    wix: Wix, made: str, status: str
) -> None:
    token = await wix.app_token()
    if made == "user":
        token = (await wix.admin("POST", "/user-tokens", {"userId": "u-1"}))["access_token"]
    stripped = await wix.grant(
        grant_type="strip_bound_session",
        client_secret=wix.emulator.client_secret,
        access_token=token,
    )
    for text in (token, stripped.json["access_token"]):
        told = await wix.info(text)
        assert (told["active"], told["subjectType"]) == (True, status)
    assert made == "app" or told["subjectId"] == "u-1"
    assert "refresh_token" not in stripped.json


async def test_a_token_of_another_app_says_so_and_opens_nothing(wix: Wix) -> None:
    about = {"clientId": "another-app", "instanceId": "another-installation"}
    token = (await wix.admin("POST", "/user-tokens", about))["access_token"]
    told = await wix.info(token)
    assert (told["active"], told["clientId"]) == (True, "another-app")
    assert told["instanceId"] == "another-installation"
    assert (await wix.call("GET", "/apps/v1/instance", token)).status == 401
    stripped = await wix.grant(
        grant_type="strip_bound_session",
        client_secret=wix.emulator.client_secret,
        access_token=token,
    )
    assert (stripped.status, stripped.json["error"]) == (400, "invalid_grant")


async def test_a_dashboard_user_reads_what_the_app_reads_and_makes_no_redirect_session(
    wix: Wix,
) -> None:
    token = (await wix.admin("POST", "/user-tokens"))["access_token"]
    assert (await wix.call("GET", "/apps/v1/instance", token)).status == 200
    refused = await wix.redirect_session(token, login={}, callbacks={"postFlowUrl": SITE})
    assert refused.status == 403


async def test_a_plugin_is_called_and_its_answer_returned(wix: Wix, receiver: Receiver) -> None:
    async def rates(_: int) -> web.Response:
        return web.json_response({"shippingRates": []})

    receiver.behaviour = rates
    await wix.admin(
        "PUT",
        "/settings",
        {"plugin_url": f"{receiver.url}/plugins/", "plugin_host": "shop.example"},
    )
    call = {"componentType": "ECOM_SHIPPING_RATES", "path": "/v1/getRates", "request": {"a": 1}}
    told = await wix.admin("POST", "/plugin-calls", call)
    assert (told["status"], told["body"]) == (200, {"shippingRates": []})
    assert told["elapsedMs"] >= 0
    assert (receiver.paths, receiver.hosts) == (["/plugins/v1/getRates"], ["shop.example"])


async def test_a_plugin_that_hangs_is_not_waited_for(wix: Wix, receiver: Receiver) -> None:
    released = asyncio.Event()

    async def hang(_: int) -> web.Response:
        await released.wait()
        return web.Response()

    receiver.behaviour = hang
    await wix.admin("PUT", "/settings", {"plugin_answer_ms": 30})
    call = {"componentType": "X", "path": "/v1/x", "url": receiver.url}
    told = await wix.admin("POST", "/plugin-calls", call)
    released.set()
    assert (told["status"], told["error"]) == (None, "no answer within 30 ms")


async def test_a_plugin_call_needs_an_address(wix: Wix) -> None:
    body = {"componentType": "X", "path": "/v1/x"}
    answer = await wix.call("POST", "/__emulator/v1/plugin-calls", json=body)
    assert answer.status == 400
    assert "plugin_url" in answer.json["message"]
