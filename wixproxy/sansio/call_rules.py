"""Decide which Wix calls a browser may make through the proxy.

1. A call that hands out credentials is refused, whatever the rules say.
2. What `api.deny` names is refused.
3. Administration of the app is refused unless `api.allow` names it.
4. Where `api.allow` is not empty, only what it names passes.
5. An elevation rule that names a call is as good as `api.allow`; 1 and 2 hold
   all the same.

Refusals compare folded paths (decoded, without case, without a slash at the
end), because Wix may read them so; permissions compare the exact bytes. A
rule for GET holds for HEAD as well. Patterns are "METHOD /path", where `*`
stands for any method, `{name}` for one segment, and `/**` at the end for
the path before it and everything below.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from ..errors import quoted

_RULE = re.compile(r"(\*|[A-Z][A-Z-]*)[ \t]+(/\S*)").fullmatch
_LITERAL = re.compile(r"[A-Za-z0-9\-._~!$&'()+,=:@%]+").fullmatch
_PARAMETER = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}").fullmatch


@dataclass(frozen=True, slots=True)
class CallPattern:
    """One line of `api.allow` or `api.deny`; `below` says that it ends with `/**`."""

    text: str
    method: str
    exact: re.Pattern[bytes]
    folded: re.Pattern[bytes]
    segments: tuple[str, ...]
    below: bool

    @classmethod
    def parse(cls, text: str) -> CallPattern:
        """Read "GET /stores/v3/products/{id}" or "* /ecom/**".

        Raises ValueError with a sentence that says what to write.
        """
        match = _RULE(text.strip())
        if match is None:
            raise ValueError(
                f'expected "METHOD /path", such as "GET /stores/v3/products/{{id}}", '
                f"found {quoted(text)}"
            )
        method, path = match[1], match[2]
        below = path.endswith("/**")
        segments = path.removesuffix("/**").split("/")[1:]
        if segments == [""] and not below:
            raise ValueError(f'{quoted(text)} names no path; "/**" stands for all of them')
        source = b""
        for segment in segments:
            if _PARAMETER(segment):
                source += b"/[^/]+"
            elif _LITERAL(segment) and segment not in (".", ".."):
                source += b"/" + re.escape(segment.encode("ascii"))
            else:
                raise ValueError(
                    f"{quoted(segment)} in {quoted(text)} is neither plain text nor {{name}}; "
                    '"**" stands only at the end'
                )
        if below:
            source += rb"(?:/.*)?"
        return cls(
            text=text.strip(),
            method=method,
            exact=re.compile(source, re.DOTALL),
            folded=re.compile(_fold_pattern(source), re.DOTALL | re.IGNORECASE),
            segments=tuple(segments),
            below=below,
        )

    def permits(self, method: str, path: bytes) -> bool:
        """Tell whether these exact bytes are named."""
        return self._has(method) and self.exact.fullmatch(path) is not None

    def denies(self, method: str, folded: bytes) -> bool:
        """Tell whether the path, folded by `folded_path`, is named in any spelling."""
        return self._has(method) and self.folded.fullmatch(folded) is not None

    def meets(self, template: Sequence[str]) -> bool:
        """Tell whether a template of plain segments and {name} has a path that is named here."""
        more = len(template) - len(self.segments)
        if more < 0 or (more > 0 and not self.below):
            return False
        return all(
            _PARAMETER(mine) or _PARAMETER(theirs) or mine.lower() == theirs.lower()
            for mine, theirs in zip(self.segments, template, strict=False)
        )

    def _has(self, method: str) -> bool:
        return self.method in ("*", method) or (method == "HEAD" and self.method == "GET")


def _fold_pattern(source: bytes) -> bytes:
    # The path to compare has been decoded, so the pattern's literals are, too.
    return re.sub(
        rb"%([0-9A-Fa-f]{2})", lambda match: re.escape(bytes([int(match[1], 16)])), source
    )


def _table(*paths: str) -> tuple[CallPattern, ...]:
    """Return the patterns of these paths; Wix maps many a path behind "/_api" as well."""
    return tuple(CallPattern.parse(f"* {base}{path}") for path in paths for base in ("", "/_api"))


def _any_of(table: Sequence[CallPattern]) -> Callable[[bytes], object]:
    # One expression for the whole table: it is asked once for every call.
    patterns = (call.folded.pattern for call in table)
    return re.compile(b"|".join(patterns), re.DOTALL | re.IGNORECASE).fullmatch


# Answers to these hold an access, refresh or session token, a code for one, or the app's secret.
_CREDENTIALS = _table(
    "/oauth2/**",
    "/oauth/**",
    "/iam/authentication/**",
    "/iam/verification/{version}/auth/**",
    "/iam/recovery/{version}/recover",
    "/iam/{service}/{version}/sign-on",
    # The service before it, which Wix still maps in three places, and its approval of a member.
    "/wix-sm/**",
    "/members/{version}/wix-sm-webapp-proxy/**",
    "/identity/members/**",
    "/api/{version}/members/approve",
    "/oauth-app/{version}/oauth-apps/{id}/generate-secret",
    "/oauth-app/{version}/oauth-apps/{id}/secret",
)
_may_hand_out_credentials = _any_of(_CREDENTIALS)
# Wix's word for these is that they answer with none: the one changes a member's own password,
# the other says whether mail could arrive somewhere.
_HARMLESS = _table(
    "/iam/authentication/v2/change-password",
    "/iam/authentication/v2/validate-email",
)
_is_harmless = _any_of(_HARMLESS)
# These read or change the app itself: its redirect URIs and its installation.
_administers_the_app = _any_of(_table("/oauth-app/**", "/apps/v1/**"))
ADMINISTRATION_NAMES = frozenset({("oauth-app",), ("apps", "v1")})


@dataclass(frozen=True, slots=True)
class CallRules:
    """What `api.allow` and `api.deny` say; empty, every ordinary call passes."""

    allow: tuple[CallPattern, ...] = ()
    deny: tuple[CallPattern, ...] = ()

    @classmethod
    def parse(cls, allow: Sequence[str], deny: Sequence[str]) -> CallRules:
        """Read both lists. Raises ValueError naming the first line that is no rule."""
        return cls(
            allow=tuple(CallPattern.parse(text) for text in allow),
            deny=tuple(CallPattern.parse(text) for text in deny),
        )

    def refusal(self, method: str, path: bytes, *, elevated: bool = False) -> str | None:
        """Return why the call is refused, as the end of a sentence, or None if it passes.

        `elevated` says that an elevation rule names the call, which is as much as `api.allow`.
        """
        folded = folded_path(path)
        if _hands_out_credentials(folded):
            return (
                "would hand credentials to the browser, so it never passes the proxy. "
                "The proxy keeps the tokens itself; log in through /_wix/login."
            )
        excluded = self.exclusion(method, path, unlisted=elevated)
        if excluded is not None or elevated or not _administers_the_app(folded):
            return excluded
        allowed = (call for call in self.allow if call.permits(method, path))
        if any(_names_administration(call) for call in allowed):
            return None
        return "administers the app; it passes only if api.allow names its path."

    def exclusion(self, method: str, path: bytes, *, unlisted: bool) -> str | None:
        """Return why the configuration excludes a call that the proxy answers itself, or None.

        `unlisted` says that the call is fit to pass although `api.allow` does not name it.
        """
        folded = folded_path(path)
        if self.deny and any(call.denies(method, folded) for call in self.deny):
            return "is excluded by api.deny."
        if self.allow and not unlisted and not any(c.permits(method, path) for c in self.allow):
            return "is not among the calls that api.allow lists."
        return None


def hands_out_credentials(path: bytes) -> bool:
    """Tell whether answers to this call hold a token, or a code for one."""
    return _hands_out_credentials(folded_path(path))


def could_hand_out_credentials(template: Sequence[str]) -> bool:
    """Tell whether a path of the template's segments, however {name} is filled, is such a call."""
    if any(call.segments == tuple(template) for call in _HARMLESS):
        return False
    return any(call.meets(template) for call in _CREDENTIALS)


# One call is asked about several times, and few paths make most of the calls.
@lru_cache(maxsize=256)
def folded_path(path: bytes) -> bytes:
    """Return the path as its most lenient reader sees it."""
    return unquote_to_bytes(path).lower().rstrip(b"/")


def _hands_out_credentials(folded: bytes) -> bool:
    return bool(_may_hand_out_credentials(folded)) and not _is_harmless(folded)


def _names_administration(call: CallPattern) -> bool:
    # "* /**" allows everything ordinary; it does not name the app's own APIs.
    names = call.segments[1:] if call.segments[:1] == ("_api",) else call.segments
    return any(names[: len(name)] == name for name in ADMINISTRATION_NAMES)
