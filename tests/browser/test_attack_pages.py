"""Pages of other origins that try to act as the victim whose browser shows them."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.attack_scene import CART, Scene
from tests.browser.watching import Watch
from tests.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

# What the attacker's page does; each is given the victim's origin and says how it went.
ATTACKS = {
    "reads the cart": """async (origin) => {
        const answer = await fetch(`${origin}/_wix/api/ecom/v1/carts/current`,
            { credentials: "include" });
        return answer.text();
    }""",
    "reads the session": """async (origin) => {
        const answer = await fetch(`${origin}/_wix/session`, { credentials: "include" });
        return answer.text();
    }""",
    "writes without being allowed to read": """async (origin) => {
        const address = `${origin}/_wix/api/ecom/v1/carts/current/remove-line-items`;
        await fetch(address, { method: "POST", mode: "no-cors", credentials: "include",
            headers: { "Content-Type": "text/plain" }, body: '{"lineItemIds":[]}' });
        return "";
    }""",
    "writes JSON": """async (origin) => {
        const address = `${origin}/_wix/api/ecom/v1/carts/current/remove-line-items`;
        const answer = await fetch(address, { method: "POST", credentials: "include",
            headers: { "Content-Type": "application/json" }, body: '{"lineItemIds":[]}' });
        return answer.text();
    }""",
    "deletes": """async (origin) => {
        const answer = await fetch(`${origin}/_wix/api/ecom/v1/carts/current`,
            { method: "DELETE", credentials: "include" });
        return answer.text();
    }""",
    "ends the session with a beacon": """async (origin) => {
        navigator.sendBeacon(`${origin}/_wix/logout`, "");
        await fetch(`${origin}/_wix/session`, { mode: "no-cors" });
        return "";
    }""",
    "sets a session of its own": """async (origin) => {
        await fetch(`${origin}/_wix/testing/session`, { method: "POST", mode: "no-cors",
            credentials: "include", body: '{"member":"grace@example.test"}' });
        return "";
    }""",
    "begins a login with fetch": """async (origin) => {
        await fetch(`${origin}/_wix/login`, { mode: "no-cors", credentials: "include" });
        return "";
    }""",
    "begins a login with an image": """(origin) => new Promise((tell) => {
        const image = new Image();
        image.onload = () => tell("loaded");
        image.onerror = () => tell("");
        image.src = `${origin}/_wix/login`;
    })""",
    "begins a login in a frame": """(origin) => new Promise((tell) => {
        const frame = document.createElement("iframe");
        frame.onload = () => tell("");
        frame.src = `${origin}/_wix/login`;
        document.body.append(frame);
    })""",
    "runs an answer as a script": """(origin) => new Promise((tell) => {
        const script = document.createElement("script");
        script.onload = () => tell("loaded");
        script.onerror = () => tell("");
        script.src = `${origin}/_wix/session`;
        document.body.append(script);
    })""",
    "posts a form from a frame": """(origin) => new Promise((tell) => {
        const frame = document.createElement("iframe");
        frame.name = "hidden";
        document.body.append(frame);
        frame.onload = () => tell("");
        const form = document.createElement("form");
        Object.assign(form, { method: "post", target: "hidden",
            action: `${origin}/_wix/logout` });
        document.body.append(form);
        form.submit();
    })""",
    "opens a WebSocket": """(origin) => new Promise((tell) => {
        const socket = new WebSocket(`${origin.replace("http", "ws")}/hot-reload`);
        socket.onopen = () => tell("open");
        socket.onerror = () => tell("");
    })""",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=list(ATTACKS))
async def test_a_page_of_another_origin_gets_nothing_and_changes_nothing(
    attack: str, scene: Scene
) -> None:
    """R44, R46, R47, R49, R52."""
    before = await scene.possessions()
    asked_of_wix = scene.stage.counts()
    reached = scene.reached()
    got, answers = await scene.answers(attack)
    assert got == ""
    assert answers, "the attack never reached the proxy"
    assert {status for _, _, status in answers} == {"403"}
    assert scene.stage.counts() == asked_of_wix
    assert scene.reached() == reached
    assert await scene.possessions() == before


async def test_the_session_cookie_travels_with_a_request_from_another_port(
    stage: Stage, context: BrowserContext, elsewhere: int
) -> None:
    """R44: so it is the guard that refuses, not the cookie's own rule."""
    page = await context.new_page()
    await page.goto(stage.origin)
    await page.goto(f"http://localhost:{elsewhere}/")
    await page.evaluate(
        """(origin) => fetch(`${origin}/a-page`, { mode: "no-cors", credentials: "include" })""",
        stage.origin,
    )
    request = stage.frontend.requests[-1]
    assert request.path == "/a-page"
    assert f"wixproxy-{stage.origin.rpartition(':')[2]}=" in request.headers["Cookie"]


