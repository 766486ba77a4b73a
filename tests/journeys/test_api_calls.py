"""Calls below /_wix/api: what reaches Wix, what comes back, and what is refused."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest

from tests.stage import Browser, Stage

QUERY = "/_wix/api/stores/v3/products/query?.r=e30"
REDIRECT = "/_wix/api/_api/redirects-api/v1/redirect-session"


def last(stage: Stage, path: str) -> Any:
    return stage.emulator.state.exchanges.kept(path)[-1]


async def test_wix_gets_the_bare_token_and_nothing_else_of_the_browsers(stage: Stage) -> None:
    """R60, R61."""
    browser = stage.browser()
    await browser.fetch(
        QUERY,
        **{
            "Authorization": "evil",
            "Authorization_": "evil",
            "X-Forwarded-For": "1.1.1.1",
            "Forwarded": "for=1.1.1.1",
            "Cookie": "own=1",
            "Referer": f"{stage.origin}/page",
            "wix-site-id": "evil",
            "X-Wix-Member-Id": "evil",
            "Connection": "keep-alive, Authorization",
            "X-Wix-Consistent": "abc",
            "Accept-Language": "de",
        },
    )
    headers = {
        name.lower(): value for name, value in last(stage, "/stores/v3/products/query").headers
    }
    assert headers["authorization"].startswith("OauthNG.JWS.")
    assert headers["x-wix-consistent"] == "abc"
    assert headers["accept-language"] == "de"
    assert not {"cookie", "referer", "origin", "forwarded", "x-forwarded-for", "wix-site-id"} & set(
        headers
    )
    assert "evil" not in str(headers)
    assert not [name for name in headers if name.startswith("sec-")]


async def test_nothing_of_wix_speaks_for_our_origin(stage: Stage) -> None:
    """R49, R63, R55."""
    answer = await stage.browser().fetch(QUERY)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["x-wix-request-id"]
    names = {name.lower() for name in answer.headers}
    assert not [name for name in names if name.startswith("access-control-")]
    assert all("wixproxy-" in line for line in answer.headers.getall("Set-Cookie", []))


async def test_the_raw_query_travels_untouched(stage: Stage) -> None:
    request = base64.urlsafe_b64encode(json.dumps({"query": {"paging": {"limit": 1}}}).encode())
    target = f"/stores/v3/products/query?.r={request.decode().rstrip('=')}&a=%2f%zz+&a=2"
    answer = await stage.browser().fetch(f"/_wix/api{target}")
    assert answer.status in (200, 400)
    assert last(stage, "/stores/v3/products/query").target == target


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("//evil.test/", id="an empty segment"),
        pytest.param("/a/../oauth2/token", id="dot segments"),
        pytest.param("/a/%2e%2e/oauth2/token", id="encoded dot segments"),
        pytest.param("/%2f%2fevil.test", id="encoded slashes"),
        pytest.param("/a%5c..%5cb", id="encoded backslashes"),
        pytest.param("/a%00b", id="NUL"),
        pytest.param("/a%23b", id="an encoded fragment"),
        pytest.param("/a;b", id="a semicolon"),
        pytest.param("/a%zz", id="a broken escape"),
        pytest.param("", id="no path"),
    ],
)
async def test_a_path_with_two_readings_goes_nowhere(stage: Stage, path: str) -> None:
    """R56, R58, C8, C12."""
    answer = await stage.browser().fetch(f"/_wix/api{path}")
    assert answer.status == 400
    assert (await answer.json())["code"] == "path_refused"
    assert stage.counts()["calls"] == {}


@pytest.mark.parametrize(
    "path",
    [
        "/oauth2/token",
        "/OAuth2/token",
        "/oauth2/token/",
        "/oauth/access",
        "/_api/iam/authentication/v2/login/",
        "/_api/IAM/authentication/v2/login",
        "/_api/iam/authentication/v2/sign-on",
        "/wix-sm/api/v1/auth/api/v1/auth/login",
        "/oauth-app/v1/oauth-apps/x",
        "/apps/v1/instance",
    ],
)
async def test_calls_that_hand_out_credentials_never_pass(stage: Stage, path: str) -> None:
    """R64."""
    answer = await stage.browser().fetch(f"/_wix/api{path}", "POST", body={})
    problem = await answer.json()
    assert answer.status == 403
    assert problem["code"] == "call_refused"
    assert stage.counts()["calls"] == {}


async def test_a_redirect_session_comes_back_without_its_session_token(stage: Stage) -> None:
    body = {"login": {}, "callbacks": {"postFlowUrl": f"{stage.origin}/done"}}
    answer = await stage.browser().fetch(REDIRECT, "POST", body=body)
    session = (await answer.json())["redirectSession"]
    assert session["fullUrl"].startswith(stage.emulator.origin)
    assert "sessionToken" not in session


async def test_a_redirect_session_with_a_session_token_is_refused(stage: Stage) -> None:
    body = {"auth": {"authRequest": {"sessionToken": "JWS.x"}}}
    answer = await stage.browser().fetch(REDIRECT, "POST", body=body)
    assert answer.status == 403
    assert stage.counts()["calls"] == {}


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        pytest.param({"Sec-Fetch-Site": "same-origin"}, True, id="our own page"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, False, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, False, id="another port of localhost"),
        pytest.param({"Sec-Fetch-Site": "none"}, False, id="typed, but no page"),
    ],
)
async def test_only_pages_of_our_own_may_call(
    stage: Stage, headers: dict[str, str], passes: bool
) -> None:
    """R44, R46: without any header of the frontend's own."""
    answer = await stage.browser().fetch(QUERY, **headers)
    assert (answer.status == 200) is passes
    if not passes:
        assert (await answer.json())["code"] == "cross_site_request"
        assert stage.counts()["calls"] == {}


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.example",
        "http://localhost",
        "HTTP://LOCALHOST:4321",
        "http://localhost.evil.example",
    ],
)
async def test_without_fetch_metadata_the_origin_decides(stage: Stage, origin: str) -> None:
    """R47, R72."""
    http = stage.browser().http
    refused = await http.get(f"{stage.origin}{QUERY}", headers={"Origin": origin})
    assert refused.status == 403
    allowed = await http.get(f"{stage.origin}{QUERY}", headers={"Origin": stage.origin})
    assert allowed.status == 200


