"""A victim who is logged in, and pages of somebody else in the same browser.

One attacker stands on another port of `localhost`, which is the same site, so
that Lax cookies go along; the other on `127.0.0.1`, which is another site.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from playwright.async_api import BrowserContext, Error, Page

from tests.stage import Stage

# The hosts that an attacker's page stands on.
PLACES = {"from another port": "localhost", "from another site": "127.0.0.1"}
CART = "/_wix/api/ecom/v1/carts/current"
ICON = "/favicon.ico"

_ANSWER = re.compile(r"([A-Z]+) (/\S*) (\d{3}|cut) \d+ B ")
_BECOME_MEMBER = """async () => {
    await fetch("/_wix/testing/session", { method: "POST",
        body: JSON.stringify({ member: "ada@example.test" }) });
    const call = (path, body) => fetch(`/_wix/api${path}`, { method: "POST",
        headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const found = await (await call("/stores/v3/products/query", { query: {} })).json();
    const plain = found.products.find((product) => !product.options?.length);
    const catalogReference = { appId: "215238eb-22a5-4c36-9e7b-e7c08025e04e",
        catalogItemId: plain.id };
    await call("/ecom/v1/carts/current/add-to-cart",
        { lineItems: [{ catalogReference, quantity: 1 }] });
}"""
_POSSESSIONS = """async (cart) => {
    const who = await (await fetch("/_wix/session")).json();
    return [who.memberId, await (await fetch(cart)).json()];
}"""
_SUBMIT = """([action, fields, enctype]) => {
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action, enctype });
    for (const [name, value] of Object.entries(fields)) {
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name, value });
        form.append(field);
    }
    document.body.append(form);
    form.submit();
}"""


@dataclass
class Scene:
    """A victim with a session and a cart, and a page of somebody else in the same browser."""

    stage: Stage
    context: BrowserContext
    victim: Page
    evil: Page

    async def answers(self, attack: str, *more: Any) -> tuple[Any, list[tuple[str, str, str]]]:
        """Run an attack; return what it got, and every answer the proxy gave meanwhile.

        The attack is given the victim's origin, or a list of it and of `more`.
        """
        mark = len(self.stage.logged)
        given = [self.stage.origin, *more] if more else self.stage.origin
        try:
            got = await self.evil.evaluate(attack, given)
        except Error as error:
            # Chromium's words for an answer that the page may not have.
            if "Failed to fetch" not in error.message:
                raise
            got = ""
        found = [_ANSWER.match(line) for line in self.stage.logged[mark:]]
        answers = [(each[1], each[2], each[3]) for each in found if each]
        # Chromium asks for icons whenever it likes.
        return got, [answer for answer in answers if answer[1] != ICON]

    async def submits(
        self,
        path: str,
        fields: Mapping[str, str],
        enctype: str = "application/x-www-form-urlencoded",
    ) -> int:
        """Let the attacker's page send a form to the victim's site; return the status."""
        address = self.stage.origin + path
        async with self.evil.expect_response(address) as answered:
            await self.evil.evaluate(_SUBMIT, [address, fields, enctype])
        return (await answered.value).status

    def reached(self) -> list[str]:
        """Return the paths that the frontend was asked for."""
        return [each.path for each in self.stage.frontend.requests if each.path != ICON]

    async def possessions(self) -> tuple[Any, Any, list[str]]:
        """Return who the victim is, what is in the cart, and the names of all cookies."""
        who, cart = await self.victim.evaluate(_POSSESSIONS, CART)
        cookies = await self.context.cookies(self.stage.origin)
        return who, cart["cart"]["lineItems"], sorted(each.get("name", "") for each in cookies)


async def set_scene(stage: Stage, context: BrowserContext, evil_origin: str) -> Scene:
    """Log the victim in, and open the page of somebody else."""
    victim = await context.new_page()
    await victim.goto(stage.origin)
    await victim.evaluate(_BECOME_MEMBER)
    evil = await context.new_page()
    await evil.goto(f"{evil_origin}/")
    return Scene(stage, context, victim, evil)


async def _attacker(_: web.Request) -> web.Response:
    page = "<!doctype html><link rel=icon href=data:,><title>A harmless page</title><body>"
    return web.Response(text=page, content_type="text/html")


@asynccontextmanager
async def attackers_server() -> AsyncIterator[int]:
    """Serve a page that belongs to somebody else; give its port."""
    app = web.Application()
    app.router.add_get("/", _attacker)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()
