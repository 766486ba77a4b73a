"""`/_wix/api/*`: one Wix REST call as the browser's session.

1. What was judged is what is sent: the path behind the prefix and the query
   travel as the bytes that came.
2. The session's token is attached after everything of the browser's that
   could be one is gone; nothing of it comes back.
3. A member whose session has ended gets 401, and nothing runs as a stranger;
   a visitor becomes a new visitor, and the call runs.
4. A 401 from Wix on a token that should be valid renews it once and repeats
   the call, when there was no body. A 403 is passed on as it is.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import quote

from ..errors import (
    CallRefused,
    SessionEnded,
    TooManyRequests,
    UpstreamError,
    WixUnavailable,
)
from ..exchange import Exchange
from ..sansio import fetch_metadata, headers
from ..sansio.api_fields import wix_answer_fields, wix_request_fields
from ..sansio.api_paths import (
    api_target,
    check_call,
    is_redirect_session,
    refuse_session_token,
)
from ..sansio.buckets import Buckets
from ..sansio.call_rules import CallRules
from ..sansio.exchange import BodySource, Request
from ..sansio.locations import api_locations
from ..sansio.origin import Origin
from ..sansio.session import Session
from ..wire.answer import Answer
from ..wire.forward import relay
from ..wire.pool import Pool

MAX_REDIRECT_SESSION_BYTES = 64 * 1024
EVERYBODY = "everybody"

log = logging.getLogger("wixproxy.api")


@dataclass(frozen=True, slots=True)
class MintLimits:
    """How many new visitors may be made: for one address, and for all whose address is unknown."""

    per_address: Buckets
    together: Buckets


class WixApi:
    """Sends browsers' calls to Wix."""

    def __init__(
        self,
        pool: Pool,
        origin: Origin,
        rules: CallRules,
        *,
        allowed_origins: frozenset[str],
        mint_limits: MintLimits,
        clock: Callable[[], float],
    ) -> None:
        self._pool = pool
        self._origin = origin
        self._rules = rules
        self._allowed_origins = allowed_origins
        self._mint_limits = mint_limits
        self._clock = clock

    async def handle(self, exchange: Exchange) -> None:
        """Answer one call."""
        request = exchange.request
        if fetch_metadata.is_preflight(request):
            fields = fetch_metadata.preflight_fields(request, self._allowed_origins)
            await exchange.downstream.answer(204, fields)
            return
        target = api_target(request.target)
        check_call(request.method, target, self._rules)
        body: BodySource | None = exchange.downstream if request.has_body else None
        if is_redirect_session(target):
            request, body = await _checked_redirect_session(exchange)
        session = await self._usable_session(exchange)
        answer = await self._call(request, target, session, body)
        if answer.status == 401:
            answer = await self._after_refusal(exchange, target, session, answer)
        try:
            await self._pass_on(exchange, target, answer)
        except UpstreamError as error:
            raise WixUnavailable("Wix's answer broke off in the middle.") from error

    async def _usable_session(self, exchange: Exchange) -> Session:
        """Return the session with a token to call with, starting one if there is none."""
        browser, tokens = exchange.session, exchange.front.tokens
        if browser.unreadable is not None:
            raise browser.unreadable
        if browser.ended is not None and browser.ended.identity == "member":
            raise _with_login_url(browser.ended, exchange.request)
        current = browser.current
        if current is None or (current.tokens is None and not tokens.is_flying(current)):
            self._check_mint_rate(exchange)
            current = current or await browser.start()
        try:
            session = await tokens.current(current)
        except SessionEnded as ended:
            session = await tokens.current(_replacement(exchange, ended))
        browser.current = session
        renewal = tokens.renewal(session)
        if renewal is not None and exchange.front.store.carries_tokens:
            browser.renewal = renewal
        return session

    def _check_mint_rate(self, exchange: Exchange) -> None:
        """Limit how many visitors are made from one address, or by all that have none."""
        limits, now = self._mint_limits, self._clock()
        if exchange.address is not None:
            wait = limits.per_address.take(exchange.address, now)
        else:
            wait = limits.together.take(EVERYBODY, now)
        if wait:
            raise TooManyRequests(
                "Too many new visitors were started from here. Try again in a moment.",
                retry_after=int(wait) + 1,
            )

    async def _call(
        self, request: Request, target: bytes, session: Session, body: BodySource | None
    ) -> Answer:
        fields = [
            (b"Host", self._origin.authority.encode("ascii")),
            *wix_request_fields(headers.request_fields(request.fields), session.access_token),
        ]
        try:
            return await self._pool.send(
                self._origin, replace(request, target=target, fields=fields), body
            )
        except UpstreamError as error:
            raise WixUnavailable(f"Wix at {self._origin} did not answer the call.") from error

    async def _after_refusal(
        self, exchange: Exchange, target: bytes, session: Session, refused: Answer
    ) -> Answer:
        """Get another token, since Wix refused one that looked valid, and call once more.

        A call with a body is not repeated, because its body is gone; it gets
        Wix's answer, and the next call the new token.
        """
        tokens = exchange.front.tokens
        try:
            renewed = await tokens.renewed(session)
        except WixUnavailable:
            return refused
        except SessionEnded as ended:
            renewed = await tokens.current(_replacement(exchange, ended))
        exchange.session.current = renewed
        if exchange.request.has_body:
            return refused
        await refused.discard()
        return await self._call(exchange.request, target, renewed, None)

    async def _pass_on(self, exchange: Exchange, target: bytes, answer: Answer) -> None:
        """Give Wix's answer to the browser, without what would speak for our origin."""
        fields = wix_answer_fields(headers.answer_fields(answer.fields, answer.status))
        fields = api_locations(fields, str(self._origin))
        fields += fetch_metadata.cors_fields(exchange.request, self._allowed_origins)
        fields.append((b"Vary", fetch_metadata.GUARD_VARY))
        if is_redirect_session(target) and answer.status == 200:
            body = _without_session_token(await _whole(answer))
            fields = headers.without(fields, {b"content-length", b"content-encoding"})
            await exchange.downstream.answer(answer.status, fields, body)
            return
        await relay(answer, exchange.downstream, request=exchange.request, fields=fields)


