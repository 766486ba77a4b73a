"""Which cookies are ours, how they are cut, and what the frontend sees of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.sansio import cookies
from wixproxy.sansio.cookies import CHUNK_CHARACTERS, CookiePolicy

LOCAL = CookiePolicy.for_origin("http", 4321)
PUBLIC = CookiePolicy.for_origin("https", 443)
texts = st.text("ABCabc019-_.", min_size=1, max_size=3 * CHUNK_CHARACTERS)


def shown(named: list[tuple[str, str]]) -> list[tuple[str, str]]:
    header = "; ".join(f"{name}={value}" for name, value in named)
    return cookies.pairs([(b"Cookie", header.encode())])


@pytest.mark.parametrize(
    ("policy", "attributes"),
    [
        pytest.param(LOCAL, "Path=/; Max-Age=60; HttpOnly; SameSite=Lax", id="http localhost"),
        pytest.param(PUBLIC, "Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure", id="https"),
        pytest.param(
            CookiePolicy.for_origin("https", 443, "None"),
            "Path=/; Max-Age=60; HttpOnly; SameSite=None; Secure; Partitioned",
            id="in a frame",
        ),
    ],
)
def test_a_session_cookie_has_exactly_the_decided_attributes(
    policy: CookiePolicy, attributes: str
) -> None:
    """R1, R2, R6."""
    (line,) = cookies.set_session("text", policy, 60, [])
    assert line.decode() == f"{policy.session}=text; {attributes}"


def test_a_login_cookie_is_lax_even_where_the_session_is_not() -> None:
    """R4: it comes back by a cross-site navigation, and lives for ten minutes."""
    policy = CookiePolicy.for_origin("https", 443, "None")
    line = cookies.set_login(policy.login_name("abcdefghij"), "text", policy).decode()
    assert line == (
        "__Host-wixproxy-login-abcdefgh=text; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"
    )


def test_only_the_hint_can_be_read_by_a_page() -> None:
    line = cookies.set_hint("member", "0a1b2c3d", LOCAL, 60).decode()
    assert line == "wixproxy-hint-4321=v1.member.0a1b2c3d; Path=/; Max-Age=60; SameSite=Lax"


def test_the_names_say_what_the_transport_allows() -> None:
    """R7, R9: no sibling host can set `__Host-`; on plain http Safari takes no such name."""
    assert (PUBLIC.session, PUBLIC.login) == ("__Host-wixproxy", "__Host-wixproxy-login-")
    assert (LOCAL.session, LOCAL.login) == ("wixproxy-4321", "wixproxy-4321-login-")


def test_two_ports_have_two_names_because_cookies_ignore_ports() -> None:
    """R10."""
    other = CookiePolicy.for_origin("http", 4322)
    assert not {LOCAL.session, LOCAL.login, LOCAL.hint} & {other.session, other.login, other.hint}
    assert not other.is_session(LOCAL.session)
    assert not other.is_login(LOCAL.login_name("abcdefgh"))


@given(text=texts)
def test_pieces_join_to_the_text_that_was_cut(text: str) -> None:
    named = cookies.session_pairs(text, LOCAL)
    assert cookies.session_text(shown(named), LOCAL) == text
    assert all(len(value) <= CHUNK_CHARACTERS for _, value in named)


def test_a_missing_piece_is_no_cookie() -> None:
    named = cookies.session_pairs("x" * 2 * CHUNK_CHARACTERS, LOCAL)
    assert len(named) == 3
    for gone in range(3):
        left = [pair for at, pair in enumerate(named) if at != gone]
        assert cookies.session_text(shown(left), LOCAL) is None


@pytest.mark.parametrize(
    "header",
    [
        pytest.param([b"wixproxy-4321=good; wixproxy-4321=evil"], id="in one header"),
        pytest.param([b"wixproxy-4321=good", b"wixproxy-4321=evil"], id="in two headers"),
    ],
)
def test_a_name_that_comes_twice_counts_as_absent(header: list[bytes]) -> None:
    """R8."""
    found = cookies.pairs([(b"cookie", value) for value in header])
    assert cookies.session_text(found, LOCAL) is None


def test_growing_and_shrinking_leaves_exactly_the_pieces_in_use() -> None:
    """R13: stale pieces are expired by name."""
    jar: dict[str, str] = {}
    for length, expected in ((10, 1), (2 * CHUNK_CHARACTERS, 3), (CHUNK_CHARACTERS + 1, 2), (5, 1)):
        for line in cookies.set_session("y" * length, LOCAL, 60, list(jar.items())):
            name, _, rest = line.decode().partition("=")
            value, _, attributes = rest.partition(";")
            jar[name] = value
            if "Max-Age=0" in attributes:
                del jar[name]
        assert len(jar) == expected
        assert cookies.session_text(list(jar.items()), LOCAL) == "y" * length


def test_other_cookies_and_their_bytes_are_left_alone() -> None:
    """V29: bytes above 0x7f in a cookie of the frontend's own."""
    fields = [(b"Cookie", b"a=\xe9;b=2 ; c"), (b"cookie", b"wixproxy-43210=x")]
    assert cookies.for_frontend(fields, LOCAL, None) == fields


