"""Wrong hosts, wrong routes, wrong bodies: each gets a clear answer."""

from __future__ import annotations

import pytest

from tests.stage import Stage


async def test_a_foreign_host_is_refused_with_the_line_to_add(stage: Stage) -> None:
    """R53, C34."""
    answer = await stage.browser().navigate("/", Host="shop.example")
    text = await answer.text()
    assert answer.status == 421
    assert "public_url = [" in text.replace("&#34;", '"')
    assert "shop.example" in text


async def test_a_login_under_a_foreign_host_leads_nowhere(stage: Stage) -> None:
    """R28, V51."""
    browser = stage.browser()
    answer = await browser.navigate("/_wix/login", Host="evil.test")
    assert answer.status == 421
    forwarded = await browser.navigate("/_wix/login", **{"X-Forwarded-Host": "evil.test"})
    assert "evil.test" not in forwarded.headers["Location"]


async def test_127_0_0_1_typed_for_localhost_is_sent_on(stage: Stage) -> None:
    port = stage.origin.rpartition(":")[2]
    answer = await stage.browser().navigate("/a?b=c", Host=f"127.0.0.1:{port}")
    assert (answer.status, answer.headers["Location"]) == (307, f"{stage.origin}/a?b=c")


@pytest.mark.parametrize("route", ["/_wix/healthz", "/_wix/readyz"])
async def test_the_probes_answer_under_every_host(stage: Stage, route: str) -> None:
    answer = await stage.browser().fetch(route, Host="10.0.0.7:8080")
    assert answer.status == 200


async def test_an_unknown_route_lists_those_that_exist(stage: Stage) -> None:
    answer = await stage.browser().fetch("/_wix/nothing")
    problem = await answer.json()
    assert answer.status == 404
    assert "GET, POST /_wix/login" in problem["routes"]
    assert stage.frontend.requests == []


@pytest.mark.parametrize("path", ["/%5Fwix/api/x", "/_WIX/session", "//_wix/session"])
async def test_a_disguise_of_our_prefix_reaches_nobody(stage: Stage, path: str) -> None:
    answer = await stage.browser().fetch(path)
    assert answer.status == 400
    assert stage.frontend.requests == []


async def test_every_problem_has_the_same_shape_and_an_id(stage: Stage) -> None:
    answer = await stage.browser().fetch("/_wix/nothing")
    problem = await answer.json()
    assert answer.content_type == "application/problem+json"
    assert {"status", "code", "title", "message", "request_id"} <= set(problem)
    assert any(problem["request_id"] in line for line in stage.logged)


async def test_people_get_a_page_and_programs_a_problem(stage: Stage) -> None:
    page = await stage.browser().navigate("/_wix/nothing")
    assert page.content_type == "text/html"
    assert "no_such_route" in await page.text()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"visitor": True}, 200, id="a visitor"),
        pytest.param({"member": "grace@example.test"}, 200, id="a member"),
        pytest.param({"member": "nobody@example.test"}, 502, id="an unknown member"),
        pytest.param({"member": 1}, 400, id="no e-mail"),
        pytest.param({}, 400, id="nothing"),
        pytest.param([], 400, id="a list"),
    ],
)
async def test_a_test_may_set_its_session(stage: Stage, body: object, status: int) -> None:
    answer = await stage.browser().fetch("/_wix/testing/session", "POST", body=body)
    assert answer.status == status


async def test_a_page_may_ask_for_a_session_without_a_navigation(stage: Stage) -> None:
    browser = stage.browser()
    assert (await browser.session())["identity"] == "none"
    answer = await browser.fetch("/_wix/session?start=1")
    assert (await answer.json())["identity"] == "visitor"
    assert (await browser.session())["identity"] == "visitor"
    assert stage.counts()["grants"] == {}


async def test_asking_who_one_is_never_slides_the_session(stage: Stage) -> None:
    browser = stage.browser()
    await browser.navigate("/")
    before = await browser.session()
    stage.advance(2 * 86_400)
    assert (await browser.session())["sessionExpiresAt"] == before["sessionExpiresAt"]
    page = await browser.navigate("/")
    assert "Set-Cookie" in page.headers
    assert (await browser.session())["sessionExpiresAt"] > before["sessionExpiresAt"]


async def test_the_frontend_cannot_set_our_cookies(stage: Stage) -> None:
    """R63."""
    browser = stage.browser()
    await browser.navigate("/")
    before = browser.cookies()
    name = f"wixproxy-{stage.origin.rpartition(':')[2]}"
    stage.frontend.headers = {"Set-Cookie": f"{name}=evil; Path=/"}
    page = await browser.navigate("/")
    assert "evil" not in str(page.headers)
    assert browser.cookies() == before


async def test_what_a_client_says_about_itself_is_not_believed(stage: Stage) -> None:
    """R73, 3d.3, C9-C11, C28, C29."""
    claims = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Host": "evil.test",
        "X-Forwarded-Proto": "https",
        "X_Forwarded_For": "6.6.6.6",
        "Forwarded": "for=6.6.6.6;host=evil.test",
        "X-Real-IP": "6.6.6.6",
        "X-Original-URL": "/_wix/evil",
        "X-Rewrite-URL": "/_wix/evil",
        "X-Wix-Identity": "member",
        "X_Wix_Member_Id": "evil",
        "X-Wix-Member-Id": "evil",
    }
    await stage.browser().navigate("/page", **claims)
    seen = stage.frontend.requests[-1].headers
    text = str(dict(seen))
    assert "6.6.6.6" not in text
    assert "evil" not in text
    assert seen["X-Wix-Identity"] == "visitor"
    assert seen["X-Forwarded-Host"] == stage.origin.partition("://")[2]
    assert seen["X-Forwarded-Proto"] == "http"
