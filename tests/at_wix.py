"""A browser on the pages of the emulated Wix: it buys there, logs in there, and comes back."""

from __future__ import annotations

import html
import re
from typing import Any

import aiohttp
from yarl import URL

from tests.stage import Browser

REDIRECT = "/_wix/api/headless/v1/redirect-session"
STORES = "215238eb-22a5-4c36-9e7b-e7c08025e04e"
CART = "/_wix/api/ecom/v1/carts/current"
FROM_WIX = {"Sec-Fetch-Site": "cross-site"}

_CONTINUED = re.compile(r'name="continue" value="([^"]+)"')
_LINK = re.compile(r'<a [^>]*href="([^"]+)"[^>]*>([^<]+)</a>')


class AtWix:
    """The same browser's tabs on Wix's own domain; nothing of the site is known there."""

    def __init__(self, browser: Browser) -> None:
        self._origin = browser.stage.origin
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        browser.stage.adopt(self._http)

    async def complete(self, page: str) -> str:
        """Press "Complete" on a hosted page; return the path of the site it leads to."""
        url = URL(page, encoded=True)
        form = {"redirectSessionId": url.query["redirectSessionId"]}
        return self._back(await self._http.post(url.origin() / url.path[1:], data=form, **_HERE))

    async def leave(self, page: str) -> str:
        """Press "Leave" on a hosted page; return the path of the site it leads to."""
        text = await (await self._http.get(URL(page, encoded=True))).text()
        links = {words: html.unescape(link) for link, words in _LINK.findall(text)}
        return links["Leave"].removeprefix(self._origin)

    async def log_in(self, page: str, email: str = "ada@example.test") -> None:
        """Log in on the way, by the link of a hosted page."""
        url = URL(page, encoded=True)
        query = {"redirectSessionId": url.query["redirectSessionId"]}
        shown = await self._http.get(url.origin() / "login", params=query)
        continued = _CONTINUED.search(await shown.text())
        assert continued is not None
        password = f"{email.partition('@')[0]}-password"
        form = {"continue": continued[1], "email": email, "password": password}
        answer = await self._http.post(url.origin() / "login", data=form, **_HERE)
        assert answer.status in (302, 303), await answer.text()

    async def follow(self, location: str) -> str:
        """Follow an address at Wix; return the path of the site it leads to at once."""
        return self._back(await self._http.get(URL(location, encoded=True), **_HERE))

    def _back(self, answer: aiohttp.ClientResponse) -> str:
        assert answer.status in (302, 303), answer.status
        location = answer.headers["Location"]
        assert location.startswith(self._origin), location
        return location.removeprefix(self._origin)


_HERE: dict[str, Any] = {"allow_redirects": False}


async def made(browser: Browser, callbacks: dict[str, str], **intent: Any) -> str:
    """Make a redirect session in a page of the site; return the address at Wix."""
    body = {**intent, "callbacks": callbacks}
    answer = await browser.fetch(REDIRECT, "POST", body=body)
    assert answer.status == 200, await answer.text()
    url: str = (await answer.json())["redirectSession"]["fullUrl"]
    return url


async def fill_cart(browser: Browser) -> str:
    """Put something into the cart; return the id of its checkout."""
    query = await browser.fetch("/_wix/api/stores/v3/products/query", "POST", body={"query": {}})
    products = (await query.json())["products"]
    plain = next(each for each in products if not each.get("options"))
    reference = {"appId": STORES, "catalogItemId": plain["id"]}
    lines = {"lineItems": [{"catalogReference": reference, "quantity": 2}]}
    assert (await browser.fetch(f"{CART}/add-to-cart", "POST", body=lines)).status == 200
    checkout = await browser.fetch(f"{CART}/create-checkout", "POST", body={"channelType": "WEB"})
    checkout_id: str = (await checkout.json())["checkoutId"]
    return checkout_id
