"""Judge one value of the configuration, and write it in the one form the rest compares with.

Each function takes the text as it was given and returns it canonical, or
raises ValueError with a sentence that says what was expected and what was
found. What may hold a password is never quoted: a user name in a URL is
refused before anything repeats the URL.
"""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Any
from urllib.parse import urlsplit

from ..errors import quoted
from ..sansio.call_rules import CallPattern
from ..sansio.elevation import IDENTITIES
from ..sansio.keyring import Key
from ..sansio.origin import UNIX, Origin
from ..sansio.public_url import PublicURL, parse_authority
from ..sansio.redaction import Secret
from ..sansio.routes import DEFAULT_CALLBACK_PATH
from ..sansio.wix_pages import PagesAddress

# The key that config.example.toml shows: everybody has it, so it seals nothing.
# Of the key that the emulator signs with unless it is given a seed of its own.
EMULATORS_KEY_SHA256 = "f03ff86bcb71a7ffa3f31ef111aff0fbe15249829383d0612517a3c358457d5c"
EXAMPLE_KEY = "dGhpcy1pcy1ub3QtYS1rZXktaXQtaXMtYW4tZXhhbXA="
NEW_KEY = 'Run "wixproxy newkey"'
NEW_FOR_BACKEND = 'Run "wixproxy newkey --backend"'
BACKEND_SECRET_CHARACTERS = 32
# What the name of a unix socket may take on every platform: macOS keeps 104 bytes with the zero.
SOCKET_PATH_BYTES = 103

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+").fullmatch
_NAME = re.compile(r"[A-Za-z0-9._-]+").fullmatch
_EXTENSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}").fullmatch
_IN_ONE_FIELD = re.compile(r"[!-~]*").fullmatch
_USER = re.compile(r"[^:/?#]*:?/*[^/?#]*@").match


def guid(text: str) -> str:
    """Read a GUID, as Wix writes its ids."""
    if not _GUID(text.lower()):
        raise ValueError(
            "expected a GUID such as 12345678-90ab-cdef-1234-567890abcdef, "
            f"found {len(text)} characters of another form"
        )
    return text.lower()


def public_url(text: str) -> str:
    """Read where browsers see the proxy.

    The rule is that of the session cookie: browsers keep it safe on https,
    and on plain http only where the connection stays on their machine.
    """
    _refuse_user(text)
    url = PublicURL.parse(text)
    if not url.is_trustworthy:
        raise ValueError(
            "expected https, or http on localhost, 127.0.0.1 or [::1], "
            f"found {quoted(url.origin)}. Put TLS in front and write https://{url.host}"
        )
    return url.origin


def origin(text: str) -> str:
    """Read scheme, host and port of a server."""
    _refuse_user(text)
    return str(Origin.parse(text))


def upstream_url(text: str) -> str:
    """Read where the frontend takes connections: an origin, or "unix:" and a socket's path."""
    if text.startswith(UNIX):
        _check_socket_path(text.removeprefix(UNIX), "unix:/run/app.sock")
        return text
    return origin(text)


def pages_url(text: str) -> str:
    """Read where Wix hosts the site's own pages."""
    _refuse_user(text)
    return str(PagesAddress.parse(text))


def browser_origin(text: str) -> str:
    """Read an origin as browsers write it in `Origin`; a wildcard is none."""
    if text.strip() == "*":
        raise ValueError(
            "expected an origin such as https://app.example, found '*', which would let every "
            "site act as your visitors. Name the origins"
        )
    _refuse_user(text)
    return PublicURL.parse(text).origin


def authority(text: str) -> str:
    """Read "host" or "host:port"."""
    _refuse_user(text)
    parse_authority(text)
    return text.lower()


def host(text: str) -> str:
    """Read a name or address to listen on, without a port."""
    # A colon belongs to an IPv6 address; behind a name it would be a port.
    if not (_NAME(text) or _is_ipv6(text)):
        raise ValueError(
            f"expected an address such as 127.0.0.1, 0.0.0.0 or ::1, found {quoted(text)}"
        )
    return text


def call_rule(text: str) -> str:
    """Read one line of `api.allow` or `api.deny`."""
    return CallPattern.parse(text).text


def callback_path(text: str) -> str:
    """Read the path that Wix returns to after a login."""
    if not _PATH(text) or {".", ".."} & set(text.split("/")):
        raise ValueError(
            "expected a path such as /_wix/callback or /api/auth/callback, in plain letters, "
            f"found {quoted(text)}"
        )
    if text == "/_wix" or (text.startswith("/_wix/") and text != DEFAULT_CALLBACK_PATH):
        raise ValueError(
            f"expected {DEFAULT_CALLBACK_PATH} or a path outside /_wix, found {quoted(text)}, "
            "which belongs to another route"
        )
    return text


def frontend_path(text: str) -> str:
    """Read a path of the frontend, without a query."""
    if not _PATH(text) or {".", ".."} & set(text.split("/")):
        raise ValueError(
            f"expected a path such as /hooks/orders, in plain letters, found {quoted(text)}"
        )
    if text.split("/")[1].lower() == "_wix":
        raise ValueError(
            f"expected a path of the frontend, found {quoted(text)}, which belongs to the proxy"
        )
    return text


