"""How the body of our own answer ends, and what its head says of it."""

from __future__ import annotations

import pytest

from wixproxy.sansio.answer_framing import framed
from wixproxy.sansio.exchange import Fields, Request

KNOWN: Fields = [(b"content-length", b"4")]
CHUNKED = (b"Transfer-Encoding", b"chunked")
CLOSES = (b"Connection", b"close")
GOES_ON = (b"Connection", b"keep-alive")


def asked(method: str = "GET", version: tuple[int, int] = (1, 1)) -> Request:
    return Request(method, b"/", [], version)


@pytest.mark.parametrize(
    ("request_", "status", "fields", "wish", "added", "length", "keeps"),
    [
        pytest.param(asked(), 200, KNOWN, True, [], 4, True, id="a known length"),
        pytest.param(asked(), 200, KNOWN, False, [CLOSES], 4, False, id="a wish to close"),
        pytest.param(asked(), 200, [], True, [CHUNKED], None, True, id="no length"),
        pytest.param(asked("HEAD"), 200, KNOWN, True, [], None, True, id="HEAD"),
        pytest.param(asked("HEAD"), 200, [], True, [], None, True, id="HEAD without a length"),
        pytest.param(asked(), 304, KNOWN, True, [], None, True, id="304"),
        pytest.param(asked(), 204, [], True, [], None, True, id="204"),
        pytest.param(asked(), 101, [], False, [], None, False, id="101 closes without a word"),
        pytest.param(
            asked(version=(1, 0)), 200, KNOWN, True, [GOES_ON], 4, True, id="1.0 that is kept"
        ),
        pytest.param(
            asked(version=(1, 0)), 200, [], True, [CLOSES], None, False, id="1.0 without a length"
        ),
    ],
)
def test_the_head_says_how_the_body_ends(
    *,
    request_: Request,
    status: int,
    fields: Fields,
    wish: bool,
    added: Fields,
    length: int | None,
    keeps: bool,
) -> None:
    """RFC 9112 §6.3, §9.3."""
    found = framed(status, fields, request_, keep_alive=wish)
    assert found.fields == fields + added
    assert (found.length, found.keep_alive) == (length, keeps)
    assert found.chunked == (CHUNKED in added)


@pytest.mark.parametrize("name", [b"Date", b"date", b"DATE"])
def test_a_date_is_seen_in_every_spelling(name: bytes) -> None:
    assert framed(200, [(name, b"now")], asked(), keep_alive=True).dated
    assert not framed(200, [(b"Dated", b"now")], asked(), keep_alive=True).dated


def test_neither_request_nor_answer_shows_its_fields() -> None:
    fields: Fields = [(b"Cookie", b"a-secret"), (b"Set-Cookie", b"a-secret")]
    request_ = Request("GET", b"/_wix/callback?code=a-secret", fields)
    found = framed(200, fields, request_, keep_alive=True)
    assert "secret" not in f"{request_!r} {found!r}"


def test_the_fields_that_were_given_stay_as_they_were() -> None:
    given: Fields = []
    framed(200, given, asked(), keep_alive=False)
    assert given == []
