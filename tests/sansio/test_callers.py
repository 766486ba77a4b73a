"""Who makes a call: what Wix says of a token, what the frontend is told, what a handle holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.errors import CallerUnverified, WixUnavailable
from wixproxy.sansio.callers import (
    HANDLE_SECONDS,
    Caller,
    CallerHandles,
    read_caller,
    shown_token,
    told_to_frontend,
    without_token,
)
from wixproxy.sansio.keyring import Key, Keyring

NOW = 1_800_000_000
APP = "8f0d1c52-0000-4000-8000-000000000001"
INSTANCE = "5b7c0000-0000-4000-8000-000000000009"
TOKEN = "OauthNG.JWS.eyJhbGciOiJIUzI1NiJ9.eyJkYXRhIjoie30ifQ.c2lnbmF0dXJl"
TOLD: dict[str, Any] = {
    "active": True,
    "subjectType": "USER",
    "subjectId": "user-1",
    "clientId": APP,
    "instanceId": INSTANCE,
    "siteId": "site-1",
    "exp": NOW + 3_600,
}
USER = Caller("user", "user-1", INSTANCE, "site-1", NOW + 3_600)
KEYRING = Keyring([Key.generate()])
HANDLES = CallerHandles(KEYRING, APP)


def read(status: int = 200, **changes: object) -> Caller:
    told = {name: value for name, value in {**TOLD, **changes}.items() if value is not None}
    return read_caller(status, json.dumps(told).encode(), APP)


@pytest.mark.parametrize(
    "value", [TOKEN, f"Bearer {TOKEN}", f"bearer   {TOKEN}", f" {TOKEN}\t"], ids=repr
)
def test_a_token_stands_bare_or_behind_its_scheme(value: str) -> None:
    assert shown_token([(b"Authorization", value.encode())]) == TOKEN


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([], id="none"),
        pytest.param([(b"Authorization", b"")], id="an empty one"),
        pytest.param([(b"Authorization", b"Bearer")], id="a scheme alone"),
        pytest.param([(b"Authorization", b"Basic YTpi")], id="another scheme"),
        pytest.param([(b"Authorization", b"a,b")], id="two in one"),
        pytest.param([(b"Authorization", b"a\xff")], id="bytes above ASCII"),
        pytest.param([(b"Authorization", b"a"), (b"authorization", b"a")], id="two"),
        pytest.param([(b"Authorization", b"x" * 8_193)], id="an oversized one"),
        pytest.param([(b"X-Authorization", TOKEN.encode())], id="under another name"),
    ],
)
def test_anything_else_shows_nobody(fields: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(CallerUnverified, match="in one Authorization header, found"):
        shown_token(fields)


@given(st.binary())
def test_a_refusal_repeats_nothing_of_what_was_sent(value: bytes) -> None:
    with pytest.raises(CallerUnverified) as refused:
        shown_token([(b"Authorization", b"\x01" + value + b"secret-of-the-caller")])
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("subject_type", "identity"),
    [("USER", "user"), ("MEMBER", "member"), ("VISITOR", "visitor"), ("APP", "app")],
)
def test_wix_says_whom_a_token_was_issued_for(subject_type: str, identity: str) -> None:
    caller = read(subjectType=subject_type)
    assert (caller.identity, caller.id, caller.instance_id) == (identity, "user-1", INSTANCE)


def test_the_app_itself_needs_no_id() -> None:
    assert read(subjectType="APP", subjectId=None).id is None


@pytest.mark.parametrize("written", [NOW + 3_600, str(NOW + 3_600)])
def test_a_time_is_a_number_or_a_text(written: object) -> None:
    assert read(exp=written).expires_at == NOW + 3_600


@pytest.mark.parametrize("written", [None, "soon", 1.5, True, [], "9" * 20])
def test_a_token_whose_end_is_not_told_is_asked_about_each_time(written: object) -> None:
    assert read(exp=written).known_until(NOW) == NOW


@pytest.mark.parametrize(("left", "known"), [(3_600, 60), (60, 60), (59, 59), (1, 1), (0, 0)])
def test_an_answer_is_believed_for_a_minute_and_never_past_the_tokens_end(
    left: int, known: int
) -> None:
    assert read(exp=NOW + left).known_until(NOW) == NOW + known


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"active": False}, id="not active"),
        pytest.param({"active": None}, id="not said to be active"),
        pytest.param({"active": "true"}, id="active as a text"),
        pytest.param({"active": 1}, id="active as a number"),
        pytest.param({"clientId": "11111111-0000-4000-8000-000000000001"}, id="another app"),
        pytest.param({"clientId": None}, id="no app"),
        pytest.param({"clientId": [APP]}, id="a list of apps"),
        pytest.param({"clientId": f"{APP} "}, id="an app with a space"),
        pytest.param({"subjectType": "UNKNOWN"}, id="an unknown subject"),
        pytest.param({"subjectType": "user"}, id="a subject in other letters"),
        pytest.param({"subjectType": None}, id="no subject type"),
        pytest.param({"subjectId": None}, id="no subject"),
        pytest.param({"subjectId": "a\r\nX: y"}, id="a subject that is no id"),
        pytest.param({"subjectId": "x" * 65}, id="a subject of any length"),
        pytest.param({"instanceId": None}, id="no instance"),
        pytest.param({"instanceId": ""}, id="an empty instance"),
    ],
)
def test_what_proves_nothing_here_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(CallerUnverified):
        read(**changes)


@pytest.mark.parametrize("status", [400, 401])
def test_what_wix_does_not_take_for_a_token_is_none(status: int) -> None:
    with pytest.raises(CallerUnverified):
        read(status)


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b"{}"), (429, b"{}"), (302, b""), (404, b"{}"), (200, b"<html>"), (200, b"[]")],
)
def test_where_wix_says_nothing_nobody_is_refused_for_good(status: int, body: bytes) -> None:
    with pytest.raises(WixUnavailable):
        read_caller(status, body, APP)


@given(st.binary())
def test_any_answer_is_judged(body: bytes) -> None:
    with pytest.raises((CallerUnverified, WixUnavailable)):
        read_caller(200, body, APP)


def test_the_frontend_is_told_what_is_known_and_no_more() -> None:
    assert told_to_frontend(USER, "handle") == [
        (b"X-Wix-Caller-Identity", b"user"),
        (b"X-Wix-Caller-Id", b"user-1"),
        (b"X-Wix-Instance-Id", INSTANCE.encode()),
        (b"X-Wix-Site-Id", b"site-1"),
        (b"X-Wixproxy-Caller", b"handle"),
    ]
    bare = Caller("app", None, INSTANCE, None, None)
    names = [name for name, _ in told_to_frontend(bare, None)]
    assert names == [b"X-Wix-Caller-Identity", b"X-Wix-Instance-Id"]


@pytest.mark.parametrize(
    "name", [b"Authorization", b"AUTHORIZATION", b"authorization_", b".Authorization-"]
)
def test_the_token_is_gone_in_every_spelling(name: bytes) -> None:
    kept = [(b"Accept", b"*/*"), (b"X-Authorization", b"own")]
    assert without_token([*kept, (name, b"token")]) == kept


def test_a_handle_holds_the_caller_and_shows_nothing() -> None:
    handle = HANDLES.seal(USER, TOKEN, NOW)
    assert TOKEN not in handle
    held = HANDLES.open(handle, NOW + HANDLE_SECONDS - 1)
    assert (held.token, held.identity) == (TOKEN, "user")
    assert TOKEN not in repr(held)


def test_a_handle_ends_after_five_minutes_or_with_the_token() -> None:
    handle = HANDLES.seal(USER, TOKEN, NOW)
    with pytest.raises(CallerUnverified, match="over"):
        HANDLES.open(handle, NOW + HANDLE_SECONDS)
    dying = Caller("user", "user-1", INSTANCE, None, NOW + 10)
    with pytest.raises(CallerUnverified, match="over"):
        HANDLES.open(HANDLES.seal(dying, TOKEN, NOW), NOW + 10)


@pytest.mark.parametrize(
    "others",
    [
        pytest.param(CallerHandles(KEYRING, "another app"), id="another app's"),
        pytest.param(CallerHandles(Keyring([Key.generate()]), APP), id="another key's"),
    ],
)
def test_a_handle_of_others_opens_nothing(others: CallerHandles) -> None:
    with pytest.raises(CallerUnverified, match="did not seal"):
        HANDLES.open(others.seal(USER, TOKEN, NOW), NOW)


def test_what_was_sealed_for_something_else_is_no_handle() -> None:
    session = KEYRING.seal("session", b'["token","user",9999999999]', (APP,))
    with pytest.raises(CallerUnverified):
        HANDLES.open(session, NOW)


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    with pytest.raises(CallerUnverified):
        HANDLES.open(text, NOW)
