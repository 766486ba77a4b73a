"""The paths of the frontend's handlers: no client's spelling gets there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sansio.escapes import escaped
from wixproxy.errors import NoSuchRoute
from wixproxy.sansio import routes
from wixproxy.sansio.delivery_paths import DeliveryPaths
from wixproxy.sansio.routes import Routes

PATHS = DeliveryPaths(["/hooks/orders", "/api/Plugins/shipping"])


@pytest.mark.parametrize(
    "path",
    [
        b"/hooks/orders",
        b"/hooks/orders/",
        b"/hooks/orders/x",
        b"/hooks/orders.json",
        b"/hooks/orders;a=b",
        b"/hooks;a/orders",
        b"/hooks%3Ba/orders",
        b"/Hooks/ORDERS",
        b"//hooks///orders",
        b"/./hooks/../hooks/orders",
        b"/x/../hooks/orders",
        b"/../hooks/orders",
        b"/hooks\\orders",
        b"/hooks%2Forders",
        b"/hooks%5corders",
        b"/%68ooks/orders",
        b"/%2568ooks/orders",
        b"/%252568ooks/orders",
        b"/hooks/%2e%2e/hooks/orders",
        b"/hooks/orders%2f",
        b"/hooks/orders/../x",
        b"/hooks/orders%3fx",
        b"/hooks/orders%23",
        b"/hooks/orders%00",
        b"/hooks/orders%20",
        b"/x/../hooks/orders%3f/../../y",
        b"/x/../hooks/orders%2523/../../y",
        b"/x/../hooks/orders%00/../../y",
        b"/api/plugins/shipping/v1/getRates",
    ],
)
def test_no_spelling_of_a_handlers_path_is_forwarded(path: bytes) -> None:
    assert PATHS.cover(path)


@pytest.mark.parametrize(
    "path",
    [b"/", b"/hooks", b"/hooks/", b"/hooks/order", b"/hooks/orders-list", b"/a/hooks/orders"],
)
def test_other_paths_are_the_frontends(path: bytes) -> None:
    assert not PATHS.cover(path)


def test_without_handlers_nothing_is_withheld() -> None:
    assert not DeliveryPaths().cover(b"/")


@given(st.binary())
def test_every_path_is_judged(path: bytes) -> None:
    assert PATHS.cover(path) in (True, False)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4))
def test_escapes_hide_nothing(masks: list[int]) -> None:
    path = "/hooks/orders"
    for mask in masks:
        path = escaped(path, mask)
    assert PATHS.cover(path.encode())


def test_a_client_is_told_that_there_is_nothing() -> None:
    table = Routes(delivery_paths=PATHS)
    route = table.match(b"/hooks/orders")
    assert not route.is_frontend
    with pytest.raises(NoSuchRoute):
        route.admit("POST", b"/hooks/orders")


@pytest.mark.parametrize(
    ("path", "route"),
    [
        (b"/_wix/extensions/webhooks/orders", routes.WEBHOOK),
        (b"/_wix/extensions/service-plugins/shipping/v1/getRates", routes.SERVICE_PLUGIN),
        (b"/_wix/extensions", None),
        (b"/_wix/extensions/other/x", None),
    ],
)
def test_wix_posts_to_routes_of_ours(path: bytes, route: routes.Route | None) -> None:
    table = Routes()
    assert table.match(path) is (route or table.unknown)


@pytest.mark.parametrize("route", [routes.WEBHOOK, routes.SERVICE_PLUGIN], ids=lambda r: r.name)
def test_wix_is_no_browser_and_needs_no_origin(route: routes.Route) -> None:
    assert route.methods == ("POST",)
    assert not route.is_guarded("POST")
