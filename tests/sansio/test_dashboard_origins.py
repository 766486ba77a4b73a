"""Which pages may call with a token of Wix, and read the answer."""

from __future__ import annotations

import pytest

from wixproxy.errors import CrossSiteRequest
from wixproxy.sansio.dashboard_origins import guard, preflight_fields, readable
from wixproxy.sansio.exchange import Fields, Request
from wixproxy.sansio.public_url import PublicURL

PUBLIC = PublicURL.parse("https://shop.example")
PAGE = "https://manage.wix.example"
ORIGINS = frozenset({PAGE})


def request(method: str = "GET", **named: str) -> Request:
    fields = [(name.replace("_", "-").encode(), text.encode()) for name, text in named.items()]
    return Request(method, b"/api/dashboard", fields)


@pytest.mark.parametrize(
    "asking",
    [
        pytest.param({"origin": PAGE, "sec_fetch_site": "cross-site"}, id="a listed page"),
        pytest.param({"origin": PAGE}, id="a listed page of an old browser"),
        pytest.param({"origin": "https://shop.example"}, id="our own page"),
        pytest.param({"sec_fetch_site": "same-origin"}, id="our own page, reading"),
        pytest.param({"sec_fetch_site": "none"}, id="a person"),
        pytest.param({}, id="a program"),
    ],
)
def test_listed_pages_and_programs_may_call(asking: dict[str, str]) -> None:
    guard(request(**asking), PUBLIC, ORIGINS)


@pytest.mark.parametrize(
    "asking",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://evil.example", "sec_fetch_site": "same-origin"},
        {"origin": "null", "sec_fetch_site": "cross-site"},
        {"origin": f"{PAGE}.evil.example"},
        {"origin": "HTTPS://manage.wix.example"},
        {"origin": ""},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_other_pages_may_not(asking: dict[str, str]) -> None:
    with pytest.raises(CrossSiteRequest):
        guard(request(**asking), PUBLIC, ORIGINS)


def test_two_origins_are_none() -> None:
    both = Request("GET", b"/", [(b"Origin", PAGE.encode()), (b"Origin", PAGE.encode())])
    with pytest.raises(CrossSiteRequest):
        guard(both, PUBLIC, ORIGINS)


def test_a_preflight_is_granted_what_it_asks_for_and_no_credentials() -> None:
    asked = request(
        "OPTIONS",
        origin=PAGE,
        access_control_request_method="PUT",
        access_control_request_headers="authorization, x-own",
    )
    assert dict(preflight_fields(asked, ORIGINS)) == {
        b"Access-Control-Allow-Origin": PAGE.encode(),
        b"Vary": b"Origin",
        b"Access-Control-Allow-Methods": b"PUT",
        b"Access-Control-Max-Age": b"600",
        b"Access-Control-Allow-Headers": b"authorization, x-own",
    }


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"origin": "https://evil.example"}, id="another origin"),
        pytest.param({"origin": "https://shop.example"}, id="our own, which need not ask"),
        pytest.param({"access_control_request_method": "P UT"}, id="no method"),
        pytest.param({"access_control_request_headers": "a b"}, id="no header"),
    ],
)
def test_any_other_preflight_is_refused(changes: dict[str, str]) -> None:
    asking = {"origin": PAGE, "access_control_request_method": "PUT", **changes}
    with pytest.raises(CrossSiteRequest):
        preflight_fields(request("OPTIONS", **asking), ORIGINS)


ANSWERED: Fields = [
    (b"Content-Type", b"text/plain"),
    (b"access-control-allow-origin", b"*"),
    (b"Access-Control-Allow-Credentials", b"true"),
    (b"Access-Control-Expose-Headers", b"X-Total"),
]
OURS: Fields = [(b"Content-Type", b"text/plain"), (b"Access-Control-Expose-Headers", b"X-Total")]


def test_a_listed_page_reads_the_answer_by_our_word_alone() -> None:
    assert readable(ANSWERED, request(origin=PAGE), ORIGINS) == [
        *OURS,
        (b"Access-Control-Allow-Origin", PAGE.encode()),
        (b"Vary", b"Origin"),
    ]


@pytest.mark.parametrize("asking", [{"origin": "https://evil.example"}, {"origin": "null"}, {}])
def test_nobody_else_does(asking: dict[str, str]) -> None:
    assert readable(ANSWERED, request(**asking), ORIGINS) == [*OURS, (b"Vary", b"Origin")]
