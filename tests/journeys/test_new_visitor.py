"""A browser without a cookie opens a page, and is one visitor from then on."""

from __future__ import annotations

import asyncio

import pytest

from tests.stage import Stage


async def test_a_new_visitor_gets_one_session_cookie_and_wix_is_not_asked(stage: Stage) -> None:
    browser = stage.browser()
    page = await browser.navigate("/")
    assert page.status == 200
    names = sorted(line.partition("=")[0] for line in page.headers.getall("Set-Cookie"))
    port = stage.origin.rpartition(":")[2]
    assert names == [f"wixproxy-{port}", f"wixproxy-hint-{port}"]
    assert stage.counts()["grants"] == {}


async def test_the_first_page_already_carries_the_cookie_just_made(stage: Stage) -> None:
    browser = stage.browser()
    await browser.navigate("/")
    seen = stage.frontend.requests[0]
    port = stage.origin.rpartition(":")[2]
    name = f"wixproxy-{port}"
    assert seen.cookies[name] == browser.cookies()[name]
    assert seen.headers["X-Wix-Identity"] == "visitor"


async def test_a_second_page_gets_no_cookie_again(stage: Stage) -> None:
    browser = stage.browser()
    await browser.navigate("/")
    page = await browser.navigate("/other")
    assert "Set-Cookie" not in page.headers


async def test_the_page_is_private_once_it_sets_a_cookie(stage: Stage) -> None:
    """R20, R50."""
    stage.frontend.headers = {"Cache-Control": "public, max-age=60", "Vary": "Accept"}
    page = await stage.browser().navigate("/")
    assert page.headers["Cache-Control"] == "private, max-age=60"
    assert "Cookie" in page.headers.getall("Vary")


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"Cache-Control": "max-age=60"}, id="an age"),
        pytest.param({"Cache-Control": "no-cache"}, id="to ask again"),
        pytest.param({"Expires": "Thu, 01 Jan 2099 00:00:00 GMT"}, id="a date"),
        pytest.param({"Cache-Control": 'private="x-y", max-age=60'}, id="one private field"),
        pytest.param({"CDN-Cache-Control": "no-store"}, id="a refusal to shared caches"),
    ],
)
async def test_an_answer_with_a_cookie_is_private_whatever_the_frontend_said(
    cookie_stage: Stage, said: dict[str, str]
) -> None:
    """R20: two new visitors come without a cookie, so `Vary` does not keep them apart."""
    cookie_stage.frontend.headers = said
    page = await cookie_stage.browser().navigate("/")
    policy = ",".join(page.headers.getall("Cache-Control")).split(",")
    assert "private" in [directive.strip() for directive in policy]
    assert "Set-Cookie" in page.headers


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"Cache-Control": "public, s-maxage=60"}, id="an age for them alone"),
        pytest.param({"Cache-Control": "public, max-age=31536000, immutable"}, id="for ever"),
        pytest.param({"CDN-Cache-Control": "max-age=60"}, id="a field of theirs"),
        pytest.param({"Vercel-CDN-Cache-Control": "max-age=60"}, id="a field of one vendor's"),
        pytest.param({"Surrogate-Control": "max-age=60"}, id="a field of theirs before that"),
        pytest.param({"X-Accel-Expires": "60"}, id="a field of nginx's"),
    ],
)
async def test_an_answer_for_shared_caches_sets_no_cookie(
    cookie_stage: Stage, said: dict[str, str]
) -> None:
    """R20: such a field outranks the `private` that a cookie brings (RFC 9213 §2.1)."""
    cookie_stage.frontend.headers = said
    page = await cookie_stage.browser().navigate("/")
    assert "Set-Cookie" not in page.headers
    assert {name: page.headers[name] for name in said} == said


async def test_an_asset_starts_no_session(stage: Stage) -> None:
    answer = await stage.browser().fetch("/app.js", **{"Sec-Fetch-Dest": "script"})
    assert answer.status == 200
    assert "Set-Cookie" not in answer.headers


async def test_a_prefetched_page_starts_no_session(stage: Stage) -> None:
    page = await stage.browser().navigate("/", **{"Sec-Purpose": "prefetch"})
    assert page.status == 200
    assert "Set-Cookie" not in page.headers


async def test_six_parallel_first_calls_of_a_page_are_one_visitor(stage: Stage) -> None:
    browser = stage.browser()
    await browser.navigate("/")
    answers = await asyncio.gather(
        *(browser.fetch("/_wix/api/stores/v3/products/query?.r=e30") for _ in range(6))
    )
    assert {answer.status for answer in answers} == {200}
    assert stage.counts()["grants"] == {"anonymous": 1}


async def test_six_calls_without_any_cookie_are_six_visitors(stage: Stage) -> None:
    """Nothing ties them to one browser, so they are never joined."""
    browsers = [stage.browser() for _ in range(6)]
    await asyncio.gather(
        *(each.fetch("/_wix/api/stores/v3/products/query?.r=e30") for each in browsers)
    )
    assert stage.counts()["grants"] == {"anonymous": 6}
    texts = {next(iter(each.cookies().values())) for each in browsers}
    assert len(texts) == 6


async def test_crawlers_that_only_read_pages_make_no_visitor(stage: Stage) -> None:
    """R69."""
    for number in range(20):
        await stage.browser().navigate(f"/page/{number}")
    assert stage.counts()["grants"] == {}
