"""Fields of Wix calls and answers: R49, R60, R61, R63, C9, C28, C29, C31."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.sansio.api_fields import elevated_fields, wix_answer_fields, wix_request_fields
from wixproxy.sansio.exchange import Fields
from wixproxy.sansio.headers import folded, get, get_all, request_fields

TOKEN = "OauthNG.JWS.abc"

DROPPED = [
    "Authorization", "Proxy-Authorization", "Cookie", "Cookie2", "Origin", "Referer", "Host",
    "Expect", "Sec-Fetch-Site", "Sec-CH-UA", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host",
    "X-Forwarded-Proto", "X-Forwarded-Anything", "X-Real-IP", "X-Original-URL", "X-Rewrite-URL",
    "True-Client-IP", "wix-site-id", "wix-account-id", "X-HTTP-Method-Override",
    "X-Wix-Identity", "X-Wix-Member-Id", "X-Wixproxy-Backend", "Access-Control-Request-Method",
]  # fmt: skip


def spellings(name: str) -> list[str]:
    return [
        name, name.lower(), name.upper(), name.replace("-", "_"), name.replace("-", "."),
        f"{name}_", f"_{name}", f"{name}-",
    ]  # fmt: skip


def test_of_an_elevated_call_the_client_says_only_which_answer_it_can_read() -> None:
    read = [(b"accept", b"*/*"), (b"Accept-Language", b"de"), (b"USER-AGENT", b"x")]
    told = [
        *[(b"Content-Type", b"application/json; charset=utf-7"), (b"Content-Encoding", b"gzip")],
        *[
            (b"X-Wix-Linguist", b"x"),
            (b"X-Any", b"x"),
            (b"Range", b"bytes=0-1"),
            (b"Accept_", b"x"),
        ],
    ]
    assert elevated_fields([*told, *read, *told]) == read


@pytest.mark.parametrize("name", DROPPED)
def test_what_a_browser_may_not_tell_wix_is_dropped_in_every_spelling(name: str) -> None:
    """R60, C9, C28, C29, C31."""
    fields = [(spelling.encode(), b"evil") for spelling in spellings(name)]
    assert wix_request_fields(fields, TOKEN) == [(b"Authorization", TOKEN.encode())]


def test_the_session_token_is_sent_bare_and_alone() -> None:
    """R61: added after every removal."""
    fields = [(b"authorization", b"Bearer mine"), (b"AUTHORIZATION", b"other")]
    sent = wix_request_fields(fields, TOKEN)
    assert get_all(sent, b"authorization") == [TOKEN.encode()]


def test_what_a_call_needs_is_passed_in_its_order() -> None:
    fields = [
        (b"Content-Type", b"application/json"),
        (b"Accept", b"*/*"),
        (b"accept-language", b"de"),
        (b"User-Agent", b"caf\xe9"),
        (b"X-Wix-Consistent", b"1"),
        (b"x-wix-linguist", b"de|de-de|false|x"),
        (b"x-wix-bi-gateway", b"environment=js-sdk"),
        (b"commonConfig", b"%7B%7D"),
        (b"If-None-Match", b'"x"'),
        (b"Content-Length", b"2"),
    ]
    assert wix_request_fields(fields, TOKEN)[:-1] == fields


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "tokén", "a\x00"])
def test_a_token_that_no_field_could_hold_is_not_sent_and_not_shown(token: str) -> None:
    with pytest.raises(ValueError, match="no header field") as refused:
        wix_request_fields([], token)
    assert token == "" or token not in str(refused.value)


names = st.one_of(
    st.sampled_from([spelling for name in DROPPED for spelling in spellings(name)]),
    st.text("abcxyz-_.", min_size=1, max_size=20),
).map(str.encode)


@given(st.lists(st.tuples(names, st.binary(max_size=10)), max_size=20))
def test_no_claim_of_the_client_ever_reaches_wix(fields: Fields) -> None:
    """R60, the third property: untrusted metadata is inert."""
    sent = wix_request_fields(fields, TOKEN)
    assert sent[-1] == (b"Authorization", TOKEN.encode())
    forbidden = {name.lower().encode() for name in DROPPED}
    assert not [name for name, _ in sent[:-1] if folded(name).strip(b"-") in forbidden]
    assert wix_request_fields(sent, TOKEN) == sent, "done twice is done once"


@pytest.mark.parametrize(
    "name",
    [
        b"Set-Cookie",
        b"set-cookie2",
        b"Access-Control-Allow-Origin",
        b"Access-Control-Allow-Credentials",
        b"x-wix-bi-auth-token",
        b"Strict-Transport-Security",
        b"Clear-Site-Data",
        b"Alt-Svc",
        b"WWW-Authenticate",
        b"Surrogate-Control",
        b"CDN-Cache-Control",
        b"Vercel-CDN-Cache-Control",
        b"X-Accel-Redirect",
    ],
)
def test_what_wix_may_not_tell_our_origin_is_dropped(name: bytes) -> None:
    """R49, R63."""
    assert get(wix_answer_fields([(name, b"x")]), name.lower()) is None


def test_what_a_page_needs_of_the_answer_is_passed() -> None:
    fields = [
        (b"Content-Type", b"application/json"),
        (b"x-wix-request-id", b"1"),
        (b"X-Wix-Consistent", b"c"),
        (b"Retry-After", b"3"),
        (b"ETag", b'"x"'),
    ]
    assert wix_answer_fields(fields)[: len(fields)] == fields


def test_an_answer_is_for_one_identity_of_our_own_origin_and_is_not_sniffed() -> None:
    """R20, R55: whatever Wix says of it."""
    given_ = [
        (b"Cross-Origin-Resource-Policy", b"cross-origin"),
        (b"X-Content-Type-Options", b"x"),
    ]
    told = wix_answer_fields(given_)
    assert get_all(told, b"cross-origin-resource-policy") == [b"same-origin"]
    assert get_all(told, b"x-content-type-options") == [b"nosniff"]
    assert get_all(told, b"vary") == [b"Cookie"]


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ([], b"no-store"),
        ([b""], b"no-store"),
        ([b"no-cache"], b"private, no-cache"),
        ([b"public, max-age=60"], b"private, max-age=60"),
        ([b"Public, S-MaxAge=60"], b"private"),
        ([b"public", b"max-age=5, s-maxage = 9"], b"private, max-age=5"),
        ([b"Private, max-age=0"], b"Private, max-age=0"),
        ([b"max-age=5, No-Store"], b"max-age=5, No-Store"),
        ([b'private="x", max-age=5'], b'private, private="x", max-age=5'),
    ],
)
def test_no_shared_cache_may_keep_an_answer(given_: list[bytes], kept: bytes) -> None:
    """R20: the browser's request has no Authorization that would forbid it by itself."""
    fields = [(b"cache-control", value) for value in given_]
    assert get_all(wix_answer_fields(fields), b"cache-control") == [kept]


@pytest.mark.parametrize("nominated", [b"Authorization, X-Forwarded-For", b"close, authorization"])
def test_a_client_cannot_nominate_our_token_for_removal(nominated: bytes) -> None:
    """R61, C32, V48: hop-by-hop fields go first, the token comes last."""
    fields = [(b"Connection", nominated), (b"Authorization", b"mine"), (b"Accept", b"*/*")]
    sent = wix_request_fields(request_fields(fields), TOKEN)
    assert sent == [(b"Accept", b"*/*"), (b"Authorization", TOKEN.encode())]
