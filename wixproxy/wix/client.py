"""Call Wix's control plane: tokens, token information and redirect sessions.

1. Tokens go to one origin and nowhere else: redirects are not followed, no
   cookie is kept, and proxy variables of the environment count only when the
   configuration says so. The one exception is the session token of a password
   login: Wix names the address of its authorize step, on the site's own
   domain, with the token in it. It is asked over https alone, once, without
   any other credential.
2. Answers are bounded in size and time, and read strictly.
3. A grant is asked for again after a silence, with jitter, but an
   authorization code only once: Wix takes it once.
4. Once closed, it asks nothing more.
Source: Wix "Retrieve Tokens", "About the Redirects API".
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import aiohttp
from yarl import URL

from ..errors import GrantRejected, WixRefused, WixUnavailable, quoted
from ..sansio import grants
from ..sansio.login import check_authorize_address
from ..sansio.origin import Origin
from ..sansio.redaction import Secret
from ..sansio.redirect_sessions import advice
from ..sansio.tokens import Tokens

TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path, not a secret
TOKEN_INFO_PATH = "/oauth2/token-info"  # noqa: S105
OAUTH_APP_PATH = "/oauth-app/v1/oauth-apps"
REDIRECT_SESSION_PATH = "/_api/redirects-api/v1/redirect-session"

EMULATED_MEMBER_PATH = "/__emulator/v1/member-tokens"

ATTEMPT_SECONDS = 5.0
RETRY_DELAYS_SECONDS = ((0.05, 0.2), (0.2, 0.6))
# The longest that asking for tokens can take; whoever holds a lock meanwhile holds it longer.
LONGEST_GRANT_SECONDS = ATTEMPT_SECONDS * (1 + len(RETRY_DELAYS_SECONDS)) + sum(
    longest for _, longest in RETRY_DELAYS_SECONDS
)
MAX_URL_CHARACTERS = 2048

# The id goes into a header field for the frontend, so its form is checked.
_MEMBER_ID = re.compile(r"[0-9A-Za-z-]{1,64}").fullmatch

log = logging.getLogger("wixproxy.wix")


class WixClient:
    """Wix's control plane, as one OAuth app sees it."""

    def __init__(
        self,
        origin: str,
        client_id: str,
        clock: Callable[[], float],
        *,
        tls: ssl.SSLContext | None = None,
        trust_environment: bool = False,
        attempt_seconds: float = ATTEMPT_SECONDS,
    ) -> None:
        self.client_id = client_id
        self._origin = origin.rstrip("/")
        self._clock = clock
        self._tls = tls
        self._trust_environment = trust_environment
        self._attempt_seconds = attempt_seconds
        self._http: aiohttp.ClientSession | None = None
        self._closed = False

    async def anonymous(self) -> Tokens:
        """Ask for a new visitor's tokens."""
        return await self._grant(grants.anonymous(self.client_id), grants.read_answer)

    async def refresh(self, tokens: Tokens) -> Tokens:
        """Ask for new tokens; the refresh token stays when Wix sends no other.

        Raises `GrantRejected` when Wix refuses for good, else `WixUnavailable`.
        """
        read = partial(grants.read_answer, replaces=tokens)
        return await self._grant(grants.refresh(self.client_id, tokens), read)

    async def exchange_code(self, code: str, verifier: str, redirect_uri: str | None) -> Tokens:
        """Exchange an authorization code, once."""
        body = grants.authorization_code(self.client_id, code, verifier, redirect_uri)
        return await self._grant(body, grants.read_answer, delays=())

    async def app_token(self, secret: Secret, instance_id: str | None) -> Tokens:
        """Ask for the app's own token for one installation."""
        body = grants.client_credentials(self.client_id, secret, instance_id)
        return await self._grant(body, grants.read_app_answer)

    async def unbound_token(self, secret: Secret, access_token: str) -> Tokens:
        """Ask for a token of the same caller that server code may use."""
        return await self._grant(
            grants.strip_bound_session(secret, access_token), grants.read_app_answer
        )

    async def emulated_member(self, email: str) -> Tokens:
        """Ask the emulator for a member's tokens; real Wix has no such call.

        Raises `WixRefused` when it knows no such member.
        """
        status, _, answer = await self._post(EMULATED_MEMBER_PATH, {"member": email})
        if status == 404:
            raise WixRefused(f"The emulator has no member {quoted(email)}.")
        return grants.read_answer(status, answer, self._clock())

    async def member_id(self, tokens: Tokens) -> str | None:
        """Return whose tokens these are; None when Wix does not tell."""
        try:
            status, _, body = await self._post(TOKEN_INFO_PATH, {"token": tokens.access})
            info = json.loads(body)
        except (WixUnavailable, ValueError, RecursionError):
            return None
        if status != 200 or not isinstance(info, dict) or info.get("subjectType") != "MEMBER":
            return None
        subject = info.get("subjectId")
        return subject if isinstance(subject, str) and _MEMBER_ID(subject) else None

    async def redirect_session(self, body: dict[str, Any], access_token: str) -> str:
        """Make a redirect session and return the address that the browser goes to.

        Raises `WixRefused` with the one thing to do where the reason is known,
        `GrantRejected` when the token is not accepted, else `WixUnavailable`.
        """
        status, request_id, answer = await self._post(REDIRECT_SESSION_PATH, body, access_token)
        if status == 200:
            return _full_url(answer)
        if status == 401:
            raise GrantRejected("Wix did not accept the session's token", error="invalid_token")
        what_to_do = advice(answer.decode("utf-8", "replace"))
        if status >= 500 and what_to_do is None:
            raise WixUnavailable(f"Wix answered {status} to a redirect session")
        raise WixRefused(
            f"Wix refused to make a redirect session (status {status}, "
            f"Wix request {quoted(request_id or 'without id')}). "
            + (what_to_do or "Look up the request id in Wix's logs, or ask Wix's support with it."),
            remedy=what_to_do,
        )

    async def pages_url(self, app_token: str) -> str:
        """Ask where Wix hosts the site's own pages, which the app itself may know.

        Raises `WixRefused` when it may not, else `WixUnavailable`.
        """
        url = URL(f"{self._origin}{OAUTH_APP_PATH}/{self.client_id}", encoded=True)
        headers = {"Authorization": app_token}
        async with (
            self._talking(),
            self._session().get(url, headers=headers, allow_redirects=False) as answer,
        ):
            text = await _bounded(answer.content)
        if answer.status in (401, 403, 404):
            raise WixRefused(
                f"Wix does not tell where it hosts the site's pages (status {answer.status}). "
                "Set site.pages_url to the address of the site at Wix."
            )
        try:
            told = json.loads(text)["oAuthApp"]["redirectUrlWixPages"]
        except (ValueError, KeyError, TypeError, RecursionError):
            told = None
        if answer.status != 200 or not isinstance(told, str):
            raise WixUnavailable(f"Wix answered {answer.status} when asked for the site's pages.")
        return told

    async def authorize(self, location: str, redirect_uri: str) -> bytes:
        """Take the authorize step that needs no page; return the query it leads to.

        The redirect is read and not followed. Raises `WixRefused` when it
        leads anywhere but to the redirect URI, or when Wix named no address
        of a site.
        """
        check_authorize_address(location, Origin.parse(self._origin))
        async with (
            self._talking(),
            self._session().get(URL(location, encoded=True), allow_redirects=False) as answer,
        ):
            target = answer.headers.get("Location", "")
        if not target.startswith(f"{redirect_uri}?"):
            raise WixRefused(
                f"Wix did not take the login's authorize step (status {answer.status}). Is "
                f"{redirect_uri!r} among the Allowed authorization redirect URIs?"
            )
        return target.partition("?")[2].encode("ascii", "replace")

    async def identity(
        self, path: str, body: dict[str, Any], access_token: str
    ) -> tuple[int, str | None, bytes]:
        """Make one call of Wix's identity service; return status, request id and body."""
        return await self._post(path, body, access_token)

    async def token_info(self, token: str) -> tuple[int, bytes]:
        """Ask what a token is; return status and body."""
        status, _, body = await self._post(TOKEN_INFO_PATH, {"token": token})
        return status, body

    async def time(self) -> float | None:
        """Return what Wix's clock says, to the second; None when its answer tells no time."""
        url = URL(self._origin + TOKEN_INFO_PATH, encoded=True)
        async with (
            self._talking(),
            self._session().post(url, json={"token": ""}, allow_redirects=False) as answer,
        ):
            date = answer.headers.get("Date", "")
        try:
            return parsedate_to_datetime(date).timestamp()
        except ValueError:
            return None

    async def close(self) -> None:
        """Close all connections, those in use too."""
        self._closed = True
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _grant(
        self,
        body: dict[str, str],
        read: Callable[[int, bytes, float], Tokens],
        *,
        delays: tuple[tuple[float, float], ...] = RETRY_DELAYS_SECONDS,
    ) -> Tokens:
        for shortest, longest in (*delays, (0.0, 0.0)):
            try:
                status, _, answer = await self._post(TOKEN_PATH, body)
                return read(status, answer, self._clock())
            except WixUnavailable as error:
                if not longest or self._closed:
                    raise
                log.info("a grant will be asked for again: %s", error)
                await asyncio.sleep(random.uniform(shortest, longest))  # noqa: S311 - jitter
        raise AssertionError("the last attempt returns or raises")

    async def _post(
        self, path: str, body: dict[str, Any], token: str | None = None
    ) -> tuple[int, str | None, bytes]:
        """Send one call; return status, Wix's request id and the bounded body."""
        headers = {"Authorization": token} if token else {}
        url = URL(self._origin + path, encoded=True)
        async with (
            self._talking(),
            self._session().post(url, json=body, headers=headers, allow_redirects=False) as answer,
        ):
            text = await _bounded(answer.content)
        return answer.status, answer.headers.get("x-wix-request-id"), text

    @asynccontextmanager
    async def _talking(self) -> AsyncIterator[None]:
        """Turn whatever goes wrong on the way into `WixUnavailable`."""
        try:
            yield
        except TimeoutError:
            raise WixUnavailable(
                f"Wix at {self._origin} did not answer within {self._attempt_seconds:g} seconds."
            ) from None
        except (aiohttp.ClientError, OSError) as error:
            # The cause is named by its class: its text may hold what was sent.
            raise WixUnavailable(
                f"Wix at {self._origin} cannot be reached ({type(error).__name__})."
                + ("" if self._trust_environment else _PROXY_ADVICE)
            ) from None

    def _session(self) -> aiohttp.ClientSession:
        if self._closed:
            # A connection that is opened now would be closed by nobody.
            raise WixUnavailable("The proxy is shutting down.")
        if self._http is None:
            tls = self._tls if self._tls is not None else True
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=tls, limit=100),
                # The default jar would carry one visitor's cookies to the next.
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=self._trust_environment,
                timeout=aiohttp.ClientTimeout(total=self._attempt_seconds),
            )
        return self._http


_PROXY_ADVICE = ' If this machine needs an outbound proxy, set site.proxy = "env".'


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    """Read an answer, but not more than one byte over the limit."""
    parts, size = [], 0
    async for part in content.iter_any():
        parts.append(part)
        size += len(part)
        if size > grants.MAX_ANSWER_BYTES:
            break
    return b"".join(parts)


def _full_url(answer: bytes) -> str:
    """Read `redirectSession.fullUrl`, an absolute address without control characters."""
    try:
        url = json.loads(answer)["redirectSession"]["fullUrl"]
    except (ValueError, KeyError, TypeError, RecursionError):
        url = None
    if (
        not isinstance(url, str)
        or len(url) > MAX_URL_CHARACTERS
        or not url.isascii()
        or not url.isprintable()
        or " " in url
        or not url.startswith(("https://", "http://"))
    ):
        raise WixUnavailable("Wix answered a redirect session without a usable address")
    return url
