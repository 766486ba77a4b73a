"""The cross-site guard: R43, R44, R46 to R50, R52, R71, R72, C33."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.errors import CrossSiteRequest
from wixproxy.sansio.exchange import Fields, Request
from wixproxy.sansio.fetch_metadata import (
    cors_fields,
    guard,
    guard_websocket,
    is_navigation,
    is_prefetch,
    is_preflight,
    is_same_origin,
    preflight_fields,
    wants_page,
)
from wixproxy.sansio.public_url import PublicURL

PUBLIC = PublicURL.parse("http://localhost:4321")
LISTED = frozenset({"http://localhost:5173"})

SITES = ["same-origin", "same-site", "cross-site", "none"]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"]
DESTINATIONS = ["document", "empty", "iframe", "image", "script", "style", "object", "worker"]


def sent(method: str = "GET", **named: str) -> Request:
    """Return a request whose fields are written with underscores: `sec_fetch_site="none"`."""
    fields = [
        (name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in named.items()
    ]
    return Request(method, b"/_wix/api/x", fields)


def passes(
    request: Request, listed: frozenset[str] = frozenset(), *, navigation_ok: bool = True
) -> bool:
    try:
        guard(request, PUBLIC, listed, navigation_ok=navigation_ok)
    except CrossSiteRequest:
        return False
    return True


@pytest.mark.parametrize(
    ("site", "method", "destination"), list(product(SITES, METHODS, DESTINATIONS))
)
def test_the_guard_decides_by_site_and_by_how_the_page_was_opened(
    site: str, method: str, destination: str
) -> None:
    """R46: 4 sites, 5 methods, 8 destinations, 160 cases."""
    mode = "navigate" if destination in ("document", "iframe", "object") else "cors"
    request = sent(method, sec_fetch_site=site, sec_fetch_mode=mode, sec_fetch_dest=destination)
    by_hand = site == "none" and method in ("GET", "HEAD") and destination == "document"
    assert passes(request) is (site == "same-origin" or by_hand)


@pytest.mark.parametrize(
    "site", ["", "Same-Origin", "same-origin ", "same-origin, none", "SAME-ORIGIN", "x"]
)
def test_a_site_that_no_browser_writes_is_refused(site: str) -> None:
    assert not passes(sent(sec_fetch_site=site))


def test_two_verdicts_of_the_browser_are_refused() -> None:
    twice = [(b"Sec-Fetch-Site", b"same-origin"), (b"sec-fetch-site", b"same-origin")]
    assert not passes(Request("GET", b"/", twice))


def test_a_page_opened_by_hand_is_refused_where_none_is_expected() -> None:
    by_hand = sent(sec_fetch_site="none", sec_fetch_mode="navigate", sec_fetch_dest="document")
    assert not passes(by_hand, navigation_ok=False)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://localhost:4321",
        "http://localhost",
        "http://localhost:4322",
        "http://localhost:43210",
        "http://localhost:4321.evil.test",
        "http://localhost:4321/",
        "http://LOCALHOST:4321",
        "http://localhost.:4321",
        "http://evil.test",
        "http://xn--lcalhost-90a:4321",
        "http://l\xf6calhost:4321",
    ],
)
def test_without_fetch_metadata_only_the_public_origin_passes(origin: str) -> None:
    """R47, R72, C6."""
    assert not passes(sent("POST", origin=origin))


def test_without_fetch_metadata_the_public_origin_passes() -> None:
    assert passes(sent("POST", origin="http://localhost:4321"))


def test_two_origins_are_refused() -> None:
    fields = [(b"Origin", b"http://localhost:4321")] * 2
    assert not passes(Request("POST", b"/", fields))


@pytest.mark.parametrize("method", METHODS)
def test_without_both_headers_no_browser_asks(method: str) -> None:
    """R47 as design decides it."""
    assert passes(sent(method, user_agent="curl/8"))


def test_a_sibling_origin_passes_only_if_it_is_listed() -> None:
    """R44: another port of localhost is same-site, and no friend for it."""
    sibling = sent("POST", sec_fetch_site="same-site", origin="http://localhost:5173")
    assert not passes(sibling)
    assert passes(sibling, LISTED)
    assert passes(sent("POST", origin="http://localhost:5173"), LISTED)


@pytest.mark.parametrize(
    "named",
    [
        {"sec_fetch_site": "cross-site", "origin": "http://localhost:5173"},
        {"sec_fetch_site": "same-site", "origin": "http://localhost:5174"},
        {"sec_fetch_site": "same-site"},
    ],
    ids=["listed but cross-site", "sibling not listed", "no origin"],
)
def test_listing_one_origin_admits_no_other(named: dict[str, str]) -> None:
    assert not passes(sent("POST", **named), LISTED)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    b"User-Agent",
                    b"Accept",
                    b"Referer",
                    b"X-Requested-With",
                    b"Cookie",
                    b"X-Forwarded-Host",
                    b"X-Original-URL",
                    b"Sec-Fetch-Mode",
                    b"Sec-Fetch-Dest",
                    b"X_Sec_Fetch_Site",
                    b"Sec-Fetch-User",
                    b"Authorization",
                    b"Sec-Purpose",
                ]
            ),
            st.sampled_from(
                [b"navigate", b"document", b"same-origin", b"text/html", b"kube-probe/1.0", b"*"]
            ),
        ),
        max_size=8,
    ),
    st.sampled_from(["cross-site", "same-site"]),
    st.sampled_from(METHODS),
)
def test_no_other_header_switches_the_guard_off(fields: Fields, site: str, method: str) -> None:
    """R71, C10, C11."""
    request = Request(method, b"/", [*fields, (b"Sec-Fetch-Site", site.encode())])
    assert not passes(request)


def test_the_refusal_names_the_page_that_may_ask_and_the_option() -> None:
    with pytest.raises(CrossSiteRequest, match=r"http://localhost:4321.*api\.allowed_origins"):
        guard(sent(sec_fetch_site="cross-site"), PUBLIC, navigation_ok=True)


@pytest.mark.parametrize(
    ("origin", "has_session", "welcome"),
    [
        ("http://localhost:4321", True, True),
        ("http://localhost:4321", False, True),
        ("http://evil.test", True, False),
        ("http://evil.test", False, False),
        ("null", True, False),
        ("http://localhost:5173", True, False),
        (None, True, False),
        (None, False, True),
    ],
)
def test_a_websocket_is_judged_by_its_origin(
    origin: str | None, has_session: bool, welcome: bool
) -> None:
    """R52, C33."""
    request = sent(**({"origin": origin} if origin is not None else {}))
    try:
        guard_websocket(request, PUBLIC, has_session_cookie=has_session)
    except CrossSiteRequest:
        assert not welcome
    else:
        assert welcome


def test_a_websocket_of_a_listed_origin_passes() -> None:
    request = sent(origin="http://localhost:5173")
    with pytest.raises(CrossSiteRequest):
        guard_websocket(request, PUBLIC, has_session_cookie=True)
    guard_websocket(request, PUBLIC, LISTED, has_session_cookie=True)


@pytest.mark.parametrize(
    ("named", "shows_page"),
    [
        ({"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}, True),
        ({"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}, False),
        ({"sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"}, False),
        ({"sec_fetch_mode": "cors", "sec_fetch_dest": "empty", "accept": "text/html"}, False),
        ({"sec_fetch_mode": "navigate", "sec_fetch_dest": "document", "sec_purpose": "prefetch;"
          "prerender"}, False),
        ({"accept": "text/html", "purpose": "prefetch"}, False),
        ({"accept": "text/html,application/xhtml+xml;q=0.9"}, True),
        ({"accept": "text/html", "x_requested_with": "XMLHttpRequest"}, False),
        ({"accept": "*/*"}, False),
        ({}, False),
    ],
)  # fmt: skip
def test_a_navigation_is_a_page_in_a_tab(named: dict[str, str], shows_page: bool) -> None:
    """R43."""
    assert is_navigation(sent(**named).fields) is shows_page


@pytest.mark.parametrize(
    ("named", "early"),
    [
        ({"sec_purpose": "prefetch"}, True),
        ({"sec_purpose": "prefetch;prerender"}, True),
        ({"purpose": "prefetch"}, True),
        ({"x_moz": "prefetch"}, True),
        ({"x_purpose": "preview"}, True),
        ({"sec_fetch_dest": "document"}, False),
        ({"accept": "text/html"}, False),
    ],
)
def test_what_a_browser_fetches_ahead_of_time_is_known(named: dict[str, str], early: bool) -> None:
    """R43."""
    assert is_prefetch(sent(**named).fields) is early


@pytest.mark.parametrize(
    ("named", "page"),
    [
        ({"sec_fetch_dest": "document"}, True),
        ({"sec_fetch_dest": "iframe"}, True),
        ({"sec_fetch_dest": "empty", "accept": "text/html"}, False),
        ({"sec_fetch_dest": "image"}, False),
        ({"accept": "text/html"}, True),
        ({"accept": "application/json"}, False),
        ({}, False),
    ],
)
def test_a_refusal_is_a_page_for_people_and_a_problem_for_programs(
    named: dict[str, str], page: bool
) -> None:
    assert wants_page(sent(**named).fields) is page


@pytest.mark.parametrize(
    ("named", "ours"),
    [
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "none"}, False),
        ({"sec_fetch_site": "cross-site", "origin": "http://localhost:4321"}, False),
        ({"origin": "http://localhost:4321"}, True),
        ({"origin": "http://localhost:5173"}, False),
        ({}, False),
    ],
)
def test_a_request_of_our_own_pages_is_known(named: dict[str, str], ours: bool) -> None:
    assert is_same_origin(sent(**named), PUBLIC) is ours


def test_nobody_gets_cors_fields_unless_listed() -> None:
    """R49."""
    foreign = sent(origin="http://evil.test")
    assert cors_fields(foreign, LISTED) == []
    assert cors_fields(sent(), LISTED) == []
    assert cors_fields(sent(origin="*"), frozenset()) == []


def test_a_listed_origin_may_read_answers_with_credentials() -> None:
    fields = dict(cors_fields(sent(origin="http://localhost:5173"), LISTED))
    assert fields[b"Access-Control-Allow-Origin"] == b"http://localhost:5173"
    assert fields[b"Access-Control-Allow-Credentials"] == b"true"


def preflight(origin: str, headers: str = "content-type") -> Request:
    return sent(
        "OPTIONS",
        origin=origin,
        access_control_request_method="POST",
        access_control_request_headers=headers,
    )


def test_a_preflight_of_a_listed_origin_is_answered() -> None:
    request = preflight("http://localhost:5173", "content-type, x-wix-linguist")
    assert is_preflight(request)
    fields = dict(preflight_fields(request, LISTED))
    assert fields[b"Access-Control-Allow-Methods"] == b"POST"
    assert fields[b"Access-Control-Allow-Headers"] == b"content-type, x-wix-linguist"


@pytest.mark.parametrize(
    "request_",
    [
        preflight("http://evil.test"),
        preflight("null"),
        preflight("http://localhost:5173", "a\nb"),
        preflight("http://localhost:5173", "a,,b"),
    ],
    ids=["foreign", "null", "line break in a name", "empty name"],
)
def test_any_other_preflight_is_refused(request_: Request) -> None:
    """R49."""
    with pytest.raises(CrossSiteRequest):
        preflight_fields(request_, LISTED)


def test_an_ordinary_options_request_is_no_preflight() -> None:
    assert not is_preflight(sent("OPTIONS"))
    assert not is_preflight(sent("GET", origin="http://a", access_control_request_method="GET"))