async def test_a_program_without_any_browser_header_may_call(stage: Stage) -> None:
    answer = await stage.browser().http.get(f"{stage.origin}{QUERY}")
    assert answer.status == 200


async def test_too_many_new_visitors_are_asked_to_wait(cookie_stage: Stage) -> None:
    """R69."""
    browser = cookie_stage.browser()
    per_minute = cookie_stage.config.session.new_visitors_per_minute
    statuses = []
    for _ in range(per_minute + 5):
        browser.http.cookie_jar.clear()
        statuses.append((await browser.fetch(QUERY)).status)
    assert statuses.count(200) <= per_minute + 1
    assert statuses[-1] == 429
    assert cookie_stage.counts()["grants"]["anonymous"] == statuses.count(200)


async def test_two_thousand_interleaved_calls_never_carry_anothers_token(stage: Stage) -> None:
    """R62, C26, C27."""
    browsers: list[Browser] = [stage.browser() for _ in range(20)]
    for browser in browsers:
        await browser.fetch(QUERY)
    tokens = {
        {name.lower(): value for name, value in kept.headers}["authorization"]
        for kept in stage.emulator.state.exchanges.kept("/stores/v3/products/query")
    }
    assert len(tokens) == 20
    cart = {"lineItems": []}
    for _ in range(5):
        for browser in browsers:
            await browser.fetch("/_wix/api/ecom/v1/carts/current/add-to-cart", "POST", body=cart)
    kept = stage.emulator.state.exchanges.kept("/ecom/v1/carts/current/add-to-cart")
    used = [{name.lower(): value for name, value in each.headers}["authorization"] for each in kept]
    assert all(used[at] == used[at % 20] for at in range(len(used)))
    assert len(set(used)) == 20


PIECES = [
    *["a", "B", "9", "v1", "members", "my", "query", "-", "_", "~", "!", "$", "&", "'", "(", ")"],
    *["*", "+", ",", "=", ":", "@", "%C3%BC", "%e2%82%ac", "%20", "%2F", "%5c", "%2e", "%00"],
    *["%25", "%zz", "%", "//", "/./", "/../", ";", "..", ".", "/", "/", "/", "/"],
]


def generated_paths(count: int) -> list[str]:
    """Paths of pieces that readers of paths are known to disagree about."""
    generator = random.Random(2_024)
    return [
        "/" + "".join(generator.choices(PIECES, k=generator.randint(1, 8))) for _ in range(count)
    ]


@pytest.mark.numerous
async def test_the_bytes_that_were_judged_are_the_bytes_that_wix_receives(
    cookie_stage: Stage,
) -> None:
    """R57, G5, 3d.2: ten thousand generated paths."""
    browser = cookie_stage.browser()
    await browser.fetch(QUERY)
    passed = 0
    for path in generated_paths(10_000):
        before = cookie_stage.emulator.state.exchanges.kept()[-1]
        answer = await browser.fetch(f"/_wix/api{path}?q={path}")
        after = cookie_stage.emulator.state.exchanges.kept()[-1]
        if after is before:
            assert answer.status in (400, 403), path
        else:
            assert after.target == f"{path}?q={path}"
            passed += 1
    assert passed > 1_000
