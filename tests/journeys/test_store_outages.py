"""A store that reads and takes nothing: pages come, calls say so, and nobody loses a session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from yarl import URL

from tests.conftest import HandClock
from tests.stage import Browser, Stage, staged
from wixproxy.errors import StoreUnavailable
from wixproxy.sansio.session import Session
from wixproxy.stores import SessionStore

QUERY = "/_wix/api/stores/v3/products/query?.r=e30"
DAY = 24 * 3600


@dataclass
class FullStore:
    """A store that takes no session, and is otherwise the one it stands for."""

    inner: SessionStore

    @property
    def carries_tokens(self) -> bool:
        return self.inner.carries_tokens

    async def load(self, cookie: str) -> Session | None:
        return await self.inner.load(cookie)

    async def save(self, session: Session) -> str:
        raise StoreUnavailable("The store is full.")

    async def delete(self, session: Session) -> None:
        raise StoreUnavailable("The store is full.")

    def exclusive(self, session: Session) -> AbstractAsyncContextManager[Session | None]:
        return self.inner.exclusive(session)

    def newest(self, session: Session) -> Session:
        return self.inner.newest(session)

    async def close(self) -> None:
        await self.inner.close()


def fill(stage: Stage) -> None:
    """Let the store take nothing from now on."""
    for front in stage.proxy.requests.service.fronts.values():
        front.store = FullStore(front.store)


def make_room(stage: Stage) -> None:
    """Let the store take sessions again."""
    for front in stage.proxy.requests.service.fronts.values():
        if isinstance(front.store, FullStore):
            front.store = front.store.inner


@pytest.fixture
async def files_stage(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    (tmp_path / "index.html").write_text("<!doctype html><title>home</title>")
    flags = {"upstream.url": None, "upstream.root": str(tmp_path)}
    async with staged(clock, tmp_path, flags) as stage:
        yield stage


async def test_a_new_visitors_page_comes_without_a_session(stage: Stage) -> None:
    fill(stage)
    page = await stage.browser().navigate("/")
    assert page.status == 200
    assert "Set-Cookie" not in page.headers
    assert "Cookie" not in stage.frontend.requests[-1].headers


async def test_a_page_from_a_folder_comes_without_a_session(files_stage: Stage) -> None:
    fill(files_stage)
    page = await files_stage.browser().navigate("/")
    assert page.status == 200
    assert "Set-Cookie" not in page.headers


async def test_a_page_comes_though_its_use_cannot_be_written_down(stage: Stage) -> None:
    browser = stage.browser()
    await browser.navigate("/")
    before = browser.cookies()
    stage.advance(DAY)
    fill(stage)
    page = await browser.navigate("/")
    assert page.status == 200
    assert "Set-Cookie" not in page.headers
    assert stage.frontend.requests[-1].headers["X-Wix-Identity"] == "visitor"
    make_room(stage)
    assert "Set-Cookie" in (await browser.navigate("/")).headers
    assert hints(browser.cookies()) == hints(before)


async def test_a_call_goes_on_with_a_token_that_is_there(stage: Stage) -> None:
    """P25: nothing that can be done without the store fails with it."""
    browser = stage.browser()
    await browser.fetch("/_wix/testing/session", "POST", body={"member": "ada@example.test"})
    for front in stage.proxy.requests.service.fronts.values():
        front.clock = lambda: stage.clock() + DAY
    fill(stage)
    assert (await browser.fetch(QUERY)).status == 200


@pytest.mark.parametrize("path", [QUERY, "/_wix/session?start=1"])
async def test_who_needs_a_session_is_told_that_there_is_no_store(stage: Stage, path: str) -> None:
    fill(stage)
    answer = await stage.browser().fetch(path)
    assert answer.status == 503
    assert (await answer.json())["code"] == "store_unavailable"
    assert "Set-Cookie" not in answer.headers


async def test_the_frontend_sees_the_cookie_that_came_when_a_newer_cannot_be_had(
    cookie_stage: Stage,
) -> None:
    browser = cookie_stage.browser()
    await browser.navigate("/")
    await renewed_elsewhere(cookie_stage, browser)
    fill(cookie_stage)
    before = browser.cookies()
    page = await browser.navigate("/")
    assert page.status == 200
    assert "Set-Cookie" not in page.headers
    seen = cookie_stage.frontend.requests[-1].cookies
    assert seen == {name: value for name, value in before.items() if name in seen}
    assert seen


async def test_a_session_that_a_frontend_hands_on_is_left_when_it_cannot_be_kept(
    cookie_stage: Stage,
) -> None:
    browser = cookie_stage.browser()
    await browser.navigate("/")
    newer = await renewed_elsewhere(cookie_stage, browser)
    # A proxy that has not seen the newer one yet.
    await cookie_stage.restart()
    fill(cookie_stage)
    name, value = next(pair for pair in newer.items() if "hint" not in pair[0])
    cookie_stage.frontend.headers = {"Set-Cookie": f"{name}={value}; Path=/"}
    page = await browser.navigate("/")
    assert page.status == 200
    assert "Set-Cookie" not in page.headers
    make_room(cookie_stage)
    assert "Set-Cookie" in (await browser.navigate("/")).headers
    assert (await browser.fetch(QUERY)).status == 200
    assert cookie_stage.counts()["grants"] == {"anonymous": 1}


async def test_a_login_that_cannot_be_kept_leaves_the_visitor_in_place(stage: Stage) -> None:
    browser = stage.browser()
    await browser.navigate("/")
    begun = await browser.navigate("/_wix/login")
    callback = await stage.wix_login_page(begun.headers["Location"], "ada@example.test")
    fill(stage)
    refused = await browser.navigate(callback, **{"Sec-Fetch-Site": "cross-site"})
    assert refused.status == 503
    make_room(stage)
    stage.advance(DAY)
    page = await browser.navigate("/")
    assert stage.frontend.requests[-1].headers["X-Wix-Identity"] == "visitor"
    assert "Set-Cookie" in page.headers


async def renewed_elsewhere(stage: Stage, browser: Browser) -> dict[str, str]:
    """Let a copy of the browser get tokens; return its cookies."""
    copy = stage.browser()
    copy.http.cookie_jar.update_cookies(browser.cookies(), response_url=URL(stage.origin))
    assert (await copy.fetch(QUERY)).status == 200
    return copy.cookies()


def hints(cookies: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in cookies.items() if "hint" in name}
