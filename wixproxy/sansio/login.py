"""Decide how a login begins, and whether a callback finishes one of ours.

1. Each attempt has its own state and its own PKCE verifier (S256, RFC 7636);
   both rest sealed in a cookie of the browser that began it.
2. The state is compared before any call to Wix, in the branch with `error`
   too (RFC 9700 §2.1, §4.7). No state, two states, another browser's, a used
   or an expired one: nothing is asked of Wix.
3. At most five attempts wait in one browser; the oldest gives way.
4. Three starts within thirty seconds are a loop, not a person.
5. `iss` (RFC 9207) is not judged. Wix tells neither its issuer nor that it
   sends one, so there is nothing to compare it with, and who does not know a
   parameter ignores it (RFC 6749 §4.1.2). RFC 9207 §2.4 has clients of several
   authorization servers discard what they did not expect: mix-up needs a
   second one (§4, RFC 9700 §4.4), and a code of ours goes to the one that
   `site.api_origin` names, with a verifier. Discarding would end every login
   on the day that Wix begins to send it. A second site in one configuration,
   or an issuer that Wix publishes, changes this rule.
Source: Wix takes the authorization request inside a redirect session, with
the response mode `query`; its login page then returns to the redirect URI.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

from ..errors import LoginRejected, WixRefused, quoted
from .cookies import LOGIN_ATTEMPT_SECONDS
from .origin import DEFAULT_PORTS, Origin

Prompt = Literal["login", "none"]

MAX_ATTEMPTS = 5
LOOP_STARTS = 3
LOOP_SECONDS = 30
TOKEN_BYTES = 32

# Wix: connection ids of the two providers that are on by default.
CONNECTIONS = {
    "google": "0e6a50f5-b523-4e29-990d-f37fa2ffdd69",
    "facebook": "3ecad13f-52c3-483d-911f-31dbcf2a6d23",
}
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_AUTHORITY = re.compile(r"https?://[^/?#\\]*(?=[/?#]|$)").match
_AGAIN = "Please start again from the page you wanted to log in on."


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """What must survive from `/_wix/login` to `/_wix/callback`."""

    state: str = field(repr=False)
    verifier: str = field(repr=False)
    return_url: str
    started_at: int
    silent: bool = False

    @classmethod
    def start(cls, return_url: str, now: float, *, silent: bool = False) -> LoginAttempt:
        """Begin an attempt with a fresh state and verifier.

        A `silent` one asks Wix not to show a login page, and comes back
        without a word when nobody is logged in there.
        """
        return cls(
            state=secrets.token_urlsafe(TOKEN_BYTES),
            verifier=secrets.token_urlsafe(TOKEN_BYTES),
            return_url=return_url,
            started_at=int(now),
            silent=silent,
        )

    @property
    def challenge(self) -> str:
        """The S256 challenge of the verifier (RFC 7636 §4.2)."""
        digest = hashlib.sha256(self.verifier.encode("ascii")).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")

    def is_alive(self, now: float) -> bool:
        """Tell whether the attempt may still be finished."""
        return now - self.started_at < LOGIN_ATTEMPT_SECONDS

    def encode(self) -> bytes:
        """Write the attempt down; the bytes hold the verifier, so seal them."""
        return json.dumps(
            [self.state, self.verifier, self.return_url, self.started_at, self.silent],
            separators=(",", ":"),
        ).encode()

    @classmethod
    def decode(cls, data: bytes) -> LoginAttempt:
        """Read an attempt back; raises `ValueError` for anything else."""
        row = json.loads(data)
        if not isinstance(row, list) or [type(value) for value in row] != [
            str,
            str,
            str,
            int,
            bool,
        ]:
            raise ValueError("expected the five values of a login attempt")
        return cls(*row)


def connection_id(idp: str) -> str:
    """Return the connection GUID for `google`, `facebook` or a GUID.

    Raises `ValueError` for anything else.
    """
    if idp in CONNECTIONS:
        return CONNECTIONS[idp]
    if _GUID.fullmatch(idp):
        return idp.lower()
    raise ValueError(f"expected google, facebook or a connection GUID, found {quoted(idp)}")


def redirect_session(
    client_id: str,
    redirect_uri: str,
    *,
    state: str,
    challenge: str,
    prompt: Prompt,
    idp: str | None = None,
    session_token: str | None = None,
) -> dict[str, Any]:
    """Write the redirect session that leads to the login page; the verifier stays here.

    With a session token the authorize step needs no page.
    """
    request = {
        "clientId": client_id,
        "redirectUri": redirect_uri,
        "responseType": "code",
        "responseMode": "query",
        "scope": "offline_access",
        "state": state,
        "codeChallenge": challenge,
        "codeChallengeMethod": "S256",
    }
    if idp is not None:
        request["idp"] = idp
    if session_token is not None:
        request["sessionToken"] = session_token
    return {"auth": {"authRequest": request, "prompt": prompt}}


def check_authorize_address(location: str, api_origin: Origin) -> None:
    """Refuse an address that a session token may not be taken to.

    Wix names the site's own domain, which is not known beforehand: https, by
    a public name, on the port of https; or the API itself, as the emulator
    does. Raises `WixRefused`, which never shows the address: the token is in it.
    """
    origin = _origin(location)
    if origin is None or not (origin == api_origin or _is_public_site(origin)):
        raise WixRefused(
            "Wix named no https address of a site for the login's authorize step "
            f"({origin or 'none that can be read'}), so the session token was not taken there."
        )


def _origin(location: str) -> Origin | None:
    authority = _AUTHORITY(location)
    try:
        return Origin.parse(authority[0]) if authority else None
    except ValueError:
        return None


def _is_public_site(origin: Origin) -> bool:
    if not origin.is_tls or origin.port != DEFAULT_PORTS["https"] or origin.is_loopback:
        return False
    # A name of one label, or one that ends in a number, is no domain of a site.
    name, _, top = origin.host.rstrip(".").rpartition(".")
    return bool(name) and not top[:1].isdigit() and ":" not in origin.host


def logout_session(client_id: str, post_flow_url: str) -> dict[str, Any]:
    """Write the redirect session that ends Wix's own session."""
    return {"logout": {"clientId": client_id}, "callbacks": {"postFlowUrl": post_flow_url}}


