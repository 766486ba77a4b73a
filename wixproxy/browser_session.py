"""The session of one exchange: what the browser showed, what it has now, what it is told.

1. A cookie joins an answer only where the answer is the browser's own: a
   navigation, a same-origin `fetch`, a route of ours. Never an asset, never
   an answer meant for shared caches. Where it joins, the answer becomes
   `private`: without that word a cache may keep whatever has an age, or none
   (RFC 9111 §3), and `Vary: Cookie` alone would hand one new visitor's session
   to the next, for both come without a cookie.
2. When the head is written, the newest version known for the session goes
   with it, whoever made it: a sibling, the frontend's own call, a renewal
   that was just waited for.
3. Nothing is written over a session that could not be read, and nothing for
   a session that another one has replaced.
4. What the store does not take, the browser is not told. A page, and a call
   whose session is good without it, go on with what there was; who cannot do
   without asks by `start`, `keep` or `replace`, which raise `StoreUnavailable`.
"""

from __future__ import annotations

import asyncio
import logging
import re

from .errors import SessionEnded, SessionUnreadable, StoreUnavailable
from .front import Front
from .sansio import cookies, headers
from .sansio.exchange import Fields
from .sansio.names import Remembered
from .sansio.session import Session

HEAD_WAITS_SECONDS = 2.0

_SHARED = re.compile(rb"(?:^|[,\s])(?:s-maxage|immutable)\b", re.IGNORECASE)
_PUBLIC = re.compile(rb"(?:^|(?<=[,\s]))public(?=$|[,\s])", re.IGNORECASE)
_UNSHARED = re.compile(rb"(?:^|[,\s])(?:private|no-store)(?=$|[,\s])", re.IGNORECASE)
# What speaks to shared caches alone, and outranks Cache-Control there: RFC 9213
# (`CDN-Cache-Control`, `Vercel-CDN-Cache-Control`, …) and its predecessors.
_TO_SHARED_CACHES = re.compile(
    rb"(?:[a-z0-9]+-)?cdn-cache-control|surrogate-control|edge-control|x-accel-expires",
    re.IGNORECASE,
).fullmatch
_IS_TO_SHARED_CACHES = Remembered(lambda name: _TO_SHARED_CACHES(name) is not None)
_FORBIDS_KEEPING = re.compile(rb"(?:^|[,\s])(?:private|no-store|no-cache)\b|^0$", re.IGNORECASE)

log = logging.getLogger("wixproxy.session")