def test_the_frontend_never_sees_a_login_attempt() -> None:
    fields = [(b"Cookie", b"a=1; wixproxy-4321-login-abcdefgh=sealed; wixproxy-4321=s")]
    assert cookies.for_frontend(fields, LOCAL, None) == [(b"Cookie", b"a=1; wixproxy-4321=s")]


def test_the_frontend_sees_the_newest_session_in_place_of_the_one_shown() -> None:
    fields = [(b"Cookie", b"wixproxy-4321=c2.old; a=1; wixproxy-4321-1=old")]
    seen = cookies.for_frontend(fields, LOCAL, [("wixproxy-4321", "new")])
    assert cookies.pairs(seen) == [("a", "1"), ("wixproxy-4321", "new")]


def test_a_hidden_session_cookie_is_taken_out_with_all_its_pieces() -> None:
    fields = [(b"Cookie", b"wixproxy-4321=c2.x; wixproxy-4321-1=y")]
    assert cookies.for_frontend(fields, LOCAL, []) == []


@pytest.mark.parametrize("session", [None, []])
@pytest.mark.parametrize("value", [b"", b";", b" ; a=1;"])
def test_a_cookie_header_with_nothing_of_ours_keeps_its_bytes(
    value: bytes, session: list[tuple[str, str]] | None
) -> None:
    """An empty one used to be dropped."""
    fields = [(b"Cookie", value)]
    assert cookies.for_frontend(fields, LOCAL, session) == fields


def test_the_first_page_of_a_new_visitor_carries_the_cookie_just_made() -> None:
    seen = cookies.for_frontend([(b"Accept", b"*/*")], LOCAL, [("wixproxy-4321", "new")])
    assert seen == [(b"Accept", b"*/*"), (b"Cookie", b"wixproxy-4321=new")]


@given(header=st.binary(max_size=300))
def test_any_cookie_header_is_read_without_an_error(header: bytes) -> None:
    found = cookies.pairs([(b"Cookie", header)])
    text = cookies.session_text(found, LOCAL)
    attempts = cookies.login_texts(found, LOCAL)
    assert text is None or isinstance(text, str)
    assert all(LOCAL.is_login(name) for name in attempts)


def test_names_that_others_toss_in_do_not_swell_the_answer() -> None:
    tossed = [(f"wixproxy-4321-{number}", "x") for number in range(1_000)]
    lines = cookies.set_session("s", LOCAL, 60, tossed)
    assert [line.partition(b"=")[0] for line in lines] == [
        b"wixproxy-4321",
        b"wixproxy-4321-1",
        b"wixproxy-4321-2",
    ]


@given(name=st.text(max_size=12))
def test_every_login_attempt_that_is_read_can_be_taken_out_again(name: str) -> None:
    """A name in any spelling comes from a browser, and no fault of ours may come of it."""
    found = cookies.pairs([(b"Cookie", f"{LOCAL.login}{name}=x".encode("utf-8", "replace"))])
    for shown_name in cookies.login_texts(found, LOCAL):
        assert cookies.expire(shown_name, LOCAL).startswith(shown_name.encode("ascii"))
