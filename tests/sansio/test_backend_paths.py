"""The paths that verified calls reach: by their own bytes, and by no other spelling."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.sansio.escapes import escaped
from wixproxy.errors import PathRefused
from wixproxy.sansio import routes
from wixproxy.sansio.backend_paths import BackendPaths
from wixproxy.sansio.delivery_paths import DeliveryPaths
from wixproxy.sansio.routes import Routes

PATHS = BackendPaths(["/api/Dashboard", "/widgets"])


@pytest.mark.parametrize(
    "path",
    [
        b"/api/Dashboard",
        b"/api/Dashboard/",
        b"/api/Dashboard/orders/1",
        b"/api/Dashboard.json",
        b"/api/Dashboard/a%20b%2fc",
        b"/api/Dashboard//x",
        b"/api/Dashboard/x;y=z",
        b"/widgets/%F0%9F%92%A1",
    ],
)
def test_a_path_is_known_by_its_bytes(path: bytes) -> None:
    assert PATHS.meaning(path) == "plain"


@pytest.mark.parametrize(
    "path",
    [
        b"/api/dashboard",
        b"/API/Dashboard/x",
        b"/api/%44ashboard",
        b"/api/%2544ashboard",
        b"/api%2fDashboard",
        b"/api\\Dashboard",
        b"/api%5cDashboard",
        b"//api/Dashboard",
        b"/api/./Dashboard",
        b"/x/../api/Dashboard",
        b"/x/%2e%2e/api/Dashboard",
        b"/api;v=1/Dashboard",
        b"/api/Dashboard;v=1",
        b"/api/Dashboard%3bv=1",
        b"/api/Dashboard%00",
        b"/api/Dashboard%23x",
        b"/api/Dashboard%3fx",
        b"/api/Dashboard%20",
        b"/api/Dashboard/../public",
        b"/api/Dashboard/%2e%2e/public",
        b"/api/Dashboard/%252e%252e/public",
        b"/api/Dashboard/..%2fpublic",
        b"/api/Dashboard/..;/public",
        b"/api/Dashboard/x\\..\\..\\public",
    ],
)
def test_what_could_be_read_in_two_ways_is_neither(path: bytes) -> None:
    assert PATHS.meaning(path) == "ambiguous"


@pytest.mark.parametrize(
    "path",
    [b"/", b"/api", b"/api/", b"/api/Dashboards", b"/api/Dash", b"/x/api/Dashboard", b"/widget"],
)
def test_other_paths_are_the_frontends(path: bytes) -> None:
    assert PATHS.meaning(path) == "none"


def test_without_such_paths_nothing_is_judged() -> None:
    assert BackendPaths().meaning(b"/api/dashboard/../x") == "none"


@given(st.binary())
@example(b"/api/Dashboard/\xff%")
def test_what_is_plain_begins_with_the_configured_bytes(path: bytes) -> None:
    if PATHS.meaning(path) == "plain":
        assert path.startswith((b"/api/Dashboard", b"/widgets"))


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4))
def test_an_escape_is_never_taken_for_the_frontends_own(masks: list[int]) -> None:
    path = "/api/Dashboard/x"
    for mask in masks:
        path = escaped(path, mask)
    assert PATHS.meaning(path.encode()) != "none"


def test_the_table_names_who_answers() -> None:
    table = Routes(
        backend_paths=BackendPaths(["/api/dashboard"]), delivery_paths=DeliveryPaths(["/hooks"])
    )
    assert table.match(b"/api/dashboard/x") is routes.BACKEND_PATH
    assert table.match(b"/api/other") is routes.FRONTEND
    assert table.match(b"/hooks/x") is routes.DELIVERY
    refused = table.match(b"/api/Dashboard")
    assert refused is routes.AMBIGUOUS
    with pytest.raises(PathRefused, match="two paths"):
        refused.admit("GET", b"/api/Dashboard")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_it_takes_every_method_and_has_a_guard_of_its_own(method: str) -> None:
    routes.BACKEND_PATH.admit(method, b"/api/dashboard")
    assert not routes.BACKEND_PATH.is_guarded(method)
