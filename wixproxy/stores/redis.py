"""Keep sessions in Redis, so that many processes share them; the browser holds the id alone.

1. A record opens only with the id that the cookie holds (`sansio.session_record`).
2. An older version never overwrites a newer one, and nothing overwrites an
   end: Redis compares, so that it holds between processes.
3. `exclusive` spans processes. Its lease outlasts the work it guards, so a
   second process comes in only when the first is dead.
4. An outage logs nobody out. Sessions known here are used on; a new version
   of one waits here until Redis is back; a session that is not known, and a
   new one, get `StoreUnavailable`. Not found is not the same as not reached.
5. What another process ended or renewed is noticed within a second; whoever
   renews reads afresh. An end names what took the session's place, so all
   processes lead its browser to the same.

Source: Redis "SET", "Distributed Locks with Redis" (one instance; a lost lock costs one
more renewal, never a session).
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis.asyncio.lock import Lock
from redis.exceptions import LockError, RedisError

from ..errors import SealError, SessionEnded, StoreUnavailable
from ..sansio.ends import End
from ..sansio.session import Limits, Session
from ..sansio.session_record import SEPARATOR, Record, is_session_id
from .locks import Locks
from .redis_client import QUIET_SECONDS, RETRY_AFTER_SECONDS, Client, Patience

MAX_KNOWN = 10_000
FRESH_SECONDS = 1.0
# How long an end is remembered: far longer than a request of before it may be under way.
END_KEPT_SECONDS = 24 * 3600
LOCK_POLL_SECONDS = 0.02
LEASE_MARGIN_SECONDS = 5.0

# Keep the record unless a newer one is there; return the newer one. The version stands in
# front of the first bar, and its text order is the order of versions.
_KEEP_NEWEST = """
local held = redis.call('GET', KEYS[1])
if held and string.match(held, '^[^|]*') > ARGV[2] then return held end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return false
"""

log = logging.getLogger("wixproxy.session")


@dataclass(slots=True)
class _Known:
    """A session as last seen here; `waits` while Redis has not taken this version."""

    session: Session
    record: Record
    read_at: float
    waits: bool = False


class RedisStore:
    """Sessions in Redis, for one public URL.

    `bound_to` as in the cookie store; `prefix` is in front of every name;
    `guarded_seconds` is the longest that the work under `exclusive` can take;
    `fresh_seconds` is how long a session that was just read is taken as it is,
    and `quiet_seconds` how long Redis is left alone after a failure.
    """

    carries_tokens = False

    def __init__(
        self,
        client: Client,
        bound_to: Sequence[str],
        limits: Limits,
        clock: Callable[[], float],
        *,
        guarded_seconds: float,
        prefix: str = "wixproxy:",
        fresh_seconds: float = FRESH_SECONDS,
        quiet_seconds: float = QUIET_SECONDS,
    ) -> None:
        self._client = client
        self._bound_to = tuple(bound_to)
        self._limits = limits
        self._clock = clock
        self._prefix = prefix
        self._fresh_seconds = fresh_seconds
        self._lease_seconds = guarded_seconds + LEASE_MARGIN_SECONDS
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._ends: OrderedDict[str, End] = OrderedDict()
        self._locks = Locks()
        self._readings: dict[str, asyncio.Task[Session | End | None]] = {}
        self._patience = Patience(quiet_seconds)
        self._flush: asyncio.Task[None] | None = None

    def renew(self, limits: Limits) -> None:
        """Go on with other limits."""
        self._limits = limits

    async def load(self, cookie: str) -> Session | None:
        """Return the session of this id; see `SessionStore.load`."""
        if not is_session_id(cookie):
            return None
        found = await self._shared_reading(cookie)
        if isinstance(found, End):
            raise SessionEnded(
                "This session was ended; its cookie is no longer valid.",
                session_id=cookie,
                identity=found.identity,
            )
        if found is None or not found.is_alive(self._clock(), self._limits):
            return None
        return found

    async def save(self, session: Session) -> str:
        """Keep the session; a new version of a known one waits here while Redis is away.

        Raises `StoreUnavailable` for a session that Redis never had.
        """
        known = self._known.get(session.id)
        if session.id in self._ends or (known and not _is_wanted(session, known)):
            return session.id
        record = known.record if known else self._record(session.id)
        try:
            await self._write(record, session)
        except StoreUnavailable:
            if known is None:
                raise
            self._remember(session, record, waits=True)
            self._flush_later()
        return session.id

    async def end(self, session: Session, successor: Session | None = None) -> None:
        """End the session for all processes; raises `StoreUnavailable`."""
        record, end = self._record(session.id), End(session.identity, successor)
        name, text = self._prefix + record.name, record.ended(end)
        await self._patience.asked(lambda: self._client.set(name, text, ex=END_KEPT_SECONDS))
        self._note_end(session.id, end)

    def successor(self, session_id: str) -> Session | None:
        """Return what took the session's place, whichever process ended it."""
        end = self._ends.get(session_id)
        return None if end is None else end.successor_at(self._clock())

    @asynccontextmanager
    async def exclusive(self, session: Session) -> AsyncIterator[Session | None]:
        """Hold the session alone among all processes; raises `StoreUnavailable`."""
        async with self._locks.hold(session.id):
            record = self._record(session.id)
            lock = Lock(
                self._client,
                f"{self._prefix}lock:{record.name}",
                timeout=self._lease_seconds,
                sleep=LOCK_POLL_SECONDS,
                blocking_timeout=self._lease_seconds,
                thread_local=False,
            )
            if not await self._patience.asked(lock.acquire):
                raise StoreUnavailable(
                    "Another process has held this session for too long.",
                    retry_after=RETRY_AFTER_SECONDS,
                )
            try:
                found = await self._read(session.id)
                yield None if isinstance(found, End) else self.newest(session)
            finally:
                await self._released(lock)

    def newest(self, session: Session) -> Session:
        """Return the latest version that was seen here."""
        known = self._known.get(session.id)
        if known is not None and known.session.is_newer_than(session):
            return known.session
        return session

    async def close(self) -> None:
        """Hand over what waits, if Redis takes it now, and let go of it."""
        if self._flush is not None:
            self._flush.cancel()
        await self._hand_over()
        await self._client.aclose()

    # Reading.

    async def _shared_reading(self, session_id: str) -> Session | End | None:
        """Read once for all who ask at once, and not again within a second."""
        end, known = self._ends.get(session_id), self._known.get(session_id)
        if end is not None:
            return end
        now = asyncio.get_running_loop().time()
        if known is not None and (now - known.read_at < self._fresh_seconds or known.waits):
            return known.session
        reading = self._readings.get(session_id)
        if reading is None:
            reading = asyncio.create_task(self._read(session_id))
            self._readings[session_id] = reading
            reading.add_done_callback(lambda done: self._was_read(session_id, done))
        try:
            return await asyncio.shield(reading)
        except StoreUnavailable:
            if known is None:
                raise
            return known.session

    def _was_read(self, session_id: str, reading: asyncio.Task[Session | End | None]) -> None:
        del self._readings[session_id]
        if not reading.cancelled():
            reading.exception()

    async def _read(self, session_id: str) -> Session | End | None:
        record = self._record(session_id)
        held = await self._patience.asked(lambda: self._client.get(self._prefix + record.name))
        if held is None:
            known = self._known.get(session_id)
            if known is None or not known.waits:
                self._known.pop(session_id, None)
                return None
            return known.session
        return self._taken(session_id, record, held)

    def _taken(self, session_id: str, record: Record, held: bytes | str) -> Session | End | None:
        """Note what Redis holds, and return it; None for what is no record of ours."""
        try:
            found = record.read(held if isinstance(held, str) else held.decode("utf-8", "replace"))
        except SealError as error:
            log.warning("a session's record was dropped: %s", error)
            return None
        if isinstance(found, End):
            self._note_end(session_id, found)
            return found
        known = self._known.get(session_id)
        if known is not None and known.session.is_newer_than(found):
            return known.session
        self._remember(found, record)
        return found

    # Writing.

    async def _write(self, record: Record, session: Session) -> None:
        """Write the version, and take over a newer one that Redis has."""
        remaining = session.remaining_seconds(self._clock(), self._limits)
        text = record.written(session)
        arguments = (text, text.partition(SEPARATOR)[0], str(max(1, remaining) * 1000))
        newer = await self._patience.asked(
            lambda: self._client.eval(_KEEP_NEWEST, 1, self._prefix + record.name, *arguments)
        )
        if newer is None:
            self._remember(session, record)
        else:
            self._taken(session.id, record, newer)

    def _remember(self, session: Session, record: Record, *, waits: bool = False) -> None:
        read_at = asyncio.get_running_loop().time()
        self._known[session.id] = _Known(session, record, read_at, waits)
        self._known.move_to_end(session.id)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)

    def _note_end(self, session_id: str, end: End) -> None:
        self._known.pop(session_id, None)
        self._ends[session_id] = end
        if len(self._ends) > MAX_KNOWN:
            self._ends.popitem(last=False)

    def _flush_later(self) -> None:
        if self._flush is None or self._flush.done():
            self._flush = asyncio.create_task(self._flush_when_back())

    async def _flush_when_back(self) -> None:
        await asyncio.sleep(self._patience.quiet_seconds)
        if await self._hand_over():
            self._flush = asyncio.create_task(self._flush_when_back())

    async def _hand_over(self) -> bool:
        """Write what waits; tell whether some of it still does."""
        waiting = [known for known in self._known.values() if known.waits]
        try:
            for known in waiting:
                await self._write(known.record, known.session)
        except StoreUnavailable:
            return True
        if waiting:
            log.info("Redis is back and took %d sessions that had waited", len(waiting))
        return False

    # Redis itself.

    def _record(self, session_id: str) -> Record:
        known = self._known.get(session_id)
        return known.record if known is not None else Record(session_id, self._bound_to)

    async def _released(self, lock: Lock) -> None:
        try:
            await lock.release()
        except (LockError, RedisError, OSError) as error:
            # Its lease ends by itself.
            log.warning("a session's lock could not be released (%s)", type(error).__name__)


def _is_wanted(session: Session, known: _Known) -> bool:
    """Tell whether this version should be written: newer, or the same and still waiting."""
    return session.is_newer_than(known.session) or known.waits
