"""Name, read, cut and write the cookies that are ours.

1. On https names carry `__Host-` and cookies are `Secure`; on plain
   `http://localhost` the name carries the port instead, because cookies ignore
   ports and Safari refuses `Secure` there (RFC 6265bis §4.1.3, §8.5).
2. Each has exactly `Path=/; HttpOnly; SameSite=Lax` and no `Domain`. Lax,
   not Strict: a visitor who arrives from a search result would come without
   a Strict cookie, and the proxy would start a second visitor over the first.
   The hint is the one cookie that a page may read; it is never trusted.
3. A value of up to 3,800 characters is one cookie. A longer one is cut into
   `name`, `name-1`, …; the first starts with the count. The seal covers the
   joined text, so a missing, swapped or older piece fails like a flipped bit.
4. A name that comes twice was tossed in by someone else: it counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from .exchange import Fields
from .headers import get_all

SameSite = Literal["Lax", "None"]

# Browsers keep at least 4,096 bytes of name, value and attributes together.
CHUNK_CHARACTERS = 3800
# Servers behind the proxy take 8 to 16 kB of request head, and other cookies
# want their place in it.
MAX_TEXT_CHARACTERS = 2 * CHUNK_CHARACTERS
LOGIN_ATTEMPT_SECONDS = 600
STATE_CHARACTERS_IN_NAME = 8

# A text of that size makes three pieces at most.
_COUNTED = re.compile(r"c([23])\.(.*)", re.DOTALL)
_PIECE_NUMBERS = ("1", "2")
_STATE_IN_NAME = re.compile(rf"[A-Za-z0-9_-]{{{STATE_CHARACTERS_IN_NAME}}}").fullmatch


@dataclass(frozen=True, slots=True)
class CookiePolicy:
    """The names and attributes that follow from one public URL."""

    session: str
    login: str
    hint: str
    secure: bool
    same_site: SameSite = "Lax"

    @classmethod
    def for_origin(cls, scheme: str, port: int, same_site: SameSite = "Lax") -> CookiePolicy:
        """Return the policy of a public URL's scheme and port."""
        if scheme == "https":
            return cls(
                "__Host-wixproxy", "__Host-wixproxy-login-", "wixproxy-hint", True, same_site
            )
        return cls(
            f"wixproxy-{port}", f"wixproxy-{port}-login-", f"wixproxy-hint-{port}", False, "Lax"
        )

    def login_name(self, state: str) -> str:
        """Return the name of the cookie that holds the login attempt of `state`."""
        return self.login + state[:STATE_CHARACTERS_IN_NAME]

    def is_session(self, name: str) -> bool:
        """Tell whether the name is the session cookie's, or a piece's."""
        if not name.startswith(self.session):
            return False
        tail = name[len(self.session) :]
        return not tail or (tail[0] == "-" and tail[1:].isdecimal())

    def is_shown(self, fields: Fields) -> bool:
        """Tell whether a request brings a session cookie, readable or not."""
        return any(self.is_session(name) for name, _ in pairs(fields))

    def is_login(self, name: str) -> bool:
        """Tell whether the name is a login attempt's."""
        return name.startswith(self.login)


def pairs(fields: Fields) -> list[tuple[str, str]]:
    """Return the cookies of a request in order; bytes above 0x7f as latin-1."""
    found = []
    for value in get_all(fields, b"cookie"):
        for pair in value.decode("latin-1").split(";"):
            key, separator, text = pair.partition("=")
            if separator:
                found.append((key.strip(" \t"), text.strip(" \t")))
    return found


def mentions(fields: Fields, name: str) -> bool:
    """Tell whether the text of a request's cookies holds this name anywhere."""
    encoded = name.encode("ascii")
    for value in get_all(fields, b"cookie"):  # noqa: SIM110 - asked for every request
        if encoded in value:
            return True
    return False


def session_text(cookies: Iterable[tuple[str, str]], policy: CookiePolicy) -> str | None:
    """Return the joined text of the session cookie; None if absent, doubled or incomplete."""
    own: dict[str, str] = {}
    for name, value in cookies:
        if policy.is_session(name):
            if name in own:
                return None
            own[name] = value
    first = own.get(policy.session)
    if first is None:
        return None
    counted = _COUNTED.fullmatch(first)
    if counted is None:
        return first
    pieces = [counted[2]]
    for number in range(1, int(counted[1])):
        piece = own.get(f"{policy.session}-{number}")
        if piece is None:
            return None
        pieces.append(piece)
    return "".join(pieces)


