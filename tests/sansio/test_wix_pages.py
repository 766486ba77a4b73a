"""Which paths lead on to Wix's pages, and where: one host, the bytes that came, nothing of ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.errors import CallRefused
from wixproxy.sansio import routes
from wixproxy.sansio.exchange import Request
from wixproxy.sansio.routes import Routes
from wixproxy.sansio.wix_pages import PagesAddress, refuse_credentials

TABLE = Routes(wix_pages=True)
ADDRESS = PagesAddress.parse("https://my-site.wix-host.example")


@pytest.mark.parametrize(
    ("path", "route"),
    [
        (b"/checkout", routes.WIX_PAGE),
        (b"/__ecom/checkout", routes.WIX_PAGE),
        (b"/_paylink/7f-1", routes.WIX_PAGE),
        (b"/_proposal/7f-1", routes.WIX_PAGE),
        (b"/_api/x/v1/y", routes.WIX_SITE_API),
        (b"/_paylink", routes.FRONTEND),
        (b"/_paylink/", routes.FRONTEND),
        (b"/_paylink/1/2", routes.FRONTEND),
        (b"/checkout/", routes.FRONTEND),
        (b"/checkouts", routes.FRONTEND),
        (b"/_api", routes.FRONTEND),
        (b"/_API/x", routes.FRONTEND),
        (b"/%5Fapi/x", routes.FRONTEND),
        (b"/a/_api/x", routes.FRONTEND),
    ],
)
def test_a_path_leads_on_by_its_bytes(path: bytes, route: routes.Route) -> None:
    assert TABLE.match(path) is route
    assert Routes().match(path) is routes.FRONTEND


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_from_anywhere_may_lead_on(method: str) -> None:
    for route in (routes.WIX_PAGE, routes.WIX_SITE_API):
        route.admit(method, b"/x")
        assert not route.is_guarded(method)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_what_changes_something_must_come_from_our_own_page(method: str) -> None:
    routes.WIX_SITE_API.admit(method, b"/_api/x")
    assert routes.WIX_SITE_API.is_guarded(method)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://My-Site.wix-host.example", "https://my-site.wix-host.example"),
        ("https://my-site.wix-host.example/", "https://my-site.wix-host.example"),
        ("https://ada.wixsite.example/shop", "https://ada.wixsite.example/shop"),
        ("https://ada.wixsite.example/shop/", "https://ada.wixsite.example/shop"),
        ("http://127.0.0.1:4331", "http://127.0.0.1:4331"),
    ],
)
def test_an_address_has_one_form(text: str, address: str) -> None:
    assert str(PagesAddress.parse(text)) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "my-site.example", "ftp://my-site.example", "http://my-site.example", "https://"),
        *("https://my-site.example?x", "https://my-site.example/#x", "https://a@my-site.example"),
        *(
            "https://my-site.example/a/../b",
            "https://my-site.example//a",
            "https://my site.example",
        ),
        *("https://my-site.example\\evil", "https://my-site.example/%2e", "https://x.example\r\n"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        PagesAddress.parse(text)


def test_path_and_query_travel_as_the_bytes_that_came() -> None:
    target = b"/_paylink/7f?lang=de&x=%2F%00#"
    assert ADDRESS.location(target) == b"https://my-site.wix-host.example" + target


@given(st.binary())
def test_no_target_leads_to_another_host(rest: bytes) -> None:
    location = ADDRESS.location(b"/_api/" + rest)
    assert location.startswith(b"https://my-site.wix-host.example/_api/")


@pytest.mark.parametrize("name", [b"Authorization", b"authorization", b"Authorization_"])
def test_a_credential_is_not_sent_on(name: bytes) -> None:
    with pytest.raises(CallRefused):
        refuse_credentials(Request("POST", b"/_api/x", [(name, b"token")]))


def test_a_call_without_one_is() -> None:
    refuse_credentials(Request("POST", b"/_api/x", [(b"Cookie", b"a=b")]))
