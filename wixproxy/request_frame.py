"""The frame around every request: it is answered or refused once, and logged in one line.

1. What refuses does so by raising; only `ClientGone` passes, because there is
   nobody to answer.
2. A fault that nobody foresaw goes to the log with its cause; the client
   learns the id that finds it there.
3. Once a head is sent there is no other answer: an incomplete one must look so.
4. Where nobody knows where the next request begins, the connection ends
   (RFC 9112 §9.6).
"""

from __future__ import annotations

import itertools
import logging
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterator

from .downstream import ClientDownstream
from .errors import BodyTooSlow, ClientGone, MalformedRequest, WixproxyError
from .sansio import gate
from .sansio.exchange import Fields
from .service import Service

requests_log = logging.getLogger("wixproxy.requests")


class RequestFrame(ABC):
    """What answers the requests of one listener; `log` hears of its faults."""

    log: logging.Logger

    def __init__(self) -> None:
        self._ids = _request_ids()

    async def serve(self, downstream: ClientDownstream) -> None:
        """Answer one request; raises `ClientGone` when there is nobody to answer."""
        began = time.perf_counter()
        request_id = next(self._ids)
        service = self._service_now()
        try:
            with service.in_use:
                await self._answer(service, downstream, request_id)
                if downstream.tunnel is not None:
                    await _carry(downstream, downstream.tunnel)
        except ClientGone:
            raise
        except WixproxyError as error:
            await self._refuse(downstream, error, request_id)
        except Exception as error:
            self.log.error("request %s failed", request_id, exc_info=error)
            await self._refuse(downstream, WixproxyError(), request_id)
        finally:
            _log_request(downstream, request_id, time.perf_counter() - began)

    async def refuse(self, downstream: ClientDownstream, error: WixproxyError) -> None:
        """Answer a request that could not even be parsed."""
        request_id = next(self._ids)
        await self._refuse(downstream, error, request_id)
        _log_request(downstream, request_id, 0.0)

    @abstractmethod
    def _service_now(self) -> Service:
        """Return the service that a request which begins now is answered with."""

    @abstractmethod
    async def _answer(
        self, service: Service, downstream: ClientDownstream, request_id: str
    ) -> None:
        """Answer one request, or raise what refuses it."""

    @abstractmethod
    def _problem(
        self, downstream: ClientDownstream, error: WixproxyError, request_id: str
    ) -> tuple[Fields, bytes]:
        """Return the fields and the body of a refusal, as this listener's clients read them."""

    async def _refuse(
        self, downstream: ClientDownstream, error: WixproxyError, request_id: str
    ) -> None:
        if downstream.head_sent:
            self.log.warning("request %s was cut short: %s", request_id, error.message)
            downstream.abort()
            return
        if isinstance(error, (MalformedRequest, BodyTooSlow)):
            downstream.close_after()
        if error.status >= 500:
            self.log.warning("request %s: %s: %s", request_id, error.code, error.message)
        fields, body = self._problem(downstream, error, request_id)
        await downstream.answer(error.status, fields, body)


async def _carry(downstream: ClientDownstream, tunnel: Awaitable[None]) -> None:
    """Carry what follows a 101."""
    # A circle otherwise: it knows the connection, which knows the downstream.
    downstream.tunnel = None
    await tunnel


def _request_ids() -> Iterator[str]:
    """Yield what tells a request from all others in the logs of all processes."""
    process = secrets.token_hex(5)
    return (f"{process}{number:06x}" for number in itertools.count())


def pass_gate(downstream: ClientDownstream, limits: gate.Limits) -> None:
    """Let the gate judge the head; where it refuses, the connection ends with the answer."""
    try:
        gate.check(downstream.request, limits)
    except WixproxyError:
        downstream.close_after()
        raise


def _log_request(downstream: ClientDownstream, request_id: str, seconds: float) -> None:
    """Write one line; never the query, which may hold a code."""
    if not requests_log.isEnabledFor(logging.INFO):
        return
    request = downstream.request
    requests_log.info(
        "%s %s %s %d B %.1f ms %s",
        request.method[:32],
        request.path[:200].decode("ascii", "backslashreplace"),
        _outcome(downstream),
        downstream.bytes_sent,
        seconds * 1000,
        request_id,
    )


def _outcome(downstream: ClientDownstream) -> str:
    """Return the status; "cut" stands behind it where the answer was not sent to its end."""
    if downstream.ended:
        return str(downstream.status)
    return f"{downstream.status} cut" if downstream.head_sent else "cut"
