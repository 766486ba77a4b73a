"""Where a dev server listens: what real ones print, and the ports that they hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.sansio.dev_server import MAX_LINE_BYTES, Lines, Search, printed_in

PRINTED = [
    pytest.param("  ➜  Local:   http://localhost:5173/", ["http://localhost:5173"], id="Vite"),
    pytest.param(
        "  \x1b[32m➜\x1b[39m  \x1b[1mLocal\x1b[22m:   "
        "\x1b[36mhttp://localhost:\x1b[1m5173\x1b[22m/\x1b[39m",
        ["http://localhost:5173"],
        id="Vite in colours",
    ),
    pytest.param("   - Local:        http://localhost:3000", ["http://localhost:3000"], id="Next"),
    pytest.param("   - Network:      http://192.168.1.5:3000", [], id="an address that others use"),
    pytest.param(
        "* Listening on http://127.0.0.1:3000", ["http://127.0.0.1:3000"], id="Rails with Puma"
    ),
    pytest.param(
        "Serving HTTP on 0.0.0.0 port 8000 (http://0.0.0.0:8000/) ...",
        ["http://localhost:8000"],
        id="Python's own server",
    ),
    pytest.param("Listening on https://[::1]:8443", ["https://[::1]:8443"], id="IPv6 and TLS"),
    pytest.param("up at http://[::]:8080/", ["http://localhost:8080"], id="every address"),
    pytest.param(
        "Server: http://shop.localhost:3000", ["http://shop.localhost:3000"], id="a name of its own"
    ),
    pytest.param("App listening on port 3000!", ["http://localhost:3000"], id="Express"),
    pytest.param("Server listening at :8080", ["http://localhost:8080"], id="a port alone"),
    pytest.param("see https://vite.dev/guide:80", [], id="another site"),
    pytest.param("http://localhost.evil.example:80", [], id="a name that only begins so"),
    pytest.param("Debugger listening on ws://127.0.0.1:9229/x", [], id="a debugger"),
    pytest.param("Port 5173 is in use, trying another one...", [], id="a port that is taken"),
    pytest.param("listening on port 70000", [], id="no port"),
    pytest.param("http://localhost:123456", [], id="too many digits"),
]


@pytest.mark.parametrize(("line", "origins"), PRINTED)
def test_what_a_server_prints_names_its_address(line: str, origins: list[str]) -> None:
    assert [str(origin) for origin in printed_in(line)] == origins


@given(st.text())
def test_any_output_can_be_read(line: str) -> None:
    assert all(origin.is_loopback for origin in printed_in(line))


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_lines_are_the_same_in_whatever_pieces_they_come(pieces: list[bytes]) -> None:
    apart, whole = Lines(), Lines()
    text = b"".join(pieces) + b"\n"
    cut = [line for piece in [*pieces, b"\n"] for line in apart.add(piece)]
    assert [line for line in cut if line] == [line for line in whole.add(text) if line]


def test_an_endless_line_is_let_go() -> None:
    lines = Lines()
    for _ in range(3):
        assert lines.add(b"x" * MAX_LINE_BYTES) == []
    assert lines.add(b"\nnext\n")[-1] == "next"


def found(search: Search, now: float) -> str | None:
    origin = search.found(now)
    return str(origin) if origin is not None else None


def test_an_address_that_is_printed_and_held_is_the_one_at_once() -> None:
    search = Search(frozenset())
    search.read("proxying /api to http://localhost:8080", 0)
    search.hold([3000, 9229], 0)
    assert found(search, 0) is None
    search.read("Local: https://localhost:3000", 0)
    assert found(search, 0) == "https://localhost:3000"


def test_the_only_port_is_the_one_when_no_other_joined_it_for_a_second() -> None:
    search = Search(frozenset())
    search.hold([3000], 10)
    search.hold([3000], 10.5)
    assert (found(search, 10.9), found(search, 11)) == (None, "http://localhost:3000")


def test_of_several_ports_none_is_taken_unless_it_was_printed() -> None:
    search = Search(frozenset())
    search.hold([3000], 0)
    search.hold([3000, 24678], 0.5)
    assert found(search, 100) is None
    assert (search.undecided(1), search.undecided(1.5)) == ([], [3000, 24678])
    assert search.unproved(100) == []
    search.read("Local: http://localhost:24678", 100)
    assert found(search, 100) == "http://localhost:24678"


def test_what_is_printed_is_tried_after_a_while_where_no_port_is_held() -> None:
    """A container's port belongs to another program."""
    search = Search(frozenset())
    search.hold([], 0)
    search.read("Local: http://localhost:5173", 0)
    assert search.unproved(1.9) == []
    assert [str(origin) for origin in search.unproved(2)] == ["http://localhost:5173"]
    assert found(search, 100) is None


def test_what_is_printed_is_tried_at_once_where_nobody_tells_of_ports() -> None:
    search = Search(frozenset())
    search.hold(None, 0)
    search.read("Local: http://localhost:5173", 0)
    assert [str(origin) for origin in search.unproved(0)] == ["http://localhost:5173"]


def test_a_port_of_our_own_is_never_meant() -> None:
    search = Search(frozenset({4321}))
    search.read("open http://localhost:4321", 0)
    search.hold([4321], 0)
    assert (found(search, 9), search.unproved(9), search.undecided(9)) == (None, [], [])