def extension_id(text: str) -> str:
    """Read the name of a webhook or service plugin in the address that Wix calls."""
    if not _EXTENSION_ID(text):
        raise ValueError(f"expected a name of letters, digits, _ and -, found {quoted(text)}")
    return text


def command(words: tuple[str, ...]) -> tuple[str, ...]:
    """Judge the words of a command; the first is a program, and any other may be empty."""
    if words and not words[0].strip():
        raise ValueError("expected a program as the first word, found an empty one")
    if any("\0" in word for word in words):
        raise ValueError("expected words without a NUL character, found one with it")
    return words


def caller(text: str) -> str:
    """Read one of those who may make an elevated call."""
    if text in IDENTITIES:
        return text
    if not _GUID(text.lower()):
        raise ValueError(
            f'expected "visitor", "member" or the id of a member, found {quoted(text)}'
        )
    return text.lower()


def json_object(value: dict[str, Any]) -> dict[str, Any]:
    """Judge a table that is sent as JSON, which has no dates and no infinite numbers."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise ValueError(
            "expected what JSON can say, found another kind of value in it; write a date as a text"
        ) from None
    return value


def public_key(text: str) -> str:
    """Judge a public key of the app."""
    # Only a proxy that takes what Wix signs needs what checks signatures.
    from ..sansio.signed_claims import public_key as read_key

    read_key(text)
    return text.strip()


def is_emulators_key(text: str) -> bool:
    """Tell whether a sound public key is the emulator's own, which protects nothing."""
    from ..sansio.signed_claims import fingerprint
    from ..sansio.signed_claims import public_key as read_key

    return fingerprint(read_key(text)) == EMULATORS_KEY_SHA256


def listen_address(text: str) -> str:
    """Read "host:port", or "unix:" and the path of a socket."""
    if text.startswith(UNIX):
        _check_socket_path(text.removeprefix(UNIX), "unix:/run/wixproxy.sock")
        return text
    _refuse_user(text)
    try:
        _, port = parse_authority(text)
    except ValueError:
        port = None
    if port is None:
        raise ValueError(
            "expected host and port such as 127.0.0.1:4322, or unix:/run/wixproxy.sock, "
            f"found {quoted(text)}"
        )
    return text.lower()


def backend_secret(secret: Secret) -> Secret:
    """Judge the secret of the backend listener, which travels in a header field."""
    text = secret.reveal()
    if len(text) < BACKEND_SECRET_CHARACTERS:
        raise ValueError(
            f"expected at least {BACKEND_SECRET_CHARACTERS} characters, found {len(text)}. "
            f"{NEW_FOR_BACKEND}"
        )
    if not _IN_ONE_FIELD(text):
        raise ValueError(
            "expected letters, digits and signs of ASCII without spaces, found others. "
            f"{NEW_FOR_BACKEND}"
        )
    return secret


def session_key(secret: Secret) -> Secret:
    """Judge a sealing key."""
    try:
        key = Key.from_text(secret.reveal())
    except ValueError as error:
        raise ValueError(f"{error}. {NEW_KEY}") from None
    if key.id == Key.from_text(EXAMPLE_KEY).id:
        raise ValueError(
            "expected a key of your own, found the one that config.example.toml shows "
            f"to everybody. {NEW_KEY}"
        )
    return secret


def redis_url(secret: Secret) -> Secret:
    """Judge the address of Redis; nothing of it is repeated, because it may hold a password."""
    try:
        parts = urlsplit(secret.reveal())
        port = parts.port
    except ValueError:
        raise ValueError("expected a port that is a number in the address of Redis") from None
    if parts.scheme == "unix":
        if not parts.path:
            raise ValueError("expected unix:///path/of/the/socket, found no path")
        return secret
    if parts.scheme not in ("redis", "rediss"):
        raise ValueError(
            "expected an address that begins with redis://, rediss:// or unix://, found another "
            "beginning"
        )
    if not parts.hostname or port == 0:
        raise ValueError("expected redis://host:port, found no host or port in it")
    if parts.path not in ("", "/") and not parts.path[1:].isdigit():
        raise ValueError("expected the number of a database behind the host, as in /0")
    if parts.query or parts.fragment:
        raise ValueError("expected no query in the address of Redis; its options stand beside it")
    return secret


def _check_socket_path(path: str, example: str) -> None:
    if not path.startswith("/") or "\0" in path or path.endswith("/"):
        raise ValueError(f"expected a full path behind unix:, as {example}, found {quoted(path)}")
    if len(path.encode()) > SOCKET_PATH_BYTES:
        raise ValueError(
            f"expected at most {SOCKET_PATH_BYTES} bytes behind unix:, found {len(path.encode())}"
        )


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _refuse_user(text: str) -> None:
    if _USER(text):
        raise ValueError(
            "expected scheme, host and port alone, found a user name or password. Leave them out"
        )
