"""`/_wix/login` and `/_wix/callback`: to Wix's login page, and back as a member.

The callback compares the state before it asks Wix for anything; it ends in a
303, so that no code stays in the history, and in a new session id, so that an
id planted before the login is worth nothing after it. A silent login that
fails leads to the page it began on: nobody asked for a login there. One that
a page of another origin began is none, unless the browser is expected back
from Wix: nobody would see as whom it logs in (login CSRF).
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import parse_qs, quote

from ..errors import LoginRejected, NavigationRequired, RequestRefused, WixUnavailable
from ..exchange import Exchange
from ..login_attempts import LoginAttempts
from ..member_login import MemberLogin
from ..pages import page
from ..sansio import cookies, fetch_metadata, login
from ..sansio.login import Callback, LoginAttempt, Prompt
from ..sansio.return_url import safe_return_url

MAX_CALLBACK_BYTES = 16 * 1024
MAX_USED_STATES = 10_000

log = logging.getLogger("wixproxy.login")


class Login:
    """Begins logins and finishes them."""

    def __init__(
        self,
        attempts: LoginAttempts,
        member_login: MemberLogin,
        own_paths: tuple[str, ...],
        clock: Callable[[], float],
    ) -> None:
        self._attempts = attempts
        self._member_login = member_login
        self._own_paths = own_paths
        self._clock = clock
        self._used: OrderedDict[str, None] = OrderedDict()

    async def begin(self, exchange: Exchange) -> None:
        """Send a navigation to Wix's login page; anything else starts nothing."""
        if not exchange.is_navigation:
            target = exchange.request.target.decode("ascii")
            raise NavigationRequired(
                "A login begins when the browser opens this address as a page: use a plain link "
                "with a full page load, not fetch, an image, a frame or prefetch.",
                loginUrl=target,
            )
        asked = _asked(exchange.request.query)
        return_url = self._safe(exchange, asked.get("returnToUrl") or asked.get("returnUrl"))
        prompt, idp = _prompt(asked), _connection(asked)
        if prompt == "none" and not self._may_be_silent(exchange):
            await _see_other(exchange, return_url)
            return
        location = await self._attempts.begin(exchange, return_url, prompt, idp)
        await _see_other(exchange, location, status=302)

    async def finish(self, exchange: Exchange) -> None:
        """Exchange the code of a callback that belongs to an attempt of this browser."""
        callback = await self._callback(exchange)
        if callback is None:
            return
        if exchange.session.unreadable is not None:
            # The member's cookie would not be written, and the code be spent for nothing.
            raise exchange.session.unreadable
        name = exchange.front.cookies.login_name(callback.state)
        attempts = cookies.login_texts(exchange.session.shown_cookies, exchange.front.cookies)
        attempt = exchange.front.open_attempt(name, attempts[name]) if name in attempts else None
        if attempt is not None and attempt.state in self._used:
            attempt = None
        try:
            finished, code = login.check(callback, attempt, self._clock())
        except LoginRejected as rejection:
            await self._rejected(exchange, name, attempt, rejection)
            return
        self._use(finished)
        try:
            await self._member_login.by_code(
                exchange, code, finished.verifier, _came_back_to(exchange)
            )
        except (LoginRejected, WixUnavailable) as failure:
            if not finished.silent:
                raise
            log.warning("a silent login failed: %s", failure.message)
        for used in attempts:
            exchange.session.add_line(cookies.expire(used, exchange.front.cookies))
        await _see_other(exchange, self._safe(exchange, finished.return_url))

    def _may_be_silent(self, exchange: Exchange) -> bool:
        """Tell whether a login that shows nothing may begin here."""
        if not fetch_metadata.is_led_from_elsewhere(exchange.request):
            return True
        current = exchange.session.current
        return current is not None and current.is_expected_back(self._clock())

    async def _callback(self, exchange: Exchange) -> Callback | None:
        """Read what came back; when it may be in the fragment, show the page that fetches it."""
        if exchange.request.method == "POST":
            callback = Callback.parse(await exchange.downstream.read_whole(MAX_CALLBACK_BYTES))
            if callback is None:
                raise LoginRejected(
                    "The address held neither a code nor an error. Please start again from the "
                    "page you wanted to log in on."
                )
            return callback
        callback = Callback.parse(exchange.request.query)
        if callback is None:
            fields, body = page("bridge.html", action=exchange.request.path.decode("ascii"))
            await exchange.downstream.answer(200, fields, body)
        return callback

    async def _rejected(
        self,
        exchange: Exchange,
        name: str,
        attempt: LoginAttempt | None,
        rejection: LoginRejected,
    ) -> None:
        """Answer a callback that finishes nothing."""
        current = exchange.session.current
        if attempt is None and current is not None and current.identity == "member":
            # The back button, or a second tab: the person is logged in already.
            await _see_other(exchange, "/")
            return
        if attempt is not None:
            exchange.session.add_line(cookies.expire(name, exchange.front.cookies))
            if attempt.silent:
                log.info("a silent login came to nothing: %s", rejection.message)
                await _see_other(exchange, self._safe(exchange, attempt.return_url))
                return
        log.info("a callback was refused: %s", rejection.message)
        return_url = attempt.return_url if attempt is not None else "/"
        rejection.members["loginUrl"] = f"/_wix/login?returnToUrl={quote(return_url, safe='/')}"
        raise rejection

    def _safe(self, exchange: Exchange, return_url: str | None) -> str:
        """Judge a return URL, when it is given and again when it is used."""
        return safe_return_url(return_url, exchange.front.public, own_paths=self._own_paths)

    def _use(self, attempt: LoginAttempt) -> None:
        """Remember that the state was used; its cookie may come again."""
        self._used[attempt.state] = None
        if len(self._used) > MAX_USED_STATES:
            self._used.popitem(last=False)


def _came_back_to(exchange: Exchange) -> str:
    """Return the redirect URI that Wix came back to.

    The login was begun with it, whichever callback the configuration names by
    now, and Wix compares the two.
    """
    return exchange.front.public.join(exchange.request.path.decode("ascii"))


async def _see_other(exchange: Exchange, location: str, status: int = 303) -> None:
    fields = [
        (b"Location", location.encode("ascii")),
        (b"Cache-Control", b"no-store"),
        (b"Referrer-Policy", b"no-referrer"),
    ]
    await exchange.downstream.answer(status, fields)


def _asked(query: bytes) -> dict[str, str]:
    """Read the query of the login route; a parameter that stands twice is refused."""
    values = parse_qs(query.decode("latin-1"), keep_blank_values=True)
    for name, given in values.items():
        if len(given) > 1:
            raise RequestRefused(f"The parameter {name[:40]!r} stands twice; expected it once.")
    return {name: given[0] for name, given in values.items()}


def _prompt(asked: dict[str, str]) -> Prompt:
    prompt = asked.get("prompt", "login")
    if prompt not in ("login", "none"):
        raise RequestRefused(f"Expected prompt=login or prompt=none, found {prompt[:40]!r}.")
    return "none" if prompt == "none" else "login"


def _connection(asked: dict[str, str]) -> str | None:
    if "idp" not in asked:
        return None
    try:
        return login.connection_id(asked["idp"])
    except ValueError as error:
        raise RequestRefused(f"The parameter idp: {error}.") from None
