"""`wixproxy event list` and `replay`, over a file of events with no proxy beside it."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from wixproxy.emulator.clock import Clock
from wixproxy.sansio.deliveries import lane
from wixproxy.sansio.webhook import Event
from wixproxy.stores.events import Arrival, EventStore, Standing

NOW = Clock().now
TYPE = "wix.a.b_created"
FIELDS = [(b"X-Wix-Event-Type", TYPE.encode())]
FAILURE = "the handler at /hooks/orders answered 500"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name the file where a proxy would keep it."""
    return tmp_path / "state" / "wixproxy" / "events.sqlite3"


def stored(path: Path, work: Callable[[EventStore], Awaitable[None]]) -> None:
    async def run() -> None:
        store = EventStore(path, NOW, most_contents=10)
        await work(store)
        await store.close()

    asyncio.run(run())


async def fill(store: EventStore) -> None:
    """Put one event of each standing into the store."""
    for entity, sequence in (("dead", 1), ("done", 2), ("again", 3), ("busy", 4), ("new", 5)):
        event = Event(
            f"{entity}-event", "wix.a.b_created", "created", "wix.a.b", "", entity, sequence
        )
        fields = [(b"X-Wix-Event-Id", event.id.encode())]
        await store.add(
            Arrival("orders", event.id, event.type, lane("orders", event), sequence, fields, b"{}")
        )
    claims = {claim.event_id: claim for claim in (await store.claim(4))[0]}
    await store.failed(claims["dead-event"], None, FAILURE)
    await store.delivered(claims["done-event"])
    await store.failed(claims["again-event"], NOW() + 90, FAILURE)


def standings(path: Path) -> dict[str, Standing]:
    connection = sqlite3.connect(path)
    try:
        return dict(connection.execute("SELECT event_id, standing FROM events"))
    finally:
        connection.close()


def test_each_event_is_listed_with_how_far_it_has_come(run: Run, path: Path) -> None:
    stored(path, fill)
    result = run("event", "list")
    assert result.exit_code == 0
    text = re.sub(r"in \d+ (s|min)", "in TIME", result.stdout)
    assert text == (
        "Delivered lately (1)\n"
        "  done-event  wix.a.b_created\n"
        "    webhook orders, entity done, number 2\n"
        "    delivered just now, 1 attempt\n"
        "\n"
        "Under way (1)\n"
        "  busy-event  wix.a.b_created\n"
        "    webhook orders, entity busy, number 4\n"
        "    attempt 1 is under way\n"
        "\n"
        "Waiting (2)\n"
        "  again-event  wix.a.b_created\n"
        "    webhook orders, entity again, number 3\n"
        f"    1 attempt, the next in TIME: {FAILURE}\n"
        "  new-event  wix.a.b_created\n"
        "    webhook orders, entity new, number 5\n"
        "    0 attempts, the next now\n"
        "\n"
        "Dead letters (1)\n"
        "  dead-event  wix.a.b_created\n"
        "    webhook orders, entity dead, number 1\n"
        f"    given up just now, 1 attempt: {FAILURE}\n"
        "\n"
        "Send dead letters again with: wixproxy event replay ID, or --dead for all\n"
    )


def test_a_program_reads_the_list_as_json(run: Run, path: Path) -> None:
    stored(path, fill)
    (dead,) = json.loads(run("event", "list", "--only", "dead", "--json").stdout)
    assert dead.pop("receivedAt") <= dead.pop("settledAt") <= NOW()
    assert dead == {
        "id": "dead-event",
        "type": "wix.a.b_created",
        "webhook": "orders",
        "standing": "dead",
        "entityId": "dead",
        "sequence": 1,
        "attempts": 1,
        "failure": FAILURE,
        "nextAt": None,
    }
    (waiting, *_) = json.loads(run("event", "list", "--only", "waiting", "--json").stdout)
    assert waiting["id"] == "busy-event"


def test_a_long_list_says_how_many_more_there_are(run: Run, path: Path) -> None:
    stored(path, fill)
    assert "  and 1 more; see --limit\n" in run("event", "list", "--limit", "1").stdout


def test_an_empty_file_has_no_events(run: Run, path: Path) -> None:
    async def nothing(_: EventStore) -> None: ...

    stored(path, nothing)
    assert run("event", "list").stdout == "No events.\n"


def test_every_dead_letter_is_put_in_line(run: Run, path: Path) -> None:
    stored(path, fill)
    result = run("event", "replay", "--dead")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("1 event is in line again")
    assert standings(path)["dead-event"] == "waiting"
    assert run("event", "replay", "--dead").stdout == "There is no dead letter.\n"


def test_events_are_put_in_line_by_name_and_the_others_are_told(run: Run, path: Path) -> None:
    stored(path, fill)
    result = run("event", "replay", "dead-event", "done-event", "busy-event", "nobody")
    assert result.exit_code == 1
    assert result.stdout.startswith("2 events are in line again")
    assert result.stderr == (
        "busy-event: its handler has it just now.\nnobody: there is no such event.\n"
    )
    found = standings(path)
    assert (found["dead-event"], found["done-event"]) == ("waiting", "waiting")


def test_a_delivered_event_whose_content_is_gone_stays_delivered(run: Run, path: Path) -> None:
    stored(path, fill)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE events SET body = x'' WHERE event_id = 'done-event'")
    connection.commit()
    connection.close()
    result = run("event", "replay", "done-event")
    assert result.exit_code == 1
    assert result.stderr.startswith("done-event: it was delivered, and its content is gone.")
    assert standings(path)["done-event"] == "done"


@pytest.mark.parametrize("words", [(), ("some-event", "--dead")], ids=["nothing", "both"])
def test_what_to_replay_must_be_said_once(run: Run, words: tuple[str, ...]) -> None:
    result = run("event", "replay", *words)
    assert result.exit_code == 2
    assert "Name the events to send again, or give --dead" in result.stderr


@pytest.mark.parametrize("words", [("list",), ("replay", "--dead")], ids=" ".join)
def test_a_file_that_is_not_there_is_not_made(run: Run, path: Path, words: tuple[str, ...]) -> None:
    result = run("event", *words)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"There is no file of events at {path}.")
    assert not path.exists()


def test_a_proxy_without_a_disk_keeps_no_events(run: Run) -> None:
    result = run("event", "list", WIXPROXY__SITE__EXTENSIONS__WEBHOOKS_MODE="through")
    assert result.exit_code == 1
    assert "the proxy keeps no events: Wix itself tries again" in result.stderr


def test_a_file_of_another_kind_is_left_as_it_is(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "shopping.txt"
    file.write_text("milk, bread and a great many other things" * 100)
    result = run("event", "list", WIXPROXY__SITE__EXTENSIONS__STATE_FILE=str(file))
    assert result.exit_code == 1
    assert result.stderr == f"The file {file} cannot be used: file is not a database.\n"
    assert file.read_text().startswith("milk")


def test_a_wrong_line_about_events_is_told_and_others_are_not_asked_for(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "wixproxy.toml").write_text(
        '[[site.extensions.webhooks]]\nid = "a b"\npath = "/hooks"\n[upstream]\nurl = "nowhere"\n'
    )
    result = run("event", "list")
    assert result.exit_code == 2
    assert "site.extensions.webhooks[0].id" in result.stderr
    assert "upstream" not in result.stderr
