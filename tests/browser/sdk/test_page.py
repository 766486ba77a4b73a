"""A page in Chromium that loaded the script: what it may send, and what it hears."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page

from tests.browser.sdk.frontend import TAG, fronted, page
from tests.browser.watching import Watch
from tests.conftest import HandClock
from tests.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUERY = "https://www.wixapis.com/stores/v3/products/query"
PAGES = {
    "/": page("<p>hello</p>", head=f'{TAG}<link rel="icon" href="data:,">'),
    "/twice": page(head=TAG + TAG),
    "/based": page(head=TAG + '<base href="https://www.wixapis.com/stores/">'),
    "/without": page("<p>hello</p>", head=""),
}


@pytest_asyncio.fixture(loop_scope="session")
async def site(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """A site whose pages start no session by themselves, as if they came from a cache."""
    async with fronted(clock, tmp_path, PAGES, flags={"session.start": "api"}) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def injecting(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """The same site behind a proxy that puts the tag into its pages."""
    flags = {"session.start": "api", "browser.inject": True}
    async with fronted(clock, tmp_path, PAGES, flags=flags) as stage:
        yield stage


async def shown(context: BrowserContext, site: Stage, path: str = "/") -> Page:
    opened = await context.new_page()
    await opened.goto(site.origin + path)
    return opened


async def products(opened: Page, code: str) -> int:
    """Return how many products the call answered with."""
    body = "JSON.stringify({query: {paging: {limit: 3}}})"
    script = f"""async () => {{
      const [url, body] = ['{QUERY}', {body}];
      const headers = {{'Content-Type': 'application/json', Authorization: 'secret'}};
      const answer = await {code};
      return (await answer.json()).products.length;
    }}"""
    count: int = await opened.evaluate(script)
    return count


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("fetch(url, {method: 'POST', headers, body})", id="text"),
        pytest.param("fetch(new URL(url), {method: 'POST', headers, body})", id="a URL"),
        pytest.param("fetch(new Request(url, {method: 'POST', headers, body}))", id="a Request"),
        pytest.param(
            "fetch(new Request(url, {method: 'POST', headers}), {body})", id="a Request and more"
        ),
        pytest.param(
            "fetch(url, {method: 'POST', headers, duplex: 'half', body: new Response(body).body})",
            id="a stream",
        ),
        pytest.param("fetch(url, {method: 'POST', headers, body: new Blob([body])})", id="a blob"),
        pytest.param(
            "fetch(url, {method: 'POST', headers, body, mode: 'cors', credentials: 'omit'})",
            id="without credentials",
        ),
    ],
)
async def test_a_call_of_wix_stays_on_the_origin_whatever_it_is_written_with(
    site: Stage, context: BrowserContext, watch: Watch, code: str
) -> None:
    opened = await shown(context, site)
    assert await products(opened, code) == 3
    assert watch.origins() == {site.origin}
    assert await watch.headers("authorization", site.origin) == []
    assert watch.complaints == []


async def test_a_relative_address_is_the_one_that_the_page_means(
    site: Stage, context: BrowserContext, watch: Watch
) -> None:
    opened = await shown(context, site, "/based")
    code = "fetch('v3/products/query', {method: 'POST', headers, body})"
    assert await products(opened, code) == 3
    assert watch.origins() == {site.origin}


async def test_six_calls_of_a_page_from_a_cache_make_one_visitor(
    site: Stage, context: BrowserContext
) -> None:
    opened = await shown(context, site)
    await opened.evaluate(
        f"""() => Promise.all([1, 2, 3, 4, 5, 6].map((number) => number % 2
          ? fetch('{QUERY}', {{method: 'POST', body: '{{}}'}})
          : fetch('/_wix/api/stores/v3/products/query', {{method: 'POST', body: '{{}}'}})))"""
    )
    assert site.counts()["grants"] == {"anonymous": 1}


async def test_a_page_that_asks_for_nothing_starts_no_session(
    site: Stage, context: BrowserContext
) -> None:
    await shown(context, site)
    assert await context.cookies() == []


LISTEN = """() => {
  globalThis.heard = [];
  addEventListener('wixproxy:session', ({ detail }) => heard.push(detail.identity));
}"""
BECOME_MEMBER = """() => fetch('/_wix/testing/session', {
  method: 'POST', body: JSON.stringify({ member: 'ada@example.test' }),
})"""


async def until_heard(opened: Page, *identities: str) -> None:
    """Wait until the page has heard of exactly these."""
    await opened.wait_for_function("wanted => String(heard) === wanted", arg=",".join(identities))


async def test_every_tab_hears_of_a_login_and_of_a_logout(
    site: Stage, context: BrowserContext
) -> None:
    first, second = await shown(context, site), await shown(context, site)
    await first.evaluate(LISTEN)
    await products(second, "fetch(url, {method: 'POST', headers, body})")
    await until_heard(first, "visitor")

    await second.evaluate(BECOME_MEMBER)
    await second.goto(site.origin)  # as the callback of a login does
    await until_heard(first, "visitor", "member")
    logged_in = "__wix_context__.client.auth.loggedIn()"
    assert await first.evaluate(logged_in) is True

    await second.evaluate(LISTEN)
    await second.evaluate("__wix_context__.client.auth.logout()")
    await until_heard(second, "visitor")
    await until_heard(first, "visitor", "member", "visitor")
    assert await first.evaluate(logged_in) is False


async def test_a_page_that_the_back_button_shows_again_knows_who_is_there(
    site: Stage, context: BrowserContext
) -> None:
    opened = await shown(context, site)
    await opened.evaluate(LISTEN)
    await opened.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    await opened.evaluate(BECOME_MEMBER)
    await opened.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await until_heard(opened, "member")


@pytest.mark.parametrize("path", ["/", "/twice"])
async def test_the_script_works_once_however_often_it_is_loaded(
    site: Stage, context: BrowserContext, watch: Watch, path: str
) -> None:
    opened = await shown(context, site, path)
    assert await products(opened, "fetch(url, {method: 'POST', headers, body})") == 3
    assert watch.paths(site.origin).count("/_wix/session") == 1


async def test_an_injected_tag_leaves_the_page_as_the_frontend_drew_it(
    injecting: Stage, context: BrowserContext
) -> None:
    opened = await shown(context, injecting, "/without")
    drawn = PAGES["/without"].removeprefix("<!doctype html>")
    assert await opened.evaluate("document.documentElement.outerHTML") == drawn
    assert await opened.evaluate("typeof __wix_context__.client.use") == "function"


async def test_a_tag_written_by_hand_stays_and_the_script_works_once(
    injecting: Stage, context: BrowserContext, watch: Watch
) -> None:
    opened = await shown(context, injecting)
    assert await opened.evaluate("document.scripts.length") == 1
    assert await products(opened, "fetch(url, {method: 'POST', headers, body})") == 3
    assert watch.paths(injecting.origin).count("/_wix/session") == 1


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param("script-src 'nonce-abc123'; connect-src 'self'", id="a nonce"),
        pytest.param("script-src 'nonce-abc123' 'strict-dynamic'", id="a nonce, strict dynamic"),
        pytest.param("default-src 'self'", id="this origin alone"),
        pytest.param(
            "script-src 'self' 'nonce-a', default-src 'nonce-b' 'self'", id="two policies"
        ),
    ],
)
async def test_the_tag_keeps_to_the_policy_of_the_page(
    clock: HandClock, tmp_path: Path, context: BrowserContext, watch: Watch, policy: str
) -> None:
    pages = {"/": page(head='<link rel="icon" href="data:,">')}
    headers = {"Content-Security-Policy": policy + "; img-src data:"}
    async with fronted(clock, tmp_path, pages, headers, {"browser.inject": True}) as site:
        opened = await shown(context, site)
        assert await products(opened, "fetch(url, {method: 'POST', headers, body})") == 3
    assert watch.complaints == []


async def test_a_page_in_the_place_of_an_address_of_the_proxy_is_told_so(
    site: Stage, context: BrowserContext, watch: Watch
) -> None:
    opened = await context.new_page()

    async def instead(route: Any) -> None:
        await route.fulfill(content_type="text/html", body=PAGES["/"])

    await opened.route("**/_wix/login", instead)
    await opened.goto(f"{site.origin}/_wix/login")
    (said,) = watch.complaints
    assert "this page came from /_wix/login, an address of the proxy" in said


async def test_the_console_says_why_wix_refused_a_call(
    site: Stage, context: BrowserContext, watch: Watch
) -> None:
    opened = await shown(context, site)
    mine = "https://www.wixapis.com/members/v1/members/my"
    status = await opened.evaluate("(url) => fetch(url).then(({status}) => status)", mine)
    assert status == 403
    told = "wixproxy: GET /members/v1/members/my: This call was made as a visitor and refused."
    assert any(complaint.startswith(told) for complaint in watch.complaints)