class BrowserSession:
    """One exchange's view of its browser's session."""

    __slots__ = (
        "_fields",
        "_front",
        "_lines",
        "_may_carry",
        "_shown",
        "_shown_cookies",
        "_shown_text",
        "current",
        "ended",
        "renewal",
        "unreadable",
    )

    def __init__(self, front: Front, fields: Fields, *, may_carry: bool) -> None:
        self._front = front
        self._may_carry = may_carry
        self._fields = fields
        self._shown_cookies: list[tuple[str, str]] | None = None
        self._shown_text: str | None = None
        # Most requests for files bring no session, which costs no parsing to see.
        if cookies.mentions(fields, front.cookies.session):
            self._shown_text = cookies.session_text(self.shown_cookies, front.cookies)
        self._shown: Session | None = None
        self._lines: list[bytes] = []
        self.current: Session | None = None
        self.ended: SessionEnded | None = None
        self.unreadable: SessionUnreadable | StoreUnavailable | None = None
        self.renewal: asyncio.Task[Session] | None = None

    @property
    def is_shown(self) -> bool:
        """Whether a cookie came that may be a session's."""
        return self._shown_text is not None

    @property
    def shown_cookies(self) -> list[tuple[str, str]]:
        """The cookies that came with the request."""
        if self._shown_cookies is None:
            self._shown_cookies = cookies.pairs(self._fields)
        return self._shown_cookies

    @property
    def is_known(self) -> bool:
        """Whether the cookie that came is a session's: open, ended, or not readable for now."""
        return self.current is not None or self.ended is not None or self.unreadable is not None

    async def open(self, *, slides: bool) -> None:
        """Find out which session the browser shows; `slides` counts this as a use of it.

        An ended session gives way to what replaced it; one that cannot be
        read now stays untouched, and is told by `unreadable`.
        """
        if self._shown_text is None:
            return
        front = self._front
        try:
            shown = await front.store.load(self._shown_text)
        except SessionEnded as ended:
            self.ended = ended
            self.current = front.tokens.replacement(ended)
            return
        except (SessionUnreadable, StoreUnavailable) as error:
            self.unreadable = error
            return
        if shown is None:
            return
        self._shown = shown
        self.current = front.tokens.newest(shown)
        touched = self.current.touched(front.clock())
        if slides and touched is not self.current:
            await self._keep_if_taken(touched)

    async def start(self) -> Session:
        """Begin a visitor's session, still without tokens."""
        visitor = self._visitor()
        await self.keep(visitor)
        return visitor

    async def start_for_page(self) -> None:
        """Begin a visitor's session, if the store takes it: a page is served without one."""
        await self._keep_if_taken(self._visitor())

    async def keep(self, session: Session) -> None:
        """Make this version or session the browser's current one."""
        await self._front.store.save(session)
        self.current = session

    async def replace(self, session: Session) -> None:
        """Give the browser another session, because its identity changed."""
        replaced = self.current
        await self.keep(session)
        if replaced is not None:
            self._front.supersede(replaced)

    def add_line(self, line: bytes) -> None:
        """Add a `Set-Cookie` line that goes with the answer in any case."""
        self._lines.append(line)

    async def accept_from_frontend(self, lines: list[bytes]) -> list[bytes]:
        """Judge the `Set-Cookie` lines of a frontend; return those that pass.

        A frontend that calls the proxy on the browser's behalf hands on what
        it was given. A session of ours is taken over when it opens, is the
        same one and is newer; it is then written by us. Others of our names
        are dropped, because nobody else may set them.
        """
        policy = self._front.cookies
        passing, ours = [], []
        for line in lines:
            # A cookie without a name comes back as its value alone, "=a=b" as "a=b".
            name, _, value = line.partition(b";")[0].lstrip(b" \t=").partition(b"=")
            pair = (name.strip(b" \t").decode("latin-1"), value.strip(b" \t").decode("latin-1"))
            if policy.is_session(pair[0]):
                if pair[1]:
                    ours.append(pair)
            elif not policy.is_login(pair[0]) and pair[0] != policy.hint:
                passing.append(line)
        text = cookies.session_text(ours, policy)
        if text is not None and self.current is not None:
            try:
                offered = await self._front.store.load(text)
            except (SessionEnded, SessionUnreadable, StoreUnavailable):
                offered = None
            if offered is not None and offered.is_newer_than(self.current):
                await self._keep_if_taken(offered)
        return passing

    async def pairs_for_frontend(self) -> list[tuple[str, str]] | None:
        """Return the session cookie as the frontend shall see it; None leaves it as it came."""
        if self.unreadable is not None:
            return None
        if self.current is None:
            return []
        newest = self._front.tokens.newest(self.current)
        if self._shown is not None and newest.version == self._shown.version:
            return None
        try:
            text = await self._front.store.save(newest)
        except StoreUnavailable as error:
            _log_unwritten(error)
            return None
        return cookies.session_pairs(text, self._front.cookies)

    def _visitor(self) -> Session:
        return Session.visitor(self._front.clock(), self._front.limits)

    async def _keep_if_taken(self, session: Session) -> None:
        try:
            await self.keep(session)
        except StoreUnavailable as error:
            _log_unwritten(error)

    async def before_head(self, status: int, fields: Fields) -> Fields:
        """Let the session join the answer."""
        if self.renewal is not None:
            await asyncio.wait([self.renewal], timeout=HEAD_WAITS_SECONDS)
        lines = list(self._lines)
        if self._may_carry:
            lines += await self._session_lines(fields)
        if not lines:
            return fields
        return [*_private(fields), *((b"Set-Cookie", line) for line in lines)]

    async def _session_lines(self, fields: Fields) -> list[bytes]:
        """Return what the session has to tell by an answer with these fields."""
        front, current = self._front, self.current
        if current is None or self.unreadable is not None or front.is_superseded(current):
            return []
        newest = front.tokens.newest(current)
        remaining = newest.remaining_seconds(front.clock(), front.limits)
        lines = self._hint_lines(newest, remaining)
        shown = self._shown
        is_told = shown is newest or (
            shown is not None and (shown.id, shown.version) == (newest.id, newest.version)
        )
        # Most sessions have nothing new to tell, which costs less to see than who may keep it.
        if (is_told and not lines) or _is_shared(fields):
            return []
        if is_told:
            return lines
        try:
            text = await front.store.save(newest)
            return cookies.set_session(text, front.cookies, remaining, self.shown_cookies) + lines
        except StoreUnavailable as error:
            _log_unwritten(error)
            return []

    def _hint_lines(self, session: Session, remaining: int) -> list[bytes]:
        policy = self._front.cookies
        pair = (policy.hint, f"v1.{session.identity}.{session.hint}")
        unchanged = pair in self.shown_cookies and (
            self._shown is not None and self._shown.touched_at == session.touched_at
        )
        if unchanged:
            return []
        return [cookies.set_hint(session.identity, session.hint, policy, remaining)]


def _log_unwritten(error: StoreUnavailable) -> None:
    log.error("a session could not be written: %s", error)


def _is_shared(fields: Fields) -> bool:
    """Tell whether the answer is meant for shared caches, to be kept for everybody."""
    if any(map(_SHARED.search, headers.get_all(fields, b"cache-control"))):
        return True
    to_shared_caches = [value for name, value in fields if _IS_TO_SHARED_CACHES[name]]
    return not all(map(_FORBIDS_KEEPING.search, to_shared_caches))


def _private(fields: Fields) -> Fields:
    """Mark an answer that sets cookies as one browser's own (RFC 9111 §7.3)."""
    marked: Fields = []
    for name, value in fields:
        is_policy = name.lower() == b"cache-control"
        marked.append((name, _PUBLIC.sub(b"private", value) if is_policy else value))
    if not any(map(_UNSHARED.search, headers.get_all(marked, b"cache-control"))):
        marked.append((b"Cache-Control", b"private"))
    if not {b"cookie", b"*"} & set(headers.tokens(fields, b"vary")):
        marked.append((b"Vary", b"Cookie"))
    return marked
