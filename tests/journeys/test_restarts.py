"""Restarts, new keys, and cookies that belong elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from yarl import URL

from tests.conftest import HandClock
from tests.stage import Browser, Stage, staged
from wixproxy.config import Config
from wixproxy.listening import listen
from wixproxy.sansio.cookies import CHUNK_CHARACTERS, session_pairs
from wixproxy.sansio.keyring import Key
from wixproxy.sansio.redaction import Secret
from wixproxy.server import build

CALL = "/_wix/api/members/v1/members/my"


def with_keys(config: Config, *keys: Secret) -> Config:
    session = config.session.model_copy(update={"keys": keys})
    return config.model_copy(update={"session": session})


def session_name(stage: Stage) -> str:
    return f"wixproxy-{stage.origin.rpartition(':')[2]}"


async def member(stage: Stage) -> Browser:
    browser = stage.browser()
    await browser.fetch("/_wix/testing/session", "POST", body={"member": "ada@example.test"})
    return browser


def show(browser: Browser, name: str, value: str) -> None:
    url = URL(browser.stage.origin)
    browser.http.cookie_jar.update_cookies({name: value}, response_url=url)


async def test_a_restart_keeps_members_and_visitors(cookie_stage: Stage) -> None:
    visitor, ada = cookie_stage.browser(), await member(cookie_stage)
    await visitor.fetch("/_wix/api/stores/v3/products/query?.r=e30")
    minted = cookie_stage.counts()["grants"]["anonymous"]
    await cookie_stage.restart()
    assert (await ada.fetch(CALL)).status == 200
    await visitor.fetch("/_wix/api/stores/v3/products/query?.r=e30")
    assert cookie_stage.counts()["grants"]["anonymous"] == minted


async def test_keys_rolled_in_order_keep_every_session(cookie_stage: Stage) -> None:
    """G12."""
    browser = await member(cookie_stage)
    (old,) = cookie_stage.config.session.keys
    new = Key.generate().to_text()
    for keys in ((old, new), (new, old)):
        await cookie_stage.restart(with_keys(cookie_stage.config, *keys))
        assert (await browser.fetch(CALL)).status == 200
    cookie_stage.advance(14_400)
    assert (await browser.fetch(CALL)).status == 200
    await cookie_stage.restart(with_keys(cookie_stage.config, new))
    assert (await browser.fetch(CALL)).status == 200
    assert (await browser.session())["identity"] == "member"


async def test_two_processes_in_the_middle_of_a_rollout_serve_the_same_browser(
    cookie_stage: Stage,
) -> None:
    """G12: one process still seals with the old key, the other already with the new one."""
    (old,) = cookie_stage.config.session.keys
    new = Key.generate().to_text()
    await cookie_stage.restart(with_keys(cookie_stage.config, old, new))
    other = build(with_keys(cookie_stage.config, new, old), clock=cookie_stage.clock)
    sockets = listen("127.0.0.1", 0)
    await other.start(sockets)
    ports = [cookie_stage.tap.target_port, sockets[0].getsockname()[1]]
    browser = await member(cookie_stage)
    for number in range(6):
        cookie_stage.tap.aim(ports[number % 2])
        await browser.hang_up()
        cookie_stage.advance(14_400)
        assert (await browser.fetch(CALL)).status == 200
        assert (await browser.session())["identity"] == "member"
    await other.stop()


async def test_a_key_that_is_not_here_yet_costs_a_retry_and_not_the_session(
    cookie_stage: Stage,
) -> None:
    browser = await member(cookie_stage)
    keys = cookie_stage.config.session.keys
    await cookie_stage.restart(with_keys(cookie_stage.config, Key.generate().to_text()))
    before = browser.cookies()
    answer = await browser.fetch(CALL)
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "5"
    assert (await answer.json())["code"] == "session_unreadable"
    page = await browser.navigate("/")
    assert page.status == 200
    assert browser.cookies() == before
    assert cookie_stage.frontend.requests[-1].cookies[session_name(cookie_stage)]
    await cookie_stage.restart(with_keys(cookie_stage.config, *keys))
    assert (await browser.session())["identity"] == "member"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("POST", "/_wix/logout", id="a logout"),
        pytest.param("GET", "/_wix/login", id="a login"),
        pytest.param("GET", "/_wix/callback?code=x&state=y", id="the end of a login"),
        pytest.param("POST", "/_wix/testing/session", id="a session for tests"),
    ],
)
async def test_no_change_of_identity_is_claimed_for_a_session_that_cannot_be_read(
    cookie_stage: Stage, method: str, path: str
) -> None:
    """R67: its cookie must stay, so a logout would be one in words only."""
    browser = await member(cookie_stage)
    keys = cookie_stage.config.session.keys
    await cookie_stage.restart(with_keys(cookie_stage.config, Key.generate().to_text()))
    before = browser.cookies()
    if method == "GET":
        answer = await browser.navigate(path)
    else:
        answer = await browser.fetch(path, "POST", body={"visitor": True})
    assert answer.status == 503
    assert browser.cookies() == before
    await cookie_stage.restart(with_keys(cookie_stage.config, *keys))
    assert (await browser.session())["identity"] == "member"


async def test_after_the_grace_an_unknown_key_is_no_session(cookie_stage: Stage) -> None:
    browser = await member(cookie_stage)
    await cookie_stage.restart(with_keys(cookie_stage.config, Key.generate().to_text()))
    cookie_stage.advance(900)
    assert (await browser.session())["identity"] == "none"


async def test_a_flipped_bit_anywhere_is_no_session_and_no_error(cookie_stage: Stage) -> None:
    """R11: one bit of each eleventh character; the keyring's own test flips them all."""
    browser = await member(cookie_stage)
    text = browser.cookies()[session_name(cookie_stage)]
    for at in range(len("1.AAAAAAAA."), len(text), 11):
        other = "A" if text[at] != "A" else "B"
        show(browser, session_name(cookie_stage), text[:at] + other + text[at + 1 :])
        answer = await browser.fetch("/_wix/session")
        assert answer.status == 200
        assert (await answer.json())["identity"] == "none"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param("c2.only-the-first", id="a first piece alone"),
        pytest.param("1.AAAAAAAA.%%%", id="no base64"),
        pytest.param("x" * 3_000, id="three thousand characters"),
        pytest.param('"; Path=/', id="an attribute"),
    ],
)
async def test_a_broken_cookie_is_no_session_and_no_error(stage: Stage, value: str) -> None:
    headers = {"Cookie": f"{session_name(stage)}={value}"}
    answer = await stage.browser().fetch("/_wix/session", **headers)
    assert answer.status == 200
    assert (await answer.json())["identity"] == "none"


