"""Decide which calls of a browser run as the app, and with what in them.

An elevated call has all the permissions of the app, so a rule opens one call
and nothing around it:

1. The method is one method, and the path is written out; `{name}` stands for
   one segment, but not for the first three, which name the API and what it is
   about. A rule that would open more is refused at start; so is one that could
   be filled to a path that hands out credentials, and so are two rules that
   one request could match. `{memberId}`, in the path as in a fixed body, is the
   id of the member who calls and nothing else.
2. What the rule does not name does not travel: body fields and query
   parameters are listed, or fixed to the rule's own values.
3. The bytes that are matched are the bytes that are sent; a body is written
   anew from what was read, so nothing in it can mean something else.
4. Who may is said by the identity of the session, and by exact member ids.
Source: Wix "Elevate API Call Permissions".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any
from urllib.parse import unquote_plus

from ..errors import ElevationRefused, quoted
from .call_rules import could_hand_out_credentials
from .session import Session

OWN_MEMBER_ID = "{memberId}"
# API, version and entity, as in "/ecom/v1/orders"; Wix maps many a path behind "/_api" as well.
LITERAL_SEGMENTS = 3
MAPPED_AGAIN_BEHIND = "_api"
IDENTITIES = frozenset({"visitor", "member"})

# Wix: the parameter that a GET's whole request is written into, as JSON in base64.
WHOLE_REQUEST = ".r"
_CALL = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/\S+)").fullmatch
_LITERAL = re.compile(r"[A-Za-z0-9\-._~]+").fullmatch
_PARAMETER = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}").fullmatch
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}").fullmatch


@dataclass(frozen=True, slots=True)
class ElevationRule:
    """One call that runs as the app.

    `who` holds "visitor", "member" or member ids; `body_fields` and
    `query_names` may come from the client, `fixed_body` takes the place of
    whatever it sends under those names, and `{memberId}` in its texts is the
    caller's id. `per_minute` is a limit for each
    session.
    """

    name: str
    method: str
    segments: tuple[str, ...]
    who: frozenset[str]
    body_fields: frozenset[str] = frozenset()
    query_names: frozenset[str] = frozenset()
    fixed_body: Mapping[str, Any] = field(default_factory=dict)
    per_minute: int = 60

    @classmethod
    def parse(
        cls,
        name: str,
        call: str,
        who: Iterable[str],
        *,
        body_fields: Iterable[str] = (),
        query_names: Iterable[str] = (),
        fixed_body: Mapping[str, Any] | None = None,
        per_minute: int = 60,
    ) -> ElevationRule:
        """Read a rule; raises `ValueError` with a sentence for one that is not sound."""
        if not _NAME(name):
            raise ValueError(f"expected a name of a-z, 0-9 and -, found {quoted(name)}")
        match = _CALL(call)
        if match is None:
            raise ValueError(
                f'expected one method and a full path, as "POST /ecom/v1/orders/search", '
                f"found {quoted(call)}"
            )
        allowed = frozenset(query_names)
        if WHOLE_REQUEST in allowed:
            raise ValueError(
                f'query_names must not hold "{WHOLE_REQUEST}": the whole request stands in it, so '
                "it would open every field; name the call with POST and its body_fields"
            )
        identities = frozenset(who)
        if not identities:
            raise ValueError('who may call is missing; write "visitor", "member" or member ids')
        rule = cls(
            name=name,
            method=match[1],
            segments=tuple(match[2].split("/")[1:]),
            who=identities,
            body_fields=frozenset(body_fields),
            query_names=allowed,
            fixed_body=dict(fixed_body or {}),
            per_minute=per_minute,
        )
        rule._check(match[2])
        return rule

    def names(self, method: str, path: bytes) -> bool:
        """Tell whether the call is this one, whoever makes it."""
        if method != self.method:
            return False
        segments = path.decode("latin-1").split("/")[1:]
        return len(segments) == len(self.segments) and all(map(_fits, self.segments, segments))

    def matches(self, method: str, path: bytes, session: Session) -> bool:
        """Tell whether the call is this one; `{memberId}` must be the caller's own id."""
        if not self.names(method, path) or (self._fixes_member and session.member_id is None):
            return False
        segments = path.decode("latin-1").split("/")[1:]
        own = [
            segment
            for wanted, segment in zip(self.segments, segments, strict=True)
            if wanted == OWN_MEMBER_ID
        ]
        return all(segment == session.member_id for segment in own)

    def permits(self, session: Session) -> bool:
        """Tell whether the session is one of those who may."""
        if session.identity in self.who:
            return True
        return session.identity == "member" and session.member_id in self.who

    def checked_query(self, query: bytes) -> None:
        """Refuse a query with a parameter that the rule does not name.

        Some readers take `;` for `&` (as HTML 4.01 §B.2.2 advised them).
        """
        if b";" in query:
            raise ElevationRefused("The query of an elevated call must not hold ';'; write '%3B'.")
        for pair in query.decode("latin-1").split("&") if query else ():
            name = unquote_plus(pair.partition("=")[0])
            if name not in self.query_names:
                raise self._refusal("query parameter", name, self.query_names)

    def checked_body(self, body: bytes, session: Session) -> bytes:
        """Return the body to send for a session that matches: what passes, and what is fixed."""
        values = _object(body) if body.strip() else {}
        for name in values:
            if name not in self.body_fields and name not in self.fixed_body:
                raise self._refusal("body field", name, self.body_fields)
        values.update(_filled(self.fixed_body, session.member_id or ""))
        return _json(values) if values else b""

    def overlaps(self, other: ElevationRule) -> bool:
        """Tell whether one request could match both."""
        if self.method != other.method or len(self.segments) != len(other.segments):
            return False
        return all(
            mine == theirs or _PARAMETER(mine) or _PARAMETER(theirs)
            for mine, theirs in zip(self.segments, other.segments, strict=True)
        )

    @property
    def _fixes_member(self) -> bool:
        return bool(_filled(self.fixed_body, "") != self.fixed_body)

    def _check(self, path: str) -> None:
        for segment in self.segments:
            if not _PARAMETER(segment) and not _is_plain(segment):
                raise ValueError(
                    f"path {quoted(path)} would elevate more than one call; "
                    "write the method's full path, with {name} for one segment"
                )
        wanted = LITERAL_SEGMENTS + (self.segments[0] == MAPPED_AGAIN_BEHIND)
        if len(list(takewhile(_is_plain, self.segments))) < wanted:
            raise ValueError(
                f"path {quoted(path)} would elevate a whole API; write the method's full path, "
                f"whose first {wanted} segments are plain text"
            )
        if could_hand_out_credentials(self.segments):
            raise ValueError(
                f"path {quoted(path)} names a call that hands out credentials; no rule may"
            )
        if (OWN_MEMBER_ID in self.segments or self._fixes_member) and "visitor" in self.who:
            raise ValueError(f"{OWN_MEMBER_ID} needs a member, but who names visitor")

    def _refusal(self, what: str, name: str, allowed: frozenset[str]) -> ElevationRefused:
        named = ", ".join(sorted(allowed)) or "none"
        return ElevationRefused(
            f"An elevated call carries only what its rule names: {what} {quoted(name)} is not "
            f"among them (allowed: {named})."
        )


