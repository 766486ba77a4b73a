"""The route table: R57, R71, and the spellings of V42 and V43."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wixproxy.errors import MethodRefused, NoSuchRoute, PathRefused
from wixproxy.sansio import routes
from wixproxy.sansio.routes import Route, Routes


@pytest.mark.parametrize(
    ("path", "route"),
    [
        (b"/_wix/login", routes.LOGIN),
        (b"/_wix/callback", routes.CALLBACK),
        (b"/_wix/logout", routes.LOGOUT),
        (b"/_wix/logout-callback", routes.LOGOUT_CALLBACK),
        (b"/_wix/session", routes.SESSION),
        (b"/_wix/healthz", routes.HEALTHZ),
        (b"/_wix/readyz", routes.READYZ),
        (b"/_wix/api", routes.API),
        (b"/_wix/api/", routes.API),
        (b"/_wix/api/ecom/v1/carts/current", routes.API),
        (b"*", routes.SERVER),
        (b"/", routes.FRONTEND),
        (b"/index.html", routes.FRONTEND),
        (b"/_wixes", routes.FRONTEND),
        (b"/a/_wix/login", routes.FRONTEND),
        (b"/api/auth/callback", routes.FRONTEND),
        (b"/_wix/testing/session", None),
        (b"/_wix", None),
        (b"/_wix/", None),
        (b"/_wix/login/", None),
        (b"/_wix/Login", None),
        (b"/_wix/apis", None),
        (b"/_wix/%61pi/x", None),
        (b"/_wix/elevated/x", None),
        (b"/_wix/../x", None),
    ],
)
def test_a_raw_path_belongs_to_one_route(path: bytes, route: Route | None) -> None:
    table = Routes()
    assert table.match(path) is (route or table.unknown)


@pytest.mark.parametrize(
    "path",
    [
        b"/%5Fwix/api/x",
        b"/%5fwix/login",
        b"/_WIX/login",
        b"/_w%69x/login",
        b"/%5f%77%49%78/login",
        b"//_wix/login",
        b"/_wix%2flogin",
        b"/_wix\\login",
        b"/_wix%5Clogin",
        b"/_wix;x/login",
        b"/_Wix",
    ],
)
def test_a_disguise_of_our_prefix_is_refused(path: bytes) -> None:
    """R71: it is neither ours nor the frontend's."""
    route = Routes().match(path)
    assert not route.is_frontend
    with pytest.raises(PathRefused, match="another spelling"):
        route.admit("GET", path)


@pytest.mark.parametrize("path", [b"/", b"/cart", b"/_wixes", b"/api/auth/callback"])
def test_beside_a_frontend_no_other_path_is_served(path: bytes) -> None:
    route = Routes(beside="http://localhost:5173").match(path)
    assert not route.is_frontend
    with pytest.raises(NoSuchRoute, match=r"others, at http://localhost:5173\.$") as refused:
        route.admit("GET", path)
    assert "GET, POST /_wix/login" in str(refused.value.members["routes"])


def test_beside_a_frontend_our_own_paths_are_served_as_ever() -> None:
    table = Routes(callback_path="/api/auth/callback", beside="http://localhost:5173")
    assert table.match(b"/_wix/api/x") is routes.API
    assert table.match(b"/api/auth/callback") is routes.CALLBACK
    assert table.match(b"/_wix/nothing") is table.unknown


def test_an_unknown_path_below_the_prefix_lists_the_routes() -> None:
    table = Routes(callback_path="/api/auth/callback")
    with pytest.raises(NoSuchRoute) as refused:
        table.match(b"/_wix/nothing").admit("GET", b"/_wix/nothing")
    listed = str(refused.value.members["routes"])
    assert "GET, POST /api/auth/callback" in listed
    assert "GET, POST /_wix/login" in listed


def test_the_callback_is_where_the_configuration_says() -> None:
    table = Routes(callback_path="/api/auth/callback")
    assert table.match(b"/api/auth/callback") is routes.CALLBACK
    assert table.match(b"/_wix/callback") is table.unknown


def test_the_testing_route_exists_only_when_switched_on() -> None:
    assert Routes(testing=True).match(b"/_wix/testing/session") is routes.TESTING_SESSION


@pytest.mark.parametrize(
    ("route", "method"),
    [
        (routes.LOGIN, "PUT"),
        (routes.LOGIN, "HEAD"),
        (routes.LOGOUT, "PUT"),
        (routes.SESSION, "POST"),
        (routes.HEALTHZ, "DELETE"),
        (routes.TESTING_SESSION, "GET"),
    ],
)
def test_a_method_that_a_route_has_not_is_refused_with_those_it_has(
    route: Route, method: str
) -> None:
    with pytest.raises(MethodRefused) as refused:
        route.admit(method, b"/x")
    assert refused.value.members["allow"] == list(route.methods)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "QUERY"])
def test_api_and_frontend_take_any_method(method: str) -> None:
    routes.API.admit(method, b"/_wix/api/x")
    routes.FRONTEND.admit(method, b"/x")


@pytest.mark.parametrize(
    ("route", "method", "guarded"),
    [
        (routes.LOGIN, "GET", False),
        (routes.CALLBACK, "GET", False),
        (routes.CALLBACK, "POST", True),
        (routes.LOGOUT, "GET", False),
        (routes.LOGOUT, "POST", True),
        (routes.LOGOUT_CALLBACK, "GET", False),
        (routes.SESSION, "GET", True),
        (routes.API, "GET", True),
        (routes.API, "OPTIONS", True),
        (routes.TESTING_SESSION, "POST", True),
        (routes.HEALTHZ, "GET", False),
        (routes.FRONTEND, "POST", False),
    ],
)
def test_the_guard_stands_before_every_route_of_ours_but_the_listed_ones(
    route: Route, method: str, guarded: bool
) -> None:
    assert route.is_guarded(method) is guarded


def test_only_the_health_routes_answer_under_any_host() -> None:
    """R53."""
    named = [value for value in vars(routes).values() if isinstance(value, Route)]
    assert {route.name for route in named if route.any_host} == {"healthz", "readyz"}


@given(st.text("_%5fFwWiIxX/\\;2cCabpi.", max_size=14).map(lambda text: b"/" + text.encode()))
@example(b"/%5F%57%49%58/")
def test_what_decodes_to_our_prefix_never_reaches_the_frontend(path: bytes) -> None:
    """R57, R71."""
    decoded = unquote_to_bytes(path).lower().replace(b"\\", b"/")
    ours = decoded.lstrip(b"/").startswith(b"_wix/")
    if ours:
        assert not Routes().match(path).is_frontend
