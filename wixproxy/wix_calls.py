"""Send one call to Wix with a token, and give its answer back without what speaks for our origin.

1. The bytes behind the prefix are the bytes that are sent.
2. The token is attached after everything of the caller's that could be one is
   gone; nothing of it comes back.
3. A body that was judged here travels as what it was read as, JSON in UTF-8,
   whatever the caller called it; so it is refused where it comes compressed.
4. Why Wix refused is told to the operator, and in dev to the caller.
"""

from __future__ import annotations

import logging

from .errors import CallRefused, UpstreamError, WixUnavailable
from .exchange import Exchange
from .sansio import fetch_metadata, headers
from .sansio.api_fields import wix_answer_fields, wix_request_fields
from .sansio.exchange import BodySource, Fields, Request
from .sansio.locations import RELOCATING, api_locations
from .sansio.origin import Origin
from .sansio.redirect_sessions import advice, is_redirect_session, without_session_token
from .wire.answer import Answer
from .wire.forward import relay
from .wire.pool import Pool

MAX_WHOLE_BYTES = 64 * 1024

# In dev this field tells why Wix refused a call, and which rule would allow it.
EXPLANATION = b"X-Wixproxy-Explanation"

log = logging.getLogger("wixproxy.api")


class WixCalls:
    """The way to Wix's API and back."""

    def __init__(
        self, pool: Pool, origin: Origin, *, allowed_origins: frozenset[str], explains: bool
    ) -> None:
        self._pool = pool
        self._origin = origin
        self._host = (b"Host", origin.authority.encode("ascii"))
        self._allowed_origins = allowed_origins
        self.explains = explains

    async def send(
        self, request: Request, target: bytes, token: str, body: BodySource | None
    ) -> Answer:
        """Make the call with a token; raises `WixUnavailable`."""
        fields = [
            self._host,
            *wix_request_fields(headers.request_fields(request.fields), token),
        ]
        try:
            return await self._pool.send(self._origin, request.sent_as(target, fields), body)
        except UpstreamError as error:
            raise WixUnavailable(f"Wix at {self._origin} did not answer the call.") from error

    async def pass_on(
        self, exchange: Exchange, target: bytes, answer: Answer, more: Fields | None = None
    ) -> None:
        """Give Wix's answer to whoever called, with these fields added."""
        try:
            await self._relay(exchange, target, answer, more or [])
        except UpstreamError as error:
            raise WixUnavailable("Wix's answer broke off in the middle.") from error

    def explain(self, exchange: Exchange, sentence: str) -> Fields:
        """Log why a call was refused; return what tells it to whoever develops the page."""
        log.warning("request %s: %s", exchange.request_id, sentence)
        return [(EXPLANATION, sentence.encode("ascii", "replace"))] if self.explains else []

    async def _relay(self, exchange: Exchange, target: bytes, answer: Answer, more: Fields) -> None:
        fields = wix_answer_fields(headers.answer_fields(answer.fields, answer.status))
        if headers.has_any(answer.fields, RELOCATING):
            fields = api_locations(fields, str(self._origin))
        fields += fetch_metadata.cors_fields(exchange.request, self._allowed_origins)
        fields += [(b"Vary", fetch_metadata.GUARD_VARY), *more]
        if is_redirect_session(target):
            body = await _whole(answer)
            fields = headers.without(fields, {b"content-length", b"content-encoding"})
            if answer.status == 200:
                body = without_session_token(body)
            elif what_to_do := advice(body.decode("utf-8", "replace")):
                fields += self.explain(exchange, what_to_do)
            await exchange.downstream.answer(answer.status, fields, body)
            return
        await relay(answer, exchange.downstream, request=exchange.request, fields=fields)


class KnownBody:
    """A body that is here already."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self) -> bytes:
        """Return all of it, then nothing."""
        body, self._body = self._body, b""
        return body


async def read_json(exchange: Exchange) -> bytes:
    """Return the caller's whole body, to be judged; raises `CallRefused` for a compressed one."""
    if headers.get(exchange.request.fields, b"content-encoding") is not None:
        raise CallRefused(
            "The body of this call is looked at, so it must not be compressed: send plain JSON."
        )
    return await exchange.downstream.read_whole(MAX_WHOLE_BYTES)


def with_json(request: Request, body: bytes) -> Request:
    """Return the request with the body that was judged, or with none."""
    fields = headers.without(request.fields, {b"content-length", b"content-type"})
    if body:
        fields = [*fields, (b"Content-Type", b"application/json")]
    if body or request.has_body:
        fields = [*fields, (b"Content-Length", str(len(body)).encode())]
    length = len(body) if body or request.has_body else None
    return request._replace(fields=fields, content_length=length, chunked=False)


async def _whole(answer: Answer) -> bytes:
    parts, size = [], 0
    while piece := await answer.read():
        parts.append(piece)
        size += len(piece)
        if size > MAX_WHOLE_BYTES:
            answer.abort()
            raise WixUnavailable("Wix answered a redirect session with too many bytes.")
    return b"".join(parts)