def check_overlaps(rules: Iterable[ElevationRule]) -> list[str]:
    """Return a sentence for each pair of rules that one request could match."""
    kept: list[ElevationRule] = []
    problems = []
    for rule in rules:
        problems += [
            f"{other.name!r} and {rule.name!r} match the same calls; keep one"
            for other in kept
            if rule.overlaps(other) or rule.name == other.name
        ]
        kept.append(rule)
    return problems


def _fits(wanted: str, segment: str) -> bool:
    return _is_plain(segment) if _PARAMETER(wanted) else wanted == segment


def _is_plain(segment: str) -> bool:
    return _LITERAL(segment) is not None and segment not in (".", "..")


def _filled(value: Any, member_id: str) -> Any:
    """Return a JSON value with the member's id in its texts."""
    if isinstance(value, str):
        return value.replace(OWN_MEMBER_ID, member_id)
    if isinstance(value, list):
        return [_filled(each, member_id) for each in value]
    if isinstance(value, dict):
        return {name: _filled(each, member_id) for name, each in value.items()}
    return value


def _json(values: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(values, separators=(",", ":"), allow_nan=False).encode("ascii")
    except ValueError:
        raise ElevationRefused(
            "The body of an elevated call holds a number that JSON cannot write."
        ) from None


def _object(body: bytes) -> dict[str, Any]:
    """Read a JSON object in which no name stands twice, at any depth."""
    try:
        values = json.loads(body.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise ElevationRefused("The body of an elevated call must be one JSON object.") from None
    if not isinstance(values, dict):
        raise ElevationRefused("The body of an elevated call must be one JSON object.")
    return values


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name stands twice")
    return values