def is_loop(login_starts: Iterable[int], now: float) -> bool:
    """Tell whether the browser began too many logins just now."""
    return sum(now - start < LOOP_SECONDS for start in login_starts) >= LOOP_STARTS


def crowded_out(attempts: Mapping[str, LoginAttempt | None]) -> list[str]:
    """Return the cookies that must go before one more attempt starts, the oldest first.

    `attempts` are the browser's, by cookie name; None stands for one that
    cannot be opened.
    """
    dated = sorted(attempts, key=lambda name: getattr(attempts[name], "started_at", -1))
    return dated[: max(0, len(dated) - (MAX_ATTEMPTS - 1))]


@dataclass(frozen=True, slots=True)
class Callback:
    """What came back from Wix; the code never shows."""

    state: str = field(repr=False)
    code: str | None = field(repr=False)
    error: str | None
    error_description: str | None

    @classmethod
    def parse(cls, query: bytes) -> Callback | None:
        """Read a query or form body; None when it holds neither `code` nor `error`.

        Raises `LoginRejected` when a parameter stands twice or the state is missing.
        """
        values: dict[str, str] = {}
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            if name in ("state", "code", "error", "error_description", "iss"):
                if name in values:
                    raise LoginRejected(
                        f"The callback came with the parameter {name} twice. {_AGAIN}"
                    )
                values[name] = value
        if "code" not in values and "error" not in values:
            return None
        if not values.get("state"):
            raise LoginRejected(f"The callback came without the state of a login. {_AGAIN}")
        return cls(
            values["state"],
            values.get("code") or None,
            values.get("error"),
            values.get("error_description"),
        )


def check(callback: Callback, attempt: LoginAttempt | None, now: float) -> tuple[LoginAttempt, str]:
    """Return the attempt that a callback finishes, and the authorization code.

    Raises `LoginRejected` when there is no such attempt in this browser, when
    it is too old, and when Wix reports an error for it.
    """
    if attempt is None or not hmac.compare_digest(callback.state.encode(), attempt.state.encode()):
        raise LoginRejected(
            "This callback does not belong to a login that was started in this browser; "
            f"it may have been finished already, or started in another one. {_AGAIN}"
        )
    if not attempt.is_alive(now):
        raise LoginRejected(
            f"This login was started more than {LOGIN_ATTEMPT_SECONDS // 60} minutes ago. {_AGAIN}"
        )
    if callback.error is not None:
        description = callback.error_description
        raise LoginRejected(
            f"Wix did not log you in: {quoted(callback.error)}"
            + (f", {quoted(description)}" if description else ""),
            wix_error=callback.error[:64],
        )
    if callback.code is None:
        raise LoginRejected(f"The callback came without a code. {_AGAIN}")
    return attempt, callback.code
