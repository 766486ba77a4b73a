"""`/_wix/api/*`: one Wix REST call as the browser's session.

1. What was judged is what is sent: the path behind the prefix and the query
   travel as the bytes that came.
2. The session's token is attached after everything of the browser's that
   could be one is gone; nothing of it comes back.
3. A member whose session has ended gets 401, and nothing runs as a stranger;
   a visitor becomes a new visitor, and the call runs.
4. A 401 from Wix on a token that should be valid renews it once and repeats
   the call, unless its body is gone. A 403 is passed on as it is, and explained.
5. What an elevation rule names runs as the app for those it names, and for
   nobody else; what hands out credentials is answered here.
6. A redirect session leads back to this site, and its session remembers that
   the browser was led to Wix.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from ..credential_calls import CredentialCalls
from ..credential_throttle import CredentialThrottle
from ..elevation import Elevation
from ..errors import CallRefused, UpstreamError, WixUnavailable, quoted
from ..exchange import Exchange
from ..pages import json_answer
from ..sansio import fetch_metadata, headers
from ..sansio.api_fields import wix_answer_fields, wix_request_fields
from ..sansio.api_paths import api_target, check_call
from ..sansio.call_rules import CallRules, hands_out_credentials
from ..sansio.elevation import ElevationRule
from ..sansio.exchange import BodySource, Fields, Request
from ..sansio.identity_calls import IDENTITY_CALLS, sends_mail
from ..sansio.locations import api_locations
from ..sansio.origin import Origin
from ..sansio.redirect_sessions import (
    advice,
    check_redirect_session,
    is_redirect_session,
    without_session_token,
)
from ..sansio.routes import API_PREFIX
from ..sansio.session import Session
from ..usable_session import UsableSessions
from ..wire.answer import Answer
from ..wire.forward import relay
from ..wire.pool import Pool
from ..wix.callers import Callers

MAX_WHOLE_BYTES = 64 * 1024

# In dev this field tells why Wix refused a call, and which rule would allow it.
EXPLANATION = b"X-Wixproxy-Explanation"
ELEVATED_PREFIX = b"/_wix/elevated"
INSTANCE_FIELD = b"x-wixproxy-instance"
CALLER_FIELD = b"x-wixproxy-caller"

log = logging.getLogger("wixproxy.api")


class WixApi:
    """Sends browsers' calls to Wix."""

    def __init__(
        self,
        pool: Pool,
        origin: Origin,
        rules: CallRules,
        *,
        allowed_origins: frozenset[str],
        sessions: UsableSessions,
        credentials: CredentialCalls,
        throttle: CredentialThrottle,
        elevation: Elevation,
        callers: Callers,
        explains: bool,
    ) -> None:
        self._pool = pool
        self._origin = origin
        self._rules = rules
        self._allowed_origins = allowed_origins
        self._sessions = sessions
        self._credentials = credentials
        self._throttle = throttle
        self._elevation = elevation
        self._callers = callers
        self._explains = explains

    async def handle(self, exchange: Exchange) -> None:
        """Answer one call."""
        request = exchange.request
        if fetch_metadata.is_preflight(request):
            fields = fetch_metadata.preflight_fields(request, self._allowed_origins)
            await exchange.downstream.answer(204, fields)
            return
        target = api_target(request.target)
        path = target.partition(b"?")[0]
        if answer_credentials := self._credentials.answerer(request.method, target):
            reason = self._rules.exclusion(
                request.method, path, unlisted=path not in IDENTITY_CALLS
            )
            if reason is not None:
                raise CallRefused(f"{request.method} {quoted(path)} {reason}")
            await answer_credentials(exchange)
            return
        if self._elevation.concerns(request.method, path):
            session = await self._sessions.of(exchange)
            rule = self._elevation.rule_for(request.method, path, session)
            if rule is not None:
                check_call(request.method, target, self._rules, elevated=True)
                await self._call_as_app(exchange, target, session, rule)
                return
        check_call(request.method, target, self._rules)
        if is_redirect_session(target):
            await self._redirect_session(exchange, target)
            return
        if sends_mail(path):
            self._throttle.take("mail", exchange, None)
        body = exchange.downstream if request.has_body else None
        await self._call_as_session(exchange, request, target, body)

    async def handle_elevated(self, exchange: Exchange) -> None:
        """Answer one call of a program that runs as the app (the backend listener alone asks)."""
        request = exchange.request
        target = api_target(API_PREFIX + request.target[len(ELEVATED_PREFIX) :])
        if hands_out_credentials(target.partition(b"?")[0]):
            raise CallRefused("This call would hand out credentials, so it never passes the proxy.")
        instance = headers.get(request.fields, INSTANCE_FIELD)
        name = instance.decode("latin-1") if instance is not None else None
        answer = await self._call_with(
            exchange, target, partial(self._elevation.token, name), self._elevation.forget
        )
        await self._pass_on(exchange, target, answer, [])

    async def handle_as_caller(self, exchange: Exchange) -> None:
        """Answer one call of a program as the caller whose handle it hands on.

        The backend listener alone asks. What a browser may not call, the
        caller of a dashboard page may not call here either.
        """
        request = exchange.request
        handle = headers.get(request.fields, CALLER_FIELD) or b""
        held = self._callers.held(handle.decode("latin-1"))
        target = api_target(request.target)
        check_call(request.method, target, self._rules)
        if is_redirect_session(target):
            raise CallRefused(
                "A redirect session belongs to the browser's own session. Let the page make it."
            )
        answer = await self._call_with(
            exchange, target, partial(self._callers.unbound_token, held), self._callers.forget
        )
        more: Fields = []
        if answer.status == 403:
            more = self._explanation(
                exchange,
                f"Wix refused this call as the caller, a {held.identity}. If its permission is "
                "the app's to give, make it below /_wix/elevated/",
            )
        await self._pass_on(exchange, target, answer, more)

    async def _call_with(
        self,
        exchange: Exchange,
        target: bytes,
        token: Callable[[], Awaitable[str]],
        forget: Callable[[str], None],
    ) -> Answer:
        """Make a program's call; with a token that Wix refuses, once more with another one."""
        request = exchange.request
        body = exchange.downstream if request.has_body else None
        used = await token()
        answer = await self._call(request, target, used, body)
        if answer.status == 401:
            forget(used)
            if body is None:
                await answer.discard()
                answer = await self._call(request, target, await token(), None)
        return answer

    async def _call_as_session(
        self, exchange: Exchange, request: Request, target: bytes, body: BodySource | None
    ) -> None:
        """Make the call with the session's token, and pass the answer on."""
        session = await self._sessions.of(exchange)
        answer = await self._call(request, target, session.access_token, body)
        if answer.status == 401:
            answer = await self._after_refusal(exchange, request, target, session, refused=answer)
        more: Fields = []
        if answer.status == 403:
            hint = self._elevation.hint(request.method, target.partition(b"?")[0], session)
            more = self._explanation(exchange, hint)
        await self._pass_on(exchange, target, answer, more)

    async def _call_as_app(
        self, exchange: Exchange, target: bytes, session: Session, rule: ElevationRule
    ) -> None:
        """Make the call with the app's token, with nothing in it but what the rule names."""
        rule.checked_query(target.partition(b"?")[2])
        sent = await exchange.downstream.read_whole(MAX_WHOLE_BYTES)
        body = rule.checked_body(sent, session)
        self._elevation.count(rule, session)
        request = _with_body(exchange.request, body)
        log.info("request %s runs as the app by rule %s", exchange.request_id, rule.name)
        token = await self._elevation.token()
        answer = await self._call(request, target, token, _Bytes(body))
        if answer.status == 401:
            await answer.discard()
            self._elevation.forget(token)
            token = await self._elevation.token()
            answer = await self._call(request, target, token, _Bytes(body))
        await self._pass_on(exchange, target, answer, [])

    async def _redirect_session(self, exchange: Exchange, target: bytes) -> None:
        """Ask for a redirect session, whose body and answer may hold a session token."""
        if exchange.request.method != "POST":
            # With GET the request stands in the query (`?.r=`), where nothing looks for a token.
            raise CallRefused("A redirect session is made with POST and a JSON body.")
        # The answer is read here, so it must not come compressed.
        fields = headers.without(exchange.request.fields, {b"accept-encoding"})
        request = exchange.request.with_fields(fields)
        if headers.get(fields, b"content-encoding") is not None:
            raise CallRefused("The body of a redirect session must not be compressed.")
        body = await exchange.downstream.read_whole(MAX_WHOLE_BYTES)
        direct = await self._credentials.direct_login(exchange, body)
        if direct is not None:
            await exchange.downstream.answer(200, *json_answer(direct))
            return
        leads_back = check_redirect_session(body, exchange.front.public, self._allowed_origins)
        session = await self._sessions.of(exchange)
        request = _with_body(request, body)
        answer = await self._call(request, target, session.access_token, _Bytes(body))
        if answer.status == 401:
            answer = await self._after_refusal(
                exchange, request, target, session, refused=answer, again=_Bytes(body)
            )
        if answer.status == 200 and leads_back:
            await self._sessions.lead_to_wix(exchange)
        await self._pass_on(exchange, target, answer, [])

    async def _call(
        self, request: Request, target: bytes, token: str, body: BodySource | None
    ) -> Answer:
        fields = [
            (b"Host", self._origin.authority.encode("ascii")),
            *wix_request_fields(headers.request_fields(request.fields), token),
        ]
        try:
            return await self._pool.send(
                self._origin, replace(request, target=target, fields=fields), body
            )
        except UpstreamError as error:
            raise WixUnavailable(f"Wix at {self._origin} did not answer the call.") from error

    async def _after_refusal(
        self,
        exchange: Exchange,
        request: Request,
        target: bytes,
        session: Session,
        *,
        refused: Answer,
        again: BodySource | None = None,
    ) -> Answer:
        """Get another token, since Wix refused one that looked valid, and call once more.

        A call whose body is gone, because it is not there `again`, is not
        repeated; it gets Wix's answer, and the next call the new token.
        """
        try:
            renewed = await self._sessions.after_refusal(exchange, session)
        except WixUnavailable:
            return refused
        if request.has_body and again is None:
            return refused
        await refused.discard()
        return await self._call(request, target, renewed.access_token, again)

    async def _pass_on(
        self, exchange: Exchange, target: bytes, answer: Answer, more: Fields
    ) -> None:
        """Give Wix's answer to the browser, without what would speak for our origin."""
        try:
            await self._relay(exchange, target, answer, more)
        except UpstreamError as error:
            raise WixUnavailable("Wix's answer broke off in the middle.") from error

    async def _relay(self, exchange: Exchange, target: bytes, answer: Answer, more: Fields) -> None:
        fields = wix_answer_fields(headers.answer_fields(answer.fields, answer.status))
        fields = api_locations(fields, str(self._origin))
        fields += fetch_metadata.cors_fields(exchange.request, self._allowed_origins)
        fields += [(b"Vary", fetch_metadata.GUARD_VARY), *more]
        if is_redirect_session(target):
            body = await _whole(answer)
            fields = headers.without(fields, {b"content-length", b"content-encoding"})
            if answer.status == 200:
                body = without_session_token(body)
            elif what_to_do := advice(body.decode("utf-8", "replace")):
                fields += self._explanation(exchange, what_to_do)
            await exchange.downstream.answer(answer.status, fields, body)
            return
        await relay(answer, exchange.downstream, request=exchange.request, fields=fields)

    def _explanation(self, exchange: Exchange, sentence: str) -> Fields:
        """Log why Wix refused the call, and tell it to whoever develops the page."""
        log.warning("request %s: %s", exchange.request_id, sentence)
        return [(EXPLANATION, sentence.encode("ascii", "replace"))] if self._explains else []


def _with_body(request: Request, body: bytes) -> Request:
    """Return the request with a body of known length."""
    fields = headers.without(request.fields, {b"content-length"})
    if body or request.has_body:
        fields = [*fields, (b"Content-Length", str(len(body)).encode())]
    length = len(body) if body or request.has_body else None
    return replace(request, fields=fields, content_length=length, chunked=False)


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
        if size > MAX_WHOLE_BYTES:
            answer.abort()
            raise WixUnavailable("Wix answered a redirect session with too many bytes.")
    return b"".join(parts)
