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
   the browser was led to Wix. One that logs out ends the session here as well.
"""

from __future__ import annotations

import logging
from typing import Any

from ..credential_calls import CredentialCalls
from ..credential_throttle import CredentialThrottle
from ..elevation import Elevation
from ..errors import CallRefused, WixUnavailable, quoted
from ..exchange import Exchange
from ..member_logout import MemberLogout
from ..pages import json_answer
from ..sansio import explanation, fetch_metadata, headers
from ..sansio.api_fields import elevated_fields
from ..sansio.api_paths import api_target, check_call
from ..sansio.call_rules import CallRules
from ..sansio.elevation import ElevationRule
from ..sansio.exchange import BodySource, Fields, Request
from ..sansio.identity_calls import IDENTITY_CALLS, sends_mail
from ..sansio.redirect_sessions import (
    AskedLogout,
    answer_with,
    asked_logout,
    check_redirect_session,
    is_redirect_session,
)
from ..sansio.session import Session
from ..usable_session import UsableSessions
from ..wire.answer import Answer
from ..wix_calls import KnownBody, WixCalls, read_json, with_json

log = logging.getLogger("wixproxy.api")


class WixApi:
    """Sends browsers' calls to Wix."""

    def __init__(
        self,
        calls: WixCalls,
        rules: CallRules,
        *,
        allowed_origins: frozenset[str],
        sessions: UsableSessions,
        credentials: CredentialCalls,
        throttle: CredentialThrottle,
        elevation: Elevation,
        member_logout: MemberLogout,
    ) -> None:
        self._calls = calls
        self._rules = rules
        self._allowed_origins = allowed_origins
        self._sessions = sessions
        self._credentials = credentials
        self._throttle = throttle
        self._elevation = elevation
        self._member_logout = member_logout

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
        self._check(exchange, target)
        if is_redirect_session(target):
            await self._redirect_session(exchange, target)
            return
        if sends_mail(path):
            await self._throttle.take("mail", exchange, None)
        body = exchange.downstream if request.has_body else None
        await self._call_as_session(exchange, request, target, body)

    def _check(self, exchange: Exchange, target: bytes) -> None:
        """Refuse what never passes; where a rule lets others, say for whom it is."""
        method, path = exchange.request.method, target.partition(b"?")[0]
        try:
            check_call(method, target, self._rules)
        except CallRefused as refusal:
            session = exchange.session.current
            if session is None or not self._elevation.concerns(method, path):
                raise
            why = self._elevation.explain(method, path, session)
            self._calls.explain(exchange, why)
            told = f"{refusal.message} {why}" if self._calls.explains else refusal.message
            raise CallRefused(told) from None

    async def _call_as_session(
        self, exchange: Exchange, request: Request, target: bytes, body: BodySource | None
    ) -> None:
        """Make the call with the session's token, and pass the answer on."""
        session = await self._sessions.of(exchange)
        answer = await self._calls.send(request, target, session.access_token, body)
        if answer.status == 401:
            answer = await self._after_refusal(exchange, request, target, session, refused=answer)
        more: Fields = []
        if answer.status == 403:
            why = self._elevation.explain(request.method, target.partition(b"?")[0], session)
            more = self._calls.explain(exchange, why)
        await self._calls.pass_on(exchange, target, answer, more)

    async def _call_as_app(
        self, exchange: Exchange, target: bytes, session: Session, rule: ElevationRule
    ) -> None:
        """Make the call with the app's token, with nothing in it but what the rule names."""
        rule.checked_query(target.partition(b"?")[2])
        body = rule.checked_body(await read_json(exchange), session)
        await self._elevation.count(rule, session)
        fields = elevated_fields(exchange.request.fields)
        request = with_json(exchange.request.with_fields(fields), body)
        log.info("request %s runs as the app by rule %s", exchange.request_id, rule.name)
        token = await self._elevation.token()
        answer = await self._calls.send(request, target, token, KnownBody(body))
        if answer.status == 401:
            await answer.discard()
            self._elevation.forget(token)
            token = await self._elevation.token()
            answer = await self._calls.send(request, target, token, KnownBody(body))
        more: Fields = []
        if answer.status == 403:
            more = self._calls.explain(exchange, explanation.as_app(rule))
        await self._calls.pass_on(exchange, target, answer, more)

    async def _redirect_session(self, exchange: Exchange, target: bytes) -> None:
        """Ask for a redirect session, whose body and answer may hold a session token."""
        if exchange.request.method != "POST":
            # With GET the request stands in the query (`?.r=`), where nothing looks for a token.
            raise CallRefused("A redirect session is made with POST and a JSON body.")
        # The answer is read here, so it must not come compressed.
        fields = headers.without(exchange.request.fields, {b"accept-encoding"})
        request = exchange.request.with_fields(fields)
        body = await read_json(exchange)
        direct = await self._credentials.direct_login(exchange, body)
        if direct is not None:
            await self._answer(exchange, direct)
            return
        leads_back = check_redirect_session(body, exchange.front.public, self._allowed_origins)
        if (leaving := asked_logout(body)) is not None:
            await self._log_out(exchange, leaving)
            return
        session = await self._sessions.of(exchange)
        request = with_json(request, body)
        answer = await self._calls.send(request, target, session.access_token, KnownBody(body))
        if answer.status == 401:
            answer = await self._after_refusal(
                exchange, request, target, session, refused=answer, again=KnownBody(body)
            )
        if answer.status == 200 and leads_back:
            await self._sessions.lead_to_wix(exchange)
        await self._calls.pass_on(exchange, target, answer)

    async def _log_out(self, exchange: Exchange, leaving: AskedLogout) -> None:
        """End the session as `/_wix/logout` does; without Wix the page goes on by itself."""
        location = await self._member_logout.end(exchange, leaving.body)
        back = leaving.post_flow_url or exchange.front.public.join("/")
        await self._answer(exchange, answer_with(location or back, exchange.request_id))

    async def _answer(self, exchange: Exchange, values: dict[str, Any]) -> None:
        """Answer in Wix's place."""
        fields, body = json_answer(values)
        fields += fetch_metadata.cors_fields(exchange.request, self._allowed_origins)
        await exchange.downstream.answer(200, fields, body)

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
        return await self._calls.send(request, target, renewed.access_token, again)
