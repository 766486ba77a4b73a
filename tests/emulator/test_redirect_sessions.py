"""Redirect sessions: who may make one, where it leads, and where it may lead back to."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.emulator.driver import SITE, Wix

PATHS = ["/headless/v1/redirect-session", "/_api/redirects-api/v1/redirect-session"]


@pytest.mark.parametrize("path", PATHS)
async def test_both_paths_make_a_redirect_session(wix: Wix, path: str) -> None:
    token = (await wix.visitor())["access_token"]
    answer = await wix.call("POST", path, token, json={"login": {}})
    session = answer.json["redirectSession"]
    assert set(session) == {"id", "fullUrl", "urlDetails", "sessionToken", "shortUrl"}
    assert session["fullUrl"].startswith(wix.emulator.origin)
    assert session["fullUrl"].startswith(session["urlDetails"]["endpoint"])
    short = await wix.call("GET", session["shortUrl"])
    assert short.headers["Location"] == session["fullUrl"]


async def test_an_app_token_makes_no_redirect_session(wix: Wix) -> None:
    answer = await wix.redirect_session(await wix.app_token(), login={})
    assert answer.status == 403
    assert "does not correspond to a headless OAuth app" in answer.json["message"]


@pytest.mark.parametrize(
    "token", [None, "", "nonsense", "Bearer OauthNG.JWS.x.y.z"], ids=["none", "empty", "a", "b"]
)
async def test_nobody_makes_no_redirect_session(wix: Wix, token: str | None) -> None:
    answer = await wix.call("POST", PATHS[0], token, json={"login": {}})
    assert answer.status == 401
    assert answer.json["details"]["applicationError"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="no intent"),
        pytest.param({"login": {}, "storesProduct": {"productSlug": "a"}}, id="two intents"),
        pytest.param({"clientId": "c", "responseType": "code"}, id="a flattened request"),
        pytest.param({"auth": {"clientId": "c"}}, id="a missing wrapper"),
        pytest.param({"ecomCheckout": {}}, id="no checkout id"),
        pytest.param({"login": 1}, id="an intent that is no object"),
    ],
)
async def test_a_malformed_redirect_session_is_a_validation_error(
    wix: Wix, body: dict[str, Any]
) -> None:
    answer = await wix.redirect_session((await wix.visitor())["access_token"], **body)
    assert answer.status == 400
    for violation in answer.json["details"]["validationError"]["fieldViolations"]:
        assert isinstance(violation["data"], dict)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://localhost:4322/", id="another port"),
        pytest.param("https://localhost:4321/", id="another scheme"),
        pytest.param("http://localhost/", id="the default port"),
        pytest.param("http://localhost:4321.evil.example/", id="a longer name"),
        pytest.param("http://localhost:4321@evil.example/", id="a name before an at sign"),
        pytest.param("javascript:alert(1)", id="a script"),
        pytest.param("/relative", id="no origin"),
    ],
)
async def test_an_unlisted_redirect_domain_is_refused(wix: Wix, url: str) -> None:
    token = (await wix.visitor())["access_token"]
    answer = await wix.redirect_session(token, login={}, callbacks={"postFlowUrl": url})
    assert answer.status == 403
    assert "isn't listed as an allowed redirect domain" in answer.json["message"]


async def test_a_domain_may_be_allowed_while_running(wix: Wix) -> None:
    wix.emulator.allow_redirect_domain("https://shop.example.test")
    await wix.admin("POST", "/reset")
    token = (await wix.visitor())["access_token"]
    callbacks = {"postFlowUrl": "https://shop.example.test/back"}
    assert (await wix.redirect_session(token, login={}, callbacks=callbacks)).status == 200


async def test_an_unpublished_site_has_no_public_url(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"published": False})
    answer = await wix.redirect_session((await wix.visitor())["access_token"], login={})
    assert answer.status == 500
    assert answer.json["details"]["applicationError"]["code"] == "500"
    assert "No Public URL Found" in answer.json["message"]


async def test_additional_parameters_join_the_link_but_change_nothing_in_it(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    answer = await wix.redirect_session(
        token,
        ecomCheckout={"checkoutId": "c-1"},
        preferences={"additionalQueryParameters": {"utm": "x", "checkoutId": "other"}},
    )
    query = dict(parse_qsl(urlsplit(answer.json["redirectSession"]["fullUrl"]).query))
    assert (query["utm"], query["checkoutId"]) == ("x", "c-1")


async def test_an_unlisted_redirect_uri_can_be_refused_when_the_link_is_made(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"unlisted_redirect_uri": "refuse"})
    wanted = {"clientId": wix.emulator.client_id, "redirectUri": "http://localhost:4321/other"}
    token = (await wix.visitor())["access_token"]
    answer = await wix.redirect_session(token, auth={"authRequest": wanted, "prompt": "login"})
    assert answer.status == 403
    assert "Invalid redirect URI" in answer.json["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"bookingsCheckout": {"slotAvailability": {"slot": {"id": "s"}}, "timezone": "UTC"}},
        {"bookingsBook": {}},
        {"eventsCheckout": {"reservationId": "r", "eventSlug": "e"}},
        {"paidPlansCheckout": {"planId": "p"}},
        {"storesProduct": {"productSlug": "cup"}},
        {"ecomOrderPaymentRequest": {"paymentRequestId": "p"}},
        {"login": {}},
    ],
    ids=lambda body: next(iter(body)),
)
async def test_every_other_intent_leads_to_a_page(wix: Wix, body: dict[str, Any]) -> None:
    made = await wix.redirect_session((await wix.visitor())["access_token"], **body)
    shown = await wix.call("GET", made.json["redirectSession"]["fullUrl"])
    assert shown.status == 200
    assert "emulated" in shown.text or "stands in for" in shown.text


async def test_the_login_intent_returns_to_the_site(wix: Wix) -> None:
    made = await wix.redirect_session(
        (await wix.visitor())["access_token"], login={}, callbacks={"postFlowUrl": f"{SITE}/a"}
    )
    returned = await wix.log_in_at(made.json["redirectSession"]["fullUrl"])
    assert returned.headers["Location"] == f"{SITE}/a?wixMemberLoggedIn=true"
