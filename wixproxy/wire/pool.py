"""Send requests to upstreams over connections that are kept and used again.

Law of repetition: a request goes out a second time only when a connection
that had served before died without a byte of an answer, there is no body,
and the method may be repeated (RFC 9110 §9.2.2), or nothing of it had been
sent. A POST is never sent twice.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..errors import UpstreamUnavailable
from ..sansio.exchange import BodySource, Fields, Request
from ..sansio.headers import get
from ..sansio.origin import Origin
from .answer import Answer
from .connection import Connection
from .dial import dial
from .incoming import Incoming
from .outbox import Outbox
from .places import Places
from .upload import request_head, upload

OnInterim = Callable[[int, Fields], Awaitable[None]]

REPEATABLE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY"})
# A server about to close an idle connection may do it while a request is on
# its way. What cannot be repeated takes only a connection just used.
FRESH_IDLE_SECONDS = 2.0
# How much earlier than an upstream announces its connections are let go.
KEEP_ALIVE_MARGIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long an upstream may take, in seconds; there is no limit on the whole.

    `connect_seconds` is for a place in the pool, and again for the connection,
    `first_byte_seconds` runs from the end of the request to the answer's
    head, `idle_seconds` between two pieces of a body in either direction,
    `kept_seconds` while a connection waits for its next request.
    """

    connect_seconds: float = 10.0
    first_byte_seconds: float = 60.0
    idle_seconds: float = 300.0
    kept_seconds: float = 30.0


