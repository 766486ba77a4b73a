"""The same seed and the same calls give the same world; the clock; starting and stopping."""

from __future__ import annotations

import socket

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.emulator import DEFAULT_PORT, Emulator, EmulatorConfig
from wixproxy.emulator.browser import with_parameters
from wixproxy.emulator.clock import Clock
from wixproxy.emulator.project import Project
from wixproxy.emulator.randomness import Randomness
from wixproxy.emulator.sites import domain_origin
from wixproxy.emulator.tokens import Subject


def test_one_seed_is_one_project() -> None:
    assert Project.of_seed("a") == Project.of_seed("a")
    assert Project.of_seed("a").client_id != Project.of_seed("b").client_id


def test_a_project_keeps_its_secrets_out_of_its_repr() -> None:
    project = Project.of_seed("a")
    assert project.client_secret not in repr(project)
    assert project.api_key not in repr(project)


def test_the_key_pair_of_a_seed_is_constant_and_signs() -> None:
    project = Project.of_seed("wixproxy")
    assert project.public_key_pem == Project.of_seed("wixproxy").public_key_pem
    assert project.private_key.key_size == 2048
    signed = jwt.encode({"data": "x"}, project.private_key, algorithm="RS256")
    assert jwt.decode(signed, project.public_key_pem, algorithms=["RS256"]) == {"data": "x"}


def test_the_same_calls_give_the_same_tokens() -> None:
    texts = set()
    for _ in range(2):
        emulator = Emulator(EmulatorConfig(seed="s"), clock=Clock(lambda: 1_790_000_000.0))
        pair = emulator.state.tokens.issue(Subject("visitor", "v"))
        texts.add((pair.access.text, pair.refresh.text if pair.refresh else ""))
    assert len(texts) == 1


def test_a_cookie_of_an_earlier_run_is_nobodys() -> None:
    yesterday = Emulator(clock=Clock(lambda: 1_790_000_000.0)).state.logins
    today = Emulator(clock=Clock(lambda: 1_790_086_400.0)).state.logins
    stale = yesterday.issue_cookie("ada")
    today.issue_cookie("grace")
    assert today.member_of_cookie(stale) is None


def test_tokens_keep_out_of_their_repr() -> None:
    pair = Emulator().state.tokens.issue(Subject("visitor", "v"))
    assert pair.refresh is not None
    assert pair.access.text not in repr(pair)
    assert pair.refresh.text not in repr(pair)


@given(st.text(), st.text(), st.text())
def test_purposes_never_share_a_draw(seed: str, first: str, second: str) -> None:
    randomness = Randomness(seed)
    drawn = [randomness.guid(p) for p in (first, second, first)]
    assert len(set(drawn)) == 3
    randomness.reset()
    assert randomness.guid(first) == drawn[0]


@given(st.lists(st.floats(0, 1e6), max_size=5))
def test_a_clock_never_runs_backwards(steps: list[float]) -> None:
    clock = Clock(lambda: 1000.0)
    for number, step in enumerate(steps):
        before = clock.now()
        clock.advance(step)
        if number % 2:
            clock.freeze()
        else:
            clock.resume()
        assert clock.now() >= before + step - 1e-6
    clock.reset()
    assert clock.now() == 1000.0


@pytest.mark.parametrize(
    ("entry", "origin"),
    [
        ("shop.example.test", "https://shop.example.test"),
        ("http://shop.example.test", "http://shop.example.test"),
        ("localhost:4321", "http://localhost:4321"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("[::1]:80", "http://[::1]"),
        ("ftp://shop.example.test", None),
        ("https://", None),
    ],
)
def test_a_redirect_domain_stands_for_one_origin(entry: str, origin: str | None) -> None:
    assert domain_origin(entry) == origin


@pytest.mark.parametrize(
    ("url", "mode", "expected"),
    [
        ("http://a/b", "query", "http://a/b?k=v+w"),
        ("http://a/b?x=1", "query", "http://a/b?x=1&k=v+w"),
        ("http://a/b#f", "query", "http://a/b?k=v+w#f"),
        ("http://a/b?x=1#f", "fragment", "http://a/b?x=1#k=v+w"),
    ],
)
def test_parameters_join_what_a_url_has(url: str, mode: str, expected: str) -> None:
    assert with_parameters(url, {"k": "v w"}, mode) == expected


async def test_a_taken_port_is_left_for_a_free_one_unless_it_was_asked_for() -> None:
    first, second = Emulator(), Emulator()
    await first.start(port=0)
    taken = int(first.origin.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        await second.start(port=taken)
    holder = holder_of_the_default_port()
    await second.start()
    assert second.origin.startswith("http://127.0.0.1:")
    assert not second.origin.endswith(f":{DEFAULT_PORT}")
    await first.stop()
    await second.stop()
    if holder is not None:
        holder.close()


async def test_a_public_url_is_the_origin_that_links_lead_to() -> None:
    emulator = Emulator(EmulatorConfig(public_url="https://wix.example.test/"))
    await emulator.start(port=0)
    assert emulator.origin == "https://wix.example.test"
    await emulator.stop()


def test_an_emulator_that_does_not_listen_has_no_origin() -> None:
    with pytest.raises(RuntimeError, match="before it is started"):
        assert Emulator().origin


def holder_of_the_default_port() -> socket.socket | None:
    """Take the default port, unless someone else on this machine has it already."""
    try:
        return socket.create_server(("127.0.0.1", DEFAULT_PORT))
    except OSError:
        return None
