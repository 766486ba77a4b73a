"""Everything that is not ours: forward it to the frontend, byte for byte but for a few fields.

1. A page gets a session before it is forwarded, without a call to Wix, so
   that all its requests belong to one visitor.
2. A frontend that renders on the server cannot set cookies later, so a page
   whose tokens are due waits up to half a second for their renewal.
3. Pages degrade: when Wix is down they are served with what there is.
4. The frontend is told who asks, under names that no client can use. Where
   that is a caller whom Wix vouches for, it is not given the caller's token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ..errors import SessionEnded, WixproxyError
from ..exchange import Exchange
from ..injection import InjectedPage, is_for_page
from ..sansio import cookies, headers
from ..sansio.callers import without_token
from ..sansio.exchange import Fields, Request
from ..sansio.forwarded import TrustedProxies, frontend_fields, with_via
from ..sansio.html import is_page
from ..sansio.locations import RELOCATING, public_locations
from ..sansio.origin import Origin
from ..sansio.page_versions import VARY, asked_validators, injected_validators
from ..wire.answer import Answer
from ..wire.forward import relay
from ..wire.pool import Pool
from ..wire.tunnel import tunnel

PAGE_WAITS_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class FrontendOptions:
    """How the frontend is spoken to; `pseudonym` is our name in `Via`."""

    pseudonym: bytes
    host_header: bytes | None = None
    forwards_session_cookie: bool = True
    starts_sessions: bool = True
    injects: bool = False


class Frontend:
    """Forwards to the upstream that the frontend is.

    `locate` tells where it is, or raises `FrontendStarting` while nobody knows.
    """

    def __init__(
        self,
        pool: Pool,
        locate: Callable[[], Origin],
        options: FrontendOptions,
        trusted_proxies: TrustedProxies,
    ) -> None:
        self._pool = pool
        self._locate = locate
        self._options = options
        self._trusted_proxies = trusted_proxies

    async def handle(self, exchange: Exchange) -> None:
        """Forward one request and its answer."""
        origin = self._locate()
        if exchange.is_navigation:
            await prepare_page(exchange, starts_sessions=self._options.starts_sessions)
        takes_tag = self._takes_tag(exchange)
        pairs: list[tuple[str, str]] | None = []
        if self._options.forwards_session_cookie and exchange.session.is_known:
            pairs = await exchange.session.pairs_for_frontend()
        request = self._outgoing(exchange, pairs, takes_tag)
        body = exchange.downstream if request.has_body else None
        on_interim = partial(_pass_interim, exchange)
        answer = await self._pool.send(origin, request, body, on_interim=on_interim)
        fields = headers.answer_fields(answer.fields, answer.status)
        if lines := headers.get_all(answer.fields, b"set-cookie"):
            fields = await _with_cookies(exchange, fields, lines)
        fields = self._shown(exchange, answer, fields, origin, takes_tag)
        page = _injected(exchange, answer, fields) if takes_tag else None
        if answer.upgraded:
            await exchange.downstream.head(answer.status, fields)
            exchange.downstream.tunnel = tunnel(answer, exchange.downstream.upgrade())
            return
        await relay(
            answer,
            exchange.downstream,
            request=exchange.request,
            fields=page.fields if page else fields,
            read=page.reader(answer.read) if page else None,
        )

    def _takes_tag(self, exchange: Exchange) -> bool:
        """Tell whether the script tag goes into the page that is asked for, if it is one."""
        is_forwarded_plainly = exchange.caller_fields is None
        return self._options.injects and is_forwarded_plainly and is_for_page(exchange.request)

    def _outgoing(
        self, exchange: Exchange, pairs: list[tuple[str, str]] | None, takes_tag: bool
    ) -> Request:
        """Write the request as the frontend shall see it, with `pairs` in the session's place."""
        upgrades = headers.is_websocket_upgrade(exchange.request)
        fields = headers.request_fields(exchange.request.fields, websocket=upgrades)
        fields = cookies.for_frontend(fields, exchange.front.cookies, pairs)
        current = exchange.session.current
        fields = frontend_fields(
            fields,
            exchange.front.public,
            peer=exchange.request.peer,
            trusted=self._trusted_proxies,
            host=self._options.host_header,
            identity=current.identity if current else None,
            member_id=current.member_id if current else None,
        )
        if exchange.caller_fields is not None:
            fields = without_token(fields) + exchange.caller_fields
        fields = with_via(fields, exchange.request.version, self._options.pseudonym)
        if takes_tag:
            # A page must come readable, and whole.
            fields = headers.without(fields, {b"accept-encoding", b"range", b"if-range"})
            fields = asked_validators(fields)
        return exchange.request.with_fields(fields)

    def _shown(
        self, exchange: Exchange, answer: Answer, fields: Fields, origin: Origin, takes_tag: bool
    ) -> Fields:
        """Return the answer's fields as the browser shall see them."""
        if headers.has_any(answer.fields, RELOCATING):
            fields = public_locations(fields, origin.url, exchange.front.public)
        if answer.status == 304 and takes_tag:
            return [*injected_validators(fields), VARY]
        return [*fields, VARY] if self._options.injects and is_page(answer.fields) else fields


async def _with_cookies(exchange: Exchange, fields: Fields, lines: list[bytes]) -> Fields:
    """Return the fields with those of the frontend's cookies that it may set."""
    passing = await exchange.session.accept_from_frontend(lines)
    if passing == lines:
        return fields
    kept = headers.without(fields, {b"set-cookie"})
    return [*kept, *((b"Set-Cookie", line) for line in passing)]


def _injected(exchange: Exchange, answer: Answer, fields: Fields) -> InjectedPage | None:
    """Return the page with the script tag in it, where the answer is such a page."""
    accepted = headers.get(exchange.request.fields, b"accept-encoding")
    return InjectedPage.of(answer.status, fields, accepted)


async def _pass_interim(exchange: Exchange, status: int, fields: Fields) -> None:
    await exchange.downstream.interim(status, headers.interim_fields(fields, status))


async def prepare_page(exchange: Exchange, *, starts_sessions: bool) -> None:
    """Give a page's browser a session, and fresh tokens if they are due."""
    browser, front = exchange.session, exchange.front
    if browser.unreadable is not None:
        return
    if browser.current is None:
        if starts_sessions:
            await browser.start_for_page()
        return
    if not front.store.carries_tokens:
        front.tokens.renewal(browser.current)
        return
    renewal = front.tokens.renewal(browser.current)
    if renewal is None:
        return
    try:
        async with asyncio.timeout(PAGE_WAITS_SECONDS):
            browser.current = await asyncio.shield(renewal)
    except TimeoutError:
        browser.renewal = None
    except SessionEnded as ended:
        browser.current = front.tokens.replacement(ended)
    except WixproxyError:
        # Wix is down: the page is served with the session as it is.
        return
