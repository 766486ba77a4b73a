"""`/_wix/logout`: end the session here, then lead the browser over Wix's own logout.

A GET changes nothing: it shows a page that posts, by itself when a page of
this site led to it.
"""

from __future__ import annotations

import json
from urllib.parse import parse_qs, quote

from ..errors import RequestRefused
from ..exchange import Exchange
from ..member_logout import MemberLogout
from ..pages import json_answer, page
from ..sansio import fetch_metadata, headers, login
from ..sansio.return_url import safe_return_url

MAX_BODY_BYTES = 16 * 1024
LOGOUT_CALLBACK_PATH = "/_wix/logout-callback"


class Logout:
    """Serves the logout of pages.

    `own_paths` are paths of ours that nobody returns to; `form_targets` are
    where Wix's logout may lead a form of ours.
    """

    def __init__(
        self,
        member_logout: MemberLogout,
        client_id: str,
        own_paths: tuple[str, ...],
        form_targets: tuple[str, ...],
    ) -> None:
        self._member_logout = member_logout
        self._client_id = client_id
        self._own_paths = own_paths
        self._form_targets = form_targets

    async def handle(self, exchange: Exchange) -> None:
        """Show the page for GET; for POST end the session."""
        if exchange.request.method == "GET":
            await self._show(exchange)
            return
        return_url = self._safe(exchange, await _asked_return_url(exchange))
        callback = f"{LOGOUT_CALLBACK_PATH}?returnToUrl={quote(return_url, safe='/')}"
        asked = login.logout_session(self._client_id, exchange.front.public.join(callback))
        location = await self._member_logout.end(exchange, asked) or return_url
        if exchange.is_navigation or fetch_metadata.wants_page(exchange.request.fields):
            await _redirect(exchange, location)
            return
        fields, body = json_answer({"redirectUrl": location})
        await exchange.downstream.answer(200, fields, body)

    async def finished(self, exchange: Exchange) -> None:
        """Send the browser on when it comes back from Wix."""
        await _redirect(exchange, self._safe(exchange, _queried_return_url(exchange)))

    async def _show(self, exchange: Exchange) -> None:
        return_url = self._safe(exchange, _queried_return_url(exchange))
        fields, body = page(
            "logout.html",
            form_targets=self._form_targets,
            automatic=exchange.is_navigation
            and fetch_metadata.is_same_origin(exchange.request, exchange.front.public),
            return_url=return_url,
        )
        await exchange.downstream.answer(200, fields, body)

    def _safe(self, exchange: Exchange, return_url: str | None) -> str:
        return safe_return_url(return_url, exchange.front.public, own_paths=self._own_paths)


async def _asked_return_url(exchange: Exchange) -> str | None:
    """Read `returnToUrl` from the body, a form or JSON, else from the query."""
    body = await exchange.downstream.read_whole(MAX_BODY_BYTES)
    kind = (headers.get(exchange.request.fields, b"content-type") or b"").split(b";")[0].strip()
    given: object = None
    if kind == b"application/json" and body:
        try:
            given = json.loads(body).get("returnToUrl")
        except (ValueError, AttributeError, RecursionError):
            raise RequestRefused("Expected a JSON object with returnToUrl.") from None
    elif body:
        given = parse_qs(body.decode("latin-1")).get("returnToUrl", [""])[-1] or None
    if given is None:
        return _queried_return_url(exchange)
    if not isinstance(given, str):
        raise RequestRefused("Expected returnToUrl to be text.")
    return given


def _queried_return_url(exchange: Exchange) -> str | None:
    values = parse_qs(exchange.request.query.decode("latin-1"))
    given = values.get("returnToUrl") or values.get("returnUrl") or values.get("returnTo")
    return given[-1] if given else None


async def _redirect(exchange: Exchange, location: str) -> None:
    fields = [
        (b"Location", location.encode("ascii")),
        (b"Cache-Control", b"no-store"),
        (b"Referrer-Policy", b"no-referrer"),
    ]
    await exchange.downstream.answer(303, fields)