async def _checked_redirect_session(
    exchange: Exchange,
) -> tuple[Request, BodySource | None]:
    """Read the body of a redirect session, and refuse it if it carries a session token."""
    # The answer is read here, so it must not come compressed.
    fields = headers.without(exchange.request.fields, {b"accept-encoding"})
    request = exchange.request.with_fields(fields)
    if not request.has_body:
        return request, None
    body = await exchange.downstream.read_whole(MAX_REDIRECT_SESSION_BYTES)
    if headers.get(request.fields, b"content-encoding") is not None:
        raise CallRefused("The body of a redirect session must not be compressed.")
    refuse_session_token(body)
    fields = headers.without(request.fields, {b"content-length"})
    fields.append((b"Content-Length", str(len(body)).encode()))
    whole = replace(request, fields=fields, content_length=len(body), chunked=False)
    return whole, _Bytes(body)


class _Bytes:
    """A body that is here already."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self) -> bytes:
        """Return all of it, then nothing."""
        body, self._body = self._body, b""
        return body


async def _whole(answer: Answer) -> bytes:
    parts, size = [], 0
    while piece := await answer.read():
        parts.append(piece)
        size += len(piece)
        if size > MAX_REDIRECT_SESSION_BYTES:
            answer.abort()
            raise WixUnavailable("Wix answered a redirect session with too many bytes.")
    return b"".join(parts)


def _without_session_token(body: bytes) -> bytes:
    """Drop the session token that Wix puts beside the address; the address alone is needed."""
    try:
        values = json.loads(body)
        values["redirectSession"].pop("sessionToken", None)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise WixUnavailable("Wix answered a redirect session in an unknown form.") from None
    return json.dumps(values, separators=(",", ":")).encode()


def _replacement(exchange: Exchange, ended: SessionEnded) -> Session:
    """Put the new visitor in the ended session's place; a member is told instead."""
    replacement = exchange.front.tokens.replacement(ended)
    exchange.session.current = replacement
    if replacement is None or ended.identity == "member":
        raise _with_login_url(ended, exchange.request) from ended
    return replacement


def _with_login_url(ended: SessionEnded, request: Request) -> SessionEnded:
    """Tell a page where to log in again, and to come back to itself."""
    problem = SessionEnded(ended.message, session_id=ended.session_id, identity=ended.identity)
    problem.members["loginUrl"] = "/_wix/login" + _return_parameter(request)
    return problem


def _return_parameter(request: Request) -> str:
    """Return the query that leads back to the page that called, when it said which that is."""
    referer = headers.get(request.fields, b"referer")
    if referer is None:
        return ""
    path = "/" + referer.decode("latin-1").partition("://")[2].partition("/")[2]
    return f"?returnToUrl={quote(path, safe='/')}"