async def test_a_login_attempt_does_not_open_as_a_session(cookie_stage: Stage) -> None:
    """R12, R24b."""
    browser = cookie_stage.browser()
    await browser.navigate("/_wix/login")
    (attempt,) = [value for name, value in browser.cookies().items() if "-login-" in name]
    show(browser, session_name(cookie_stage), attempt)
    assert (await browser.session())["identity"] == "none"


async def test_a_cookie_cut_in_pieces_joins_only_in_order_and_whole(cookie_stage: Stage) -> None:
    """R12, R13, R19: a session so large that it needs two cookies."""
    browser = await member(cookie_stage)
    front = next(iter(cookie_stage.proxy.requests.service.fronts.values()))
    session = await front.store.load(browser.cookies()[session_name(cookie_stage)])
    assert session is not None
    assert session.tokens is not None
    large = session.renewed(replace(session.tokens, refresh="R" * (CHUNK_CHARACTERS // 2)))
    named = session_pairs(await front.store.save(large), front.cookies)
    assert len(named) == 2

    async def identity(pairs: list[tuple[str, str]]) -> str:
        header = "; ".join(f"{name}={value}" for name, value in pairs)
        answer = await cookie_stage.browser().fetch("/_wix/session", Cookie=header)
        told: str = (await answer.json())["identity"]
        return told

    assert await identity(named) == "member"
    assert await identity(named[::-1]) == "member"
    (first, one), (second, two) = named
    assert await identity([(first, two), (second, one)]) == "none"
    assert await identity([(first, one)]) == "none"
    assert await identity([(first, one), (second, "stale")]) == "none"
    assert await identity([(first, one), (second, two[:-1] + "_")]) == "none"


async def test_a_cookie_of_another_port_opens_nothing_here(
    clock: HandClock, cookie_stage: Stage, tmp_path: Path
) -> None:
    """R10, R24: the same key, another origin."""
    browser = await member(cookie_stage)
    text = browser.cookies()[session_name(cookie_stage)]
    keys = [key.reveal() for key in cookie_stage.config.session.keys]
    async with staged(clock, tmp_path, {"session.keys": keys}) as other:
        stranger = other.browser()
        show(stranger, session_name(other), text)
        assert (await stranger.session())["identity"] == "none"
