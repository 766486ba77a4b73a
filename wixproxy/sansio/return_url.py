r"""Decide where a browser may be sent after login or logout.

A return URL is a path of this site, with its query and fragment. It is
accepted or refused, never repaired: what a browser, the proxy and a server
behind it might each read differently (`//`, any backslash, whitespace,
control characters, plain or escaped) is refused, even where a careful
reader would stay on the site. Dot segments are accepted: without an empty
segment they lead nowhere but to another path of the same site.

Characters outside ASCII are written in UTF-8 percent escapes, the one form
in which every browser sends them (RFC 3987 §3.1); an escape contains no
delimiter, so this cannot turn one accepted URL into another.

Source: WHATWG URL (a browser reads `\` as `/` and drops tab, CR and LF
anywhere), RFC 9700 §4.11 (open redirectors).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from posixpath import normpath
from urllib.parse import quote, unquote

from yarl import URL

from ..errors import UnsafeReturnURL, quoted
from .public_url import PublicURL
from .routes import PREFIX

MAX_CHARACTERS = 2048

_PATH_END = re.compile(r"[?#]")
# Some reader behind us may decode the path before it looks at it.
_ESCAPED_CONTROL = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff])").search


def safe_return_url(
    value: str | None,
    public: PublicURL,
    default: str = "/",
    *,
    own_paths: Collection[str] = (),
) -> str:
    """Return `value` as a Location may name it, or `default` where none was given.

    `own_paths` are paths of the proxy outside `/_wix/`, such as a configured
    callback: a browser sent there would go round in a circle. Raises
    `UnsafeReturnURL`.
    """
    if not value:
        return default
    reason = _fault(value)
    if reason is not None:
        raise _refusal(value, reason)
    target = value if value.isascii() else quote(value, safe="".join(map(chr, range(0x21, 0x7F))))
    if len(target) > MAX_CHARACTERS:
        raise _refusal(value, f"is longer than {MAX_CHARACTERS} characters")
    if not _stays(target, public):
        raise _refusal(value, "leads to another origin")
    path = _folded(_PATH_END.split(target, maxsplit=1)[0])
    if f"{path}/".startswith(PREFIX.decode()) or path in map(str.lower, own_paths):
        raise _refusal(value, "is a path of the proxy and no page of the site")
    return target


def is_visible(value: str) -> bool:
    """Tell whether a URL holds nothing that a browser drops, or reads as something else."""
    # isprintable is False for controls, separators, format characters,
    # surrogates and what Unicode has not assigned; it is True for the space.
    return value.isprintable() and not any(character in " \\" for character in value)


def _fault(value: str) -> str | None:
    if len(value) > MAX_CHARACTERS:
        return f"is longer than {MAX_CHARACTERS} characters"
    if not value.startswith("/"):
        return "does not start with '/'"
    if not is_visible(value):
        return "holds a backslash, whitespace, or a character that cannot be seen"
    path = _PATH_END.split(value, maxsplit=1)[0]
    if "//" in path:
        return "has '//' in its path"
    if _ESCAPED_CONTROL(path):
        return "has an escaped control character in its path"
    return None


def _stays(target: str, public: PublicURL) -> bool:
    # A second reader, independent of the rules above, has to agree.
    try:
        base = URL(public.origin)
        return base.join(URL(target, encoded=True)).origin() == base.origin()
    except ValueError:
        return False


def _folded(path: str) -> str:
    # As the most lenient reader resolves it: browsers read "%2e%2e" as "..".
    return normpath(unquote(path)).lower()


def _refusal(value: str, reason: str) -> UnsafeReturnURL:
    return UnsafeReturnURL(
        f"The return address {quoted(value)} {reason}. Expected a path of this site, such as "
        "/profile?tab=orders; scripts take encodeURIComponent(location.pathname + location.search)."
    )
