"""What the options change: when sessions start, what the frontend gets, who else may call."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import HandClock
from tests.stage import Stage, staged

QUERY = "/_wix/api/stores/v3/products/query?.r=e30"


@pytest.fixture
def stage_with(clock: HandClock, tmp_path: Path) -> Any:
    def make(**flags: Any) -> AbstractAsyncContextManager[Stage]:
        dotted = {name.replace("__", "."): value for name, value in flags.items()}
        return staged(clock, tmp_path, dotted)

    return make


def session_name(stage: Stage) -> str:
    return f"wixproxy-{stage.origin.rpartition(':')[2]}"


async def test_with_consent_first_a_page_starts_no_session_and_a_call_does(stage_with: Any) -> None:
    async with stage_with(session__start="api") as stage:
        browser = stage.browser()
        page = await browser.navigate("/")
        assert "Set-Cookie" not in page.headers
        assert "X-Wix-Identity" not in stage.frontend.requests[-1].headers
        assert (await browser.fetch(QUERY)).status == 200
        assert (await browser.session())["identity"] == "visitor"


async def test_a_hidden_session_cookie_never_reaches_the_frontend(stage_with: Any) -> None:
    async with stage_with(upstream__session_cookie="hide") as stage:
        browser = stage.browser()
        await browser.navigate("/")
        await browser.navigate("/again", Cookie="own=1")
        first, second = stage.frontend.requests
        assert session_name(stage) not in {**first.cookies, **second.cookies}
        assert second.cookies["own"] == "1"
        assert stage.frontend.requests[-1].headers["X-Wix-Identity"] == "visitor"


async def test_the_frontends_own_cookies_pass_both_ways(stage_with: Any) -> None:
    async with stage_with() as stage:
        stage.frontend.headers = {"Set-Cookie": "own=1; Path=/; HttpOnly"}
        browser = stage.browser()
        page = await browser.navigate("/")
        assert "own=1; Path=/; HttpOnly" in page.headers.getall("Set-Cookie")
        await browser.navigate("/")
        assert stage.frontend.requests[-1].cookies["own"] == "1"


async def test_the_host_told_to_the_frontend_can_be_chosen(stage_with: Any) -> None:
    async with stage_with(upstream__host_header="inner.example") as stage:
        await stage.browser().navigate("/")
        seen = stage.frontend.requests[-1].headers
        assert seen["Host"] == "inner.example"
        assert seen["X-Forwarded-Host"] == stage.origin.partition("://")[2]


async def test_the_frontend_sees_the_public_host_and_port(stage_with: Any) -> None:
    """V52."""
    async with stage_with() as stage:
        await stage.browser().navigate("/")
        seen = stage.frontend.requests[-1].headers
        assert seen["Host"] == stage.origin.partition("://")[2]
        assert seen["X-Forwarded-Port"] == stage.origin.rpartition(":")[2]
        assert "wixproxy-" in seen["Via"]


async def test_a_redirect_to_the_frontends_own_origin_leads_to_the_public_one(
    stage_with: Any,
) -> None:
    """V95."""
    async with stage_with() as stage:
        stage.frontend.headers = {"Location": f"{stage.frontend.origin}/there?a=1"}
        page = await stage.browser().navigate("/")
        assert page.headers["Location"] == f"{stage.origin}/there?a=1"


async def test_a_host_that_a_rewrite_in_front_uses_is_served_as_the_canonical_one(
    stage_with: Any,
) -> None:
    async with stage_with(server__accept_hosts=["inner.example"]) as stage:
        page = await stage.browser().navigate("/", Host="inner.example")
        assert page.status == 200
        seen = stage.frontend.requests[-1].headers
        assert seen["X-Forwarded-Host"] == stage.origin.partition("://")[2]


async def test_a_listed_proxy_is_believed_about_the_address_before_it(stage_with: Any) -> None:
    """R73: 127.0.0.1 is listed here, so it may say who asked."""
    async with stage_with(server__trusted_proxies=["127.0.0.1"]) as stage:
        await stage.browser().navigate("/", **{"X-Forwarded-For": "203.0.113.7"})
        seen = stage.frontend.requests[-1].headers
        assert seen["X-Forwarded-For"] == "203.0.113.7, 127.0.0.1"


async def test_a_listed_origin_may_call_with_cookies_and_no_other_may(stage_with: Any) -> None:
    """R49."""
    other = "http://localhost:9999"
    async with stage_with(api__allowed_origins=[other]) as stage:
        browser = stage.browser()
        preflight = await browser.http.options(
            f"{stage.origin}{QUERY}",
            headers={"Origin": other, "Access-Control-Request-Method": "POST"},
        )
        assert preflight.status == 204
        assert preflight.headers["Access-Control-Allow-Origin"] == other
        call = await browser.fetch(QUERY, Origin=other, **{"Sec-Fetch-Site": "same-site"})
        assert call.status == 200
        assert call.headers["Access-Control-Allow-Origin"] == other
        assert call.headers["Access-Control-Allow-Credentials"] == "true"
        foreign = await browser.fetch(
            QUERY, Origin="http://localhost:9998", **{"Sec-Fetch-Site": "same-site"}
        )
        assert foreign.status == 403
        assert "Access-Control-Allow-Origin" not in foreign.headers


@pytest.mark.parametrize(
    ("path", "method", "body", "status"),
    [
        pytest.param("oauth2/token", "POST", {"grantType": "anonymous"}, 200, id="tokens"),
        pytest.param("oauth2/token", "POST", {"grantType": "nonsense"}, 403, id="another grant"),
        pytest.param("oauth2/token-info", "POST", {"token": "x"}, 200, id="a token's meaning"),
        pytest.param(
            "_api/iam/authentication/v2/login",
            "POST",
            {"loginId": {"email": "ada@example.test"}, "password": "ada-password"},
            200,
            id="a login",
        ),
        pytest.param("apps/v1/instance", "GET", None, 403, id="a call that never passes"),
    ],
)
async def test_a_listed_origin_may_read_what_the_proxy_itself_answers(
    stage_with: Any, path: str, method: str, body: Any, status: int
) -> None:
    """R49: of what another origin asks, nothing is for it to read."""
    listed, other = "http://localhost:9999", "http://localhost:9998"
    async with stage_with(api__allowed_origins=[listed]) as stage:
        browser = stage.browser()
        for origin, expected in ((listed, status), (other, 403)):
            fields = {"Origin": origin, "Sec-Fetch-Site": "same-site"}
            answer = await browser.fetch(f"/_wix/api/{path}", method, body=body, **fields)
            assert answer.status == expected, await answer.text()
            readable_by = answer.headers.get("Access-Control-Allow-Origin")
            assert readable_by == (listed if origin == listed else None)
            assert ("Access-Control-Allow-Credentials" in answer.headers) is (origin == listed)


async def test_calls_are_narrowed_by_rules(stage_with: Any) -> None:
    """R57."""
    flags = {"api__allow": ["GET /stores/v3/**"], "api__deny": ["GET /stores/v3/products/{id}"]}
    async with stage_with(**flags) as stage:
        browser = stage.browser()
        assert (await browser.fetch(QUERY)).status in (200, 403)
        assert (await browser.fetch("/_wix/api/members/v1/members/my")).status == 403
        assert (await browser.fetch("/_wix/api/stores/v3/products/abc")).status == 403
        assert stage.counts()["calls"].get("GET /members/v1/members/my") is None


async def test_another_callback_path_is_served_and_used(stage_with: Any) -> None:
    path = "/api/auth/callback"
    async with stage_with(site__login__callback_path=path) as stage:
        stage.emulator.allow_redirect_uri(stage.origin + path)
        answer = await stage.browser().log_in(return_url="/cart")
        assert (answer.status, answer.headers["Location"]) == (303, "/cart")


async def test_a_frontend_that_passes_the_new_cookie_on_may(stage_with: Any) -> None:
    """R63: its own call to the proxy was answered with a newer session of the same browser."""
    async with stage_with() as stage:
        browser = stage.browser()
        await browser.fetch(QUERY)
        shown = browser.cookies()[session_name(stage)]
        front = next(iter(stage.proxy.requests.service.fronts.values()))
        session = await front.store.load(shown)
        assert session is not None
        assert session.tokens is not None
        newer = await front.store.save(session.renewed(session.tokens))
        stage.frontend.headers = {"Set-Cookie": f"{session_name(stage)}={newer}; Path=/"}
        page = await browser.navigate("/")
        lines = [
            line
            for line in page.headers.getall("Set-Cookie")
            if line.startswith(f"{session_name(stage)}=")
        ]
        assert len(lines) == 1
        assert newer in lines[0]


async def test_the_session_of_another_browser_is_not_taken_over(stage_with: Any) -> None:
    """R63."""
    async with stage_with() as stage:
        browser, other = stage.browser(), stage.browser()
        await browser.fetch(QUERY)
        await other.fetch(QUERY)
        foreign = other.cookies()[session_name(stage)]
        stage.frontend.headers = {"Set-Cookie": f"{session_name(stage)}={foreign}; Path=/"}
        page = await browser.navigate("/")
        assert foreign not in str(page.headers)


async def test_a_frontend_that_is_no_server_gets_a_clear_page(stage_with: Any) -> None:
    """V88: TLS on a plain port and the other way round."""
    async with stage_with() as stage:
        tls = stage.config.upstream.model_copy(
            update={"url": stage.frontend.origin.replace("http", "https", 1)}
        )
        await stage.restart(stage.config.model_copy(update={"upstream": tls}))
        page = await stage.browser().navigate("/")
        assert page.status == 502
        assert "http" in await page.text()