async def test_the_same_calls_work_on_a_page_of_the_site(scene: Scene) -> None:
    """What refuses the attacks is where they come from."""
    scene.evil = scene.victim
    got, answers = await scene.answers(ATTACKS["reads the cart"])
    assert '"lineItems"' in got
    assert answers == [("GET", CART, "200")]
    await scene.answers(ATTACKS["opens a WebSocket"])
    assert scene.reached()[-1] == "/hot-reload"


FORMS = {
    "that logs out": ("/_wix/logout", {}),
    "that empties the cart": (f"{CART}/remove-line-items", {'{"lineItemIds":[],"x":"': '"}'}),
    "that sets a session": ("/_wix/testing/session", {'{"visitor":true,"x":"': '"}'}),
    "that posts a code": ("/_wix/callback", {"code": "JWS.x", "state": "x"}),
}


@pytest.mark.parametrize(("path", "fields"), FORMS.values(), ids=list(FORMS))
async def test_a_form_of_another_origin_is_refused_on_a_page(
    path: str, fields: dict[str, str], scene: Scene
) -> None:
    """R44, R45: a form needs no preflight."""
    before = await scene.possessions()
    asked_of_wix = scene.stage.counts()
    assert await scene.submits(path, fields, "text/plain") == 403
    await expect(scene.evil.locator("footer")).to_contain_text("cross_site")
    assert scene.stage.counts() == asked_of_wix
    assert await scene.possessions() == before


async def test_a_logout_link_on_another_site_only_shows_a_button(scene: Scene) -> None:
    """R48."""
    before = await scene.possessions()
    await scene.evil.evaluate(
        "(origin) => { location.href = `${origin}/_wix/logout`; }", scene.stage.origin
    )
    await expect(scene.evil.get_by_role("button", name="Log out")).to_be_visible()
    assert await scene.possessions() == before


async def test_the_logout_page_cannot_be_put_into_a_frame(scene: Scene, watch: Watch) -> None:
    await scene.evil.evaluate(
        """(origin) => new Promise((tell) => {
            const frame = document.createElement("iframe");
            frame.onload = tell;
            frame.src = `${origin}/_wix/logout`;
            document.body.append(frame);
        })""",
        scene.stage.origin,
    )
    assert any("frame" in complaint.lower() for complaint in watch.complaints)
    frame = scene.evil.frames[-1]
    assert await frame.get_by_role("button", name="Log out").count() == 0


async def test_a_login_of_the_attacker_cannot_be_finished_in_the_browser_of_the_victim(
    scene: Scene,
) -> None:
    """R29: login CSRF."""
    stranger = scene.stage.browser()
    begun = await stranger.navigate("/_wix/login")
    callback = await scene.stage.wix_login_page(begun.headers["Location"], "grace@example.test")
    who = (await scene.possessions())[0]
    await scene.context.clear_cookies()
    await scene.victim.reload()
    answered = scene.evil.expect_response(lambda answer: "/_wix/callback" in answer.url)
    async with answered as caught:
        await scene.evil.evaluate(
            "(address) => { location.href = address; }", scene.stage.origin + callback
        )
    assert (await caught.value).status == 400
    told = await scene.victim.evaluate("fetch('/_wix/session').then((answer) => answer.json())")
    assert told["identity"] == "visitor"
    assert who is not None


async def test_a_link_of_another_site_brings_the_member_along(scene: Scene) -> None:
    """Lax and not Strict: who comes from a search result keeps session and cart."""
    before = await scene.possessions()
    await scene.evil.evaluate("(origin) => { location.href = origin; }", scene.stage.origin)
    await scene.evil.wait_for_url(f"{scene.stage.origin}/")
    arrived = next(each for each in reversed(scene.stage.frontend.requests) if each.path == "/")
    assert arrived.headers["Sec-Fetch-Site"] in ("same-site", "cross-site")
    assert arrived.headers["X-Wix-Identity"] == "member"
    assert await scene.possessions() == before