def login_texts(cookies: Iterable[tuple[str, str]], policy: CookiePolicy) -> dict[str, str]:
    """Return the sealed login attempts by cookie name, without any that came twice.

    A name that no state of ours makes is left out: it was tossed in, and
    might not even be one that a `Set-Cookie` could repeat.
    """
    found: dict[str, str] = {}
    doubled = set()
    for name, value in cookies:
        if policy.is_login(name) and _STATE_IN_NAME(name.removeprefix(policy.login)):
            if name in found:
                doubled.add(name)
            found[name] = value
    return {name: value for name, value in found.items() if name not in doubled}


def session_pairs(text: str, policy: CookiePolicy) -> list[tuple[str, str]]:
    """Cut the text, of at most `MAX_TEXT_CHARACTERS`, into the cookies that carry it."""
    if len(text) <= CHUNK_CHARACTERS:
        return [(policy.session, text)]
    head = len("c2.")
    pieces = [text[: CHUNK_CHARACTERS - head]]
    rest = text[CHUNK_CHARACTERS - head :]
    pieces += [rest[at : at + CHUNK_CHARACTERS] for at in range(0, len(rest), CHUNK_CHARACTERS)]
    named = [(policy.session, f"c{len(pieces)}.{pieces[0]}")]
    named += [(f"{policy.session}-{number}", piece) for number, piece in enumerate(pieces[1:], 1)]
    return named


def set_session(
    text: str, policy: CookiePolicy, max_age_seconds: int, presented: Iterable[tuple[str, str]]
) -> list[bytes]:
    """Write the session, and expire every piece the browser has that is no longer used."""
    named = session_pairs(text, policy)
    kept = {name for name, _ in named}
    pieces = {f"{policy.session}-{number}" for number in _PIECE_NUMBERS}
    # Only what we may have written: names that others toss in would swell the answer.
    stale = {name for name, _ in presented if name in pieces and name not in kept}
    lines = [_line(name, value, policy, max_age_seconds) for name, value in named]
    return lines + [_line(name, "", policy, 0) for name in sorted(stale)]


def set_hint(identity: str, random: str, policy: CookiePolicy, max_age_seconds: int) -> bytes:
    """Write the readable cookie: who someone is, and a mark that changes with it."""
    return _line(policy.hint, f"v1.{identity}.{random}", policy, max_age_seconds, readable=True)


def set_login(name: str, text: str, policy: CookiePolicy) -> bytes:
    """Write one login attempt; it comes back from Wix by a cross-site navigation."""
    return _line(name, text, policy, LOGIN_ATTEMPT_SECONDS)


def expire(name: str, policy: CookiePolicy) -> bytes:
    """Take one cookie of ours out of the browser."""
    return _line(name, "", policy, 0)


def for_frontend(
    fields: Fields, policy: CookiePolicy, session: list[tuple[str, str]] | None
) -> Fields:
    """Return a request's fields with the cookies that the frontend may see.

    Login attempts never go on. `session` are the pairs to put in place of the
    browser's session cookie; an empty list takes it out, None leaves it as it
    came. Fields that need no change keep their bytes.
    """
    # The name of a login attempt begins with that of the session.
    if not session and not mentions(fields, policy.login if session is None else policy.session):
        return fields
    result: Fields = []
    placed = False
    for name, value in fields:
        if name.lower() != b"cookie":
            result.append((name, value))
            continue
        kept, changed = [], False
        for part in value.split(b";"):
            key = part.partition(b"=")[0].strip(b" \t").decode("latin-1")
            if policy.is_login(key) or (session is not None and policy.is_session(key)):
                changed = True
            else:
                kept.append(part)
        if session and not placed:
            kept += [f" {key}={text}".encode() for key, text in session]
            placed = changed = True
        if not changed:
            result.append((name, value))
        elif rest := b";".join(kept).strip(b" \t;"):
            result.append((name, rest))
    if session and not placed:
        result.append((b"Cookie", "; ".join(f"{key}={text}" for key, text in session).encode()))
    return result


def _line(
    name: str, value: str, policy: CookiePolicy, max_age_seconds: int, *, readable: bool = False
) -> bytes:
    same_site = policy.same_site if not policy.is_login(name) else "Lax"
    attributes = [f"{name}={value}", "Path=/", f"Max-Age={max_age_seconds}"]
    if not readable:
        attributes.append("HttpOnly")
    attributes.append(f"SameSite={same_site}")
    if policy.secure:
        attributes.append("Secure")
    if same_site == "None":
        attributes.append("Partitioned")
    return "; ".join(attributes).encode("ascii")
