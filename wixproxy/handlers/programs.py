"""Calls of programs: as the app below `/_wix/elevated/`, or as the caller whose handle they hold.

The backend listener alone asks. What hands out credentials is refused here,
too; a 403 of Wix is explained.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import partial

from ..elevation import Elevation
from ..errors import CallRefused, RequestRefused, quoted
from ..exchange import Exchange
from ..sansio import explanation, headers
from ..sansio.api_paths import api_target, check_call
from ..sansio.call_rules import CallRules, hands_out_credentials
from ..sansio.exchange import Request
from ..sansio.redirect_sessions import is_redirect_session
from ..wire.answer import Answer
from ..wix.callers import Callers
from ..wix_calls import WixCalls

ELEVATED_PREFIX = b"/_wix/elevated"
INSTANCE_FIELD = b"x-wixproxy-instance"
CALLER_FIELD = b"x-wixproxy-caller"

_GUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE).fullmatch


class ProgramCalls:
    """Sends programs' calls to Wix."""

    def __init__(
        self, calls: WixCalls, rules: CallRules, elevation: Elevation, callers: Callers
    ) -> None:
        self._calls = calls
        self._rules = rules
        self._elevation = elevation
        self._callers = callers

    async def as_app(self, exchange: Exchange) -> None:
        """Answer one call that runs as the app, for the instance that the program names."""
        request = exchange.request
        target = api_target(request.target, ELEVATED_PREFIX)
        if hands_out_credentials(target.partition(b"?")[0]):
            raise CallRefused("This call would hand out credentials, so it never passes the proxy.")
        token = partial(self._elevation.token, _named_instance(request))
        answer = await self._call_with(exchange, target, token, self._elevation.forget)
        await self._pass_on(exchange, target, answer, explanation.as_app(None))

    async def as_caller(self, exchange: Exchange) -> None:
        """Answer one call as the caller of a dashboard page, whose handle the program hands on.

        What a browser may not call, such a caller may not call here either.
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
        await self._pass_on(exchange, target, answer, explanation.as_caller(held.identity))

    async def _call_with(
        self,
        exchange: Exchange,
        target: bytes,
        token: Callable[[], Awaitable[str]],
        forget: Callable[[str], None],
    ) -> Answer:
        """Make the call; with a token that Wix refuses, once more with another one."""
        request = exchange.request
        body = exchange.downstream if request.has_body else None
        used = await token()
        answer = await self._calls.send(request, target, used, body)
        if answer.status == 401:
            forget(used)
            if body is None:
                await answer.discard()
                answer = await self._calls.send(request, target, await token(), None)
        return answer

    async def _pass_on(self, exchange: Exchange, target: bytes, answer: Answer, why: str) -> None:
        """Pass Wix's answer on; `why` explains it if it is a 403."""
        more = self._calls.explain(exchange, why) if answer.status == 403 else []
        await self._calls.pass_on(exchange, target, answer, more)


def _named_instance(request: Request) -> str | None:
    """Return the id of the instance that a program names; raises `RequestRefused` for no id."""
    named = headers.get(request.fields, INSTANCE_FIELD)
    if named is None:
        return None
    if not _GUID(named):
        raise RequestRefused(
            "Expected the id of an instance in X-Wixproxy-Instance, a GUID as an event's "
            f"X-Wix-Instance-Id is, found {quoted(named)}. Leave the field out for the "
            "instance of site.instance_id."
        )
    return named.decode("ascii")
