"""The OAuth app: its lists are what redirects go by, and a mask decides what changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.apis.conftest import Site
from wixproxy.emulator.apis.oauth_apps import CHANGEABLE, masked

BASE = "/oauth-app/v1/oauth-apps"


def path(site: Site) -> str:
    return f"{BASE}/{site.emulator.client_id}"


async def test_the_own_app_shows_the_lists_in_force(site: Site) -> None:
    app = (await site.app()("GET", path(site))).body["oAuthApp"]
    assert app["id"] == site.emulator.client_id
    assert "http://localhost:4321/_wix/callback" in app["allowedRedirectUris"]
    assert app["allowedRedirectDomains"] == ["http://localhost:4321"]
    assert app["redirectUrlWixPages"].startswith("http://")


async def test_only_the_app_and_the_owner_are_heard(site: Site) -> None:
    for identity in (site.visitor(), site.member()):
        assert (await identity("GET", path(site))).status == 403
    assert (await site.identity("user", "u-1")("GET", path(site))).status == 200


async def test_a_change_without_a_mask_is_answered_and_changes_nothing(site: Site) -> None:
    before = (await site.app()("GET", path(site))).body
    body = {"oAuthApp": {"allowedRedirectUris": ["https://shop.example.test/cb"], "name": "X"}}
    answer = await site.app()("PATCH", path(site), body)
    assert (answer.status, answer.body) == (200, before)


@pytest.mark.parametrize(
    "mask",
    [
        {"paths": ["allowedRedirectUris"]},
        {"paths": ["allowed_redirect_uris"]},
        "allowedRedirectUris",
    ],
    ids=["paths", "snake case", "a text"],
)
async def test_a_masked_list_is_replaced_whole(site: Site, mask: Any) -> None:
    wanted = ["https://shop.example.test/cb"]
    body = {"oAuthApp": {"allowedRedirectUris": wanted, "name": "not masked"}, "mask": mask}
    app = (await site.app()("PATCH", path(site), body)).body["oAuthApp"]
    assert app["allowedRedirectUris"] == wanted
    assert app["name"] == "Small Hours"
    assert site.emulator.state.settings.redirect_uris == tuple(wanted)


async def test_a_masked_field_that_is_absent_is_emptied(site: Site) -> None:
    body = {"oAuthApp": {}, "mask": {"paths": ["allowedRedirectDomains", "description"]}}
    app = (await site.app()("PATCH", path(site), body)).body["oAuthApp"]
    assert (app["allowedRedirectDomains"], app["description"]) == ([], "")


@pytest.mark.parametrize(
    ("app", "mask"),
    [
        pytest.param({}, {"paths": ["secret"]}, id="a field that nobody may change"),
        pytest.param({}, {"paths": 1}, id="a mask of no names"),
        pytest.param({"allowedRedirectUris": ["u"] * 21}, "allowedRedirectUris", id="too many"),
        pytest.param({"allowedRedirectUris": "u"}, "allowedRedirectUris", id="no list"),
        pytest.param({"allowedRedirectUris": [1]}, "allowedRedirectUris", id="no text"),
        pytest.param({"name": "n" * 2049}, "name", id="too long"),
        pytest.param({"technology": "COBOL"}, "technology", id="an unknown technology"),
    ],
)
async def test_an_unsound_change_is_refused_and_changes_nothing(
    site: Site, app: dict[str, Any], mask: Any
) -> None:
    before = (await site.app()("GET", path(site))).body
    answer = await site.app()("PATCH", path(site), {"oAuthApp": app, "mask": mask})
    assert answer.status == 400
    assert (await site.app()("GET", path(site))).body == before


async def test_a_further_app_is_kept_and_changes_nothing_for_logins(site: Site) -> None:
    app = site.app()
    body = {"oAuthApp": {"name": "Second", "allowedRedirectUris": ["https://b.example/cb"]}}
    made = (await app("POST", BASE, body)).body["oAuthApp"]
    assert "https://b.example/cb" not in site.emulator.state.settings.redirect_uris
    found = (await app("POST", f"{BASE}/query", {"query": {"filter": {"name": "Second"}}})).body
    assert [each["id"] for each in found["oAuthApps"]] == [made["id"]]
    secret = (await app("POST", f"{BASE}/{made['id']}/generate-secret")).body["oAuthAppSecret"]
    assert secret in site.emulator.issued
    assert (await app("DELETE", f"{BASE}/{made['id']}")).status == 200
    assert (await app("GET", f"{BASE}/{made['id']}")).status == 404


async def test_the_own_secret_stays_what_is_configured(site: Site) -> None:
    answer = await site.app()("POST", f"{path(site)}/generate-secret")
    assert answer.body["oAuthAppSecret"] == site.emulator.client_secret
    assert (await site.app()("DELETE", path(site))).status == 400


async def test_an_app_needs_a_name(site: Site) -> None:
    assert (await site.app()("POST", BASE, {"oAuthApp": {}})).status == 400


@given(st.lists(st.sampled_from(CHANGEABLE)))
def test_both_spellings_of_a_mask_read_alike(names: list[str]) -> None:
    assert masked({"paths": names}) == names
    assert masked(",".join(names) if names else None) == names