class Pool:
    """The connections to all upstreams of one kind; `tls` verifies those that speak TLS.

    An upstream has at most `max_per_origin` of them, those aside that were
    switched to another protocol: they may last for days and ask for nothing. At
    most `max_idle_per_origin` are kept while they wait for a request, and the
    head of an answer may have `max_answer_head_bytes`.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        timeouts: Timeouts | None = None,
        max_per_origin: int = 1_024,
        max_idle_per_origin: int = 1_024,
        max_answer_head_bytes: int = 64 * 1024,
    ) -> None:
        self._tls = tls
        self._timeouts = timeouts or Timeouts()
        self._max = max_per_origin
        self._max_idle = max_idle_per_origin
        self._max_head_bytes = max_answer_head_bytes
        self._outbox = Outbox()
        self._idle: dict[Origin, list[Connection]] = {}
        self._open: set[Connection] = set()
        self._places: dict[Origin, Places] = {}
        self._serving: set[Connection] = set()
        self._sweep_timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._emptied: asyncio.Future[None] | None = None

    @property
    def open_connections(self) -> int:
        """How many connections are open, idle ones included."""
        return len(self._open)

    @property
    def idle_connections(self) -> int:
        """How many connections wait for a request."""
        return sum(map(len, self._idle.values()))

    async def send(
        self,
        origin: Origin,
        request: Request,
        body: BodySource | None = None,
        *,
        on_interim: OnInterim | None = None,
    ) -> Answer:
        """Send the request and return its answer as soon as the final head is there.

        The body is sent while the answer may already come. Raises
        `UpstreamUnavailable`, `UpstreamTimeout`, `UpstreamBusy`, `UpstreamMalformed`, and
        what `body` or `on_interim` raise. Whoever cancels closes the
        upstream connection.
        """
        if self._closed:
            raise UpstreamUnavailable("The proxy is shutting down.")
        has_body = request.has_body
        if has_body and body is None:
            raise ValueError("the request announces a body, and none was given")
        head = request_head(request)
        repeatable = not has_body and request.method in REPEATABLE_METHODS
        connection = self._at_hand(origin, repeatable)
        if connection is None:
            connection = await self._connection(origin, repeatable=repeatable)
        reused = connection.reused
        incoming = connection.start(request, head)
        try:
            answer = await self._answer(connection, incoming, request, body, on_interim)
        except UpstreamUnavailable:
            was_sent = has_body or not incoming.sending
            if incoming.begun or not reused or (was_sent and not repeatable):
                raise
        else:
            # Some servers say goodbye to an idle connection with a 408.
            if not (answer.status == 408 and repeatable and reused and _closes(answer)):
                return answer
            answer.abort()
        connection = await self._connection(origin, afresh=True)
        incoming = connection.start(request, head)
        return await self._answer(connection, incoming, request, body, on_interim)

    async def reach(self, origin: Origin) -> None:
        """Find out whether the origin takes connections; raises as `send` does."""
        (await self._dial(origin)).abort()

    async def close(self) -> None:
        """Close every connection, also those in use."""
        self._closed = True
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
            self._sweep_timer = None
        for places in self._places.values():
            places.close()
        for connection in list(self._open):
            connection.abort()
        if self._open:
            self._emptied = asyncio.get_running_loop().create_future()
            await self._emptied

    async def _answer(
        self,
        connection: Connection,
        incoming: Incoming,
        request: Request,
        body: BodySource | None,
        on_interim: OnInterim | None,
    ) -> Answer:
        """Return the answer that arrives in `incoming`."""
        if body is not None and request.has_body:
            idle = self._timeouts.idle_seconds
            incoming.upload = asyncio.create_task(upload(request, body, connection, incoming, idle))
        seconds = self._timeouts.first_byte_seconds
        try:
            while True:
                status, fields = await incoming.next_head(seconds)
                if status >= 200 or incoming.switched:
                    if incoming.switched:
                        self._free_place(connection)
                    return Answer(connection, incoming, self._timeouts.idle_seconds)
                if on_interim is not None:
                    await on_interim(status, fields)
        except BaseException as error:
            incoming.cancel(error)
            raise

    def _at_hand(self, origin: Origin, repeatable: bool) -> Connection | None:
        """Return a kept connection with a place, if there are both just now."""
        places = self._places.get(origin)
        if places is None or not places.take_at_once():
            return None
        connection = self._reuse(origin, repeatable)
        if connection is None:
            places.give_back()
        else:
            self._serving.add(connection)
        return connection

    async def _connection(
        self, origin: Origin, *, repeatable: bool = False, afresh: bool = False
    ) -> Connection:
        """Return a connection with a place; `afresh` one that has served nobody before."""
        places = self._places.get(origin)
        if places is None:
            places = self._places[origin] = Places(origin, self._max)
        await places.take(self._timeouts.connect_seconds)
        try:
            connection = None if afresh else self._reuse(origin, repeatable)
            if connection is None:
                self._make_room(origin, places)
                connection = await self._dial(origin)
        except BaseException:
            places.give_back()
            raise
        if connection.is_open:
            self._serving.add(connection)
        else:
            places.give_back()
        return connection

    def _make_room(self, origin: Origin, places: Places) -> None:
        """Close the connection idle for longest, if there would be too many with a new one."""
        idle = self._idle.get(origin)
        if idle and places.taken + len(idle) > self._max:
            idle.pop(0).abort()

    def _free_place(self, connection: Connection) -> None:
        """Let the next one in; the connection asks for nothing any more."""
        if connection in self._serving:
            self._serving.discard(connection)
            self._places[connection.origin].give_back()

    async def _dial(self, origin: Origin) -> Connection:
        def make() -> Connection:
            return Connection(
                origin,
                max_head_bytes=self._max_head_bytes,
                outbox=self._outbox,
                on_idle=self._keep,
                on_lost=self._lost,
            )

        tls = None
        if origin.is_tls:
            if self._tls is None:
                self._tls = ssl.create_default_context()
            tls = self._tls
        connection = await dial(origin, make, tls, self._timeouts.connect_seconds)
        if connection.is_open:
            self._open.add(connection)
        return connection

    def _reuse(self, origin: Origin, repeatable: bool) -> Connection | None:
        """Return the connection used last, if it may still be trusted."""
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            waited = connection.idle_seconds
            if not connection.is_open or waited >= self._kept_seconds(connection):
                connection.abort()
            elif not repeatable and waited > FRESH_IDLE_SECONDS:
                idle.append(connection)
                return None
            else:
                return connection
        return None

    def _keep(self, connection: Connection) -> None:
        idle = self._idle.setdefault(connection.origin, [])
        if self._closed or len(idle) >= self._max_idle:
            connection.abort()
            return
        idle.append(connection)
        self._free_place(connection)
        if self._sweep_timer is None:
            self._schedule_sweep()

    def _lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        self._free_place(connection)
        idle = self._idle.get(connection.origin)
        if idle and connection in idle:
            idle.remove(connection)
        if not self._open and self._emptied is not None and not self._emptied.done():
            self._emptied.set_result(None)

    def _kept_seconds(self, connection: Connection) -> float:
        kept = self._timeouts.kept_seconds
        if connection.idle_limit is None:
            return kept
        return min(kept, max(0.0, connection.idle_limit - KEEP_ALIVE_MARGIN_SECONDS))

    def _schedule_sweep(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweep_timer = loop.call_later(self._timeouts.kept_seconds / 4, self._sweep)

    def _sweep(self) -> None:
        """Close what has been idle for too long, and come again while any is left."""
        self._sweep_timer = None
        for idle in self._idle.values():
            over = {one for one in idle if one.idle_seconds > self._kept_seconds(one)}
            idle[:] = [one for one in idle if one not in over]
            for connection in over:
                connection.abort()
        self._idle = {origin: idle for origin, idle in self._idle.items() if idle}
        if self._idle:
            self._schedule_sweep()


def _closes(answer: Answer) -> bool:
    return b"close" in (get(answer.fields, b"connection") or b"").lower()
