"""What Wix's page "About Wix's Astro integration" promises, row by row, for any frontend.

The frontend here is a built application that imports Wix's modules and sets
up nothing; the same server takes Wix's events and the calls of its plugins.
"""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import BrowserContext, Page, expect

from tests.at_wix import STORES, AtWix, fill_cart, made
from tests.browser.watching import Watch
from tests.conftest import HandClock
from tests.journeys.event_handlers import Call, EventHandlers
from tests.stage import Stage, staged

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOOK, PLUGIN = "/hooks/orders", "/plugins/shipping"
WEBHOOK = "/_wix/extensions/webhooks/orders"
SERVICE_PLUGIN = "/_wix/extensions/service-plugins/shipping"
RATES = {"shippingRates": [{"code": "post", "title": "By post"}]}
ALL_ORDERS = {
    "name": "all-orders",
    "call": "POST /ecom/v1/orders/search",
    "who": ["member"],
    "body_fields": ["search"],
}

ADD_TO_CART = """async (appId) => {
  const { product } = await wix.productsV3.getProductBySlug('dawn-mug');
  const catalogReference = { appId, catalogItemId: product._id };
  const lineItems = [{ catalogReference, quantity: 2 }];
  return (await wix.currentCart.addToCurrentCart({ lineItems })).cart._id;
}"""
CART = "() => wix.currentCart.getCurrentCart()"
ORDERS = "() => wix.orders.searchOrders({}).then((found) => found.orders.map((it) => it._id))"
ME = """() => wix.members.getCurrentMember({ fieldsets: ['FULL'] })
  .then((found) => found.member.loginEmail, (error) => error.status)"""


@pytest_asyncio.fixture(loop_scope="session")
async def frontend(tagged: Path) -> AsyncIterator[EventHandlers]:
    """The application at every path but the two that Wix calls."""

    async def answer(call: Call) -> web.Response:
        if call.path == HOOK:
            return web.Response(status=204)
        if call.path.startswith(PLUGIN):
            return web.json_response(RATES)
        file = tagged / call.path[1:]
        file = file if file.is_file() else tagged / "index.html"
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return web.Response(body=file.read_bytes(), content_type=kind)

    frontend = EventHandlers()
    frontend.answer = answer
    await frontend.start()
    yield frontend
    await frontend.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def site(clock: HandClock, tmp_path: Path, frontend: EventHandlers) -> AsyncIterator[Stage]:
    flags = {
        "upstream.url": frontend.origin,
        "browser.inject": False,
        "site.elevate": [ALL_ORDERS],
        "site.extensions.webhooks": [{"id": "orders", "path": HOOK}],
        "site.extensions.service_plugins": [{"id": "shipping", "path": PLUGIN}],
        "site.extensions.state_file": str(tmp_path / "events.sqlite3"),
    }
    async with staged(clock, tmp_path, flags) as stage:
        await stage.trust_emulator()
        yield stage


async def opened(context: BrowserContext, site: Stage, path: str = "/") -> Page:
    page = await context.new_page()
    await page.goto(site.origin + path)
    await page.wait_for_function("globalThis.wix")
    return page


async def go_to(page: Page, site: Stage, path: str) -> None:
    await page.goto(site.origin + path)
    await page.wait_for_function("globalThis.wix")


async def log_in(page: Page, site: Stage, path: str = "/") -> None:
    """Follow the login route to Wix's page, and come back as Ada."""
    await page.goto(f"{site.origin}/_wix/login?returnToUrl={path}")
    await page.get_by_role("button", name="Ada Quill").click()
    await expect(page).to_have_url(site.origin + path)
    await page.wait_for_function("globalThis.wix")


async def test_visitor_sessions_keep_a_cart_over_pages(
    site: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await opened(context, site)
    cart_id = await page.evaluate(ADD_TO_CART, STORES)
    await go_to(page, site, "/another/page")
    other_tab = await opened(context, site, "/cart")
    for shown in (page, other_tab):
        cart = await shown.evaluate(CART)
        assert (cart["_id"], len(cart["lineItems"])) == (cart_id, 1)
    assert site.counts()["grants"] == {"anonymous": 1}
    assert await watch.headers("authorization", site.origin) == []


async def test_a_booking_is_started_on_one_page_and_continued_on_another(
    site: Stage, context: BrowserContext
) -> None:
    page = await opened(context, site, "/services")
    today = datetime.fromtimestamp(site.clock(), UTC)
    slot = await page.evaluate(
        """async ([startDate, endDate]) => {
          const { services, availabilityCalendar } = wix;
          const found = await services.queryServices().eq('mainSlug.name', 'tea-tasting').find();
          const filter = { serviceId: [found.items[0]._id], startDate, endDate, bookable: true };
          const { availabilityEntries } = await availabilityCalendar.queryAvailability({ filter });
          return JSON.stringify(availabilityEntries[0]);
        }""",
        [today.isoformat(), today.replace(year=today.year + 1).isoformat()],
    )
    await go_to(page, site, "/book")
    await page.evaluate(
        """async (slot) => {
          const { redirectSession } = await wix.redirects.createRedirectSession({
            bookingsCheckout: { slotAvailability: JSON.parse(slot) },
            callbacks: { postFlowUrl: `${location.origin}/booked` },
          });
          location.assign(redirectSession.fullUrl);
        }""",
        slot,
    )
    await page.get_by_role("button", name="Complete").click()
    await page.wait_for_url(f"{site.origin}/booked?wixMemberLoggedIn=false")
    await page.wait_for_function("globalThis.wix")
    statuses = await page.evaluate(
        """() => wix.extendedBookings.queryExtendedBookings({ filter: {} })
          .then((found) => found.extendedBookings.map((it) => it.booking.status))"""
    )
    assert statuses == ["CONFIRMED"]
    assert site.counts()["grants"] == {"anonymous": 1}


async def test_the_login_routes_lead_to_wix_and_back_and_out_again(
    site: Stage, context: BrowserContext
) -> None:
    page = await opened(context, site)
    await log_in(page, site, "/profile?tab=orders")
    assert await page.evaluate("wix.authentication.loggedIn()") is True
    await page.goto(f"{site.origin}/_wix/logout?returnToUrl=/goodbye")
    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_url(f"{site.origin}/goodbye")
    await page.wait_for_function("globalThis.wix")
    assert await page.evaluate("wix.authentication.loggedIn()") is False


async def test_the_identity_of_a_login_is_in_every_later_call(
    site: Stage, context: BrowserContext, frontend: EventHandlers
) -> None:
    page = await opened(context, site)
    assert await page.evaluate(ME) == 403
    await log_in(page, site, "/profile")
    assert await page.evaluate(ME) == "ada@example.test"
    other_tab = await opened(context, site, "/orders")
    assert await other_tab.evaluate(ME) == "ada@example.test"
    told = next(call.headers for call in frontend.calls if call.path == "/orders")
    ada = site.emulator.state.member_by_email("ada@example.test")
    assert ada is not None
    assert (told["X-Wix-Identity"], told["X-Wix-Member-Id"]) == ("member", ada.id)


async def test_sdk_methods_are_called_directly(
    site: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await opened(context, site)
    found = await page.evaluate(
        """async () => [
          (await wix.productsV3.queryProducts().find()).items.length,
          (await wix.services.queryServices().find()).items.length,
          (await wix.items.query('Journal').find()).items.length,
          (await wix.members.listMembers()).members.length,
        ]"""
    )
    assert found == [8, 2, 3, 3]
    assert watch.origins() == {site.origin}
    assert await watch.headers("authorization", site.origin) == []


async def test_elevation_is_a_rule_and_never_the_pages_own(
    site: Stage, context: BrowserContext
) -> None:
    stranger = site.browser()
    checkout = await fill_cart(stranger)
    thanks = {"thankYouPageUrl": f"{site.origin}/thanks"}
    bought = await AtWix(stranger).complete(
        await made(stranger, thanks, ecomCheckout={"checkoutId": checkout})
    )
    page = await opened(context, site)
    assert await page.evaluate(ORDERS) == []
    await log_in(page, site)
    (order_id,) = await page.evaluate(ORDERS)
    assert f"orderId={order_id}&" in bought
    refused = await page.evaluate(
        """async () => {
          try {
            await wix.auth.elevate(wix.orders.searchOrders)({});
          } catch (error) {
            return error.message;
          }
        }"""
    )
    assert "An elevated client is required" in refused


async def test_an_event_of_a_purchase_reaches_its_handler(
    site: Stage, context: BrowserContext, frontend: EventHandlers
) -> None:
    emulated = site.emulator.state
    hook = {"webhooks": True, "webhook_url": site.origin + WEBHOOK}
    emulated.settings = emulated.settings.changed(hook)
    page = await opened(context, site)
    await page.evaluate(ADD_TO_CART, STORES)
    await page.evaluate(
        """async () => {
          const asked = { channelType: 'WEB' };
          const { checkoutId } = await wix.currentCart.createCheckoutFromCurrentCart(asked);
          const { redirectSession } = await wix.redirects.createRedirectSession({
            ecomCheckout: { checkoutId },
            callbacks: { thankYouPageUrl: `${location.origin}/thanks` },
          });
          location.assign(redirectSession.fullUrl);
        }"""
    )
    await page.get_by_role("button", name="Complete").click()
    await page.wait_for_url(f"{site.origin}/thanks?orderId=*")
    event = await delivered(frontend, "wix.ecom.v1.order_approved")
    assert f"orderId={event.body['data']['order']['id']}&" in page.url
    assert event.headers["X-Wix-Instance-Id"] == site.emulator.instance_id


async def delivered(frontend: EventHandlers, event_type: str) -> Call:
    """Return the call that delivers an event of this type, once it has come."""
    async with asyncio.timeout(20):
        while True:
            for call in frontend.calls:
                if call.path == HOOK and call.headers["X-Wix-Event-Type"] == event_type:
                    return call
            await frontend.called(len(frontend.calls) + 1, seconds=20)


async def test_a_service_plugin_answers_wix_about_the_cart_of_a_page(
    site: Stage, context: BrowserContext, frontend: EventHandlers
) -> None:
    page = await opened(context, site)
    await page.evaluate(ADD_TO_CART, STORES)
    lines = (await page.evaluate(CART))["lineItems"]
    asked = {"lineItems": [{"quantity": line["quantity"]} for line in lines]}
    told = await wix_calls_the_plugin(site, asked)
    assert (told["status"], told["body"]) == (200, RATES)
    (call,) = [call for call in frontend.calls if call.path.startswith(PLUGIN)]
    assert call.path == f"{PLUGIN}/v1/getRates"
    assert call.body["request"] == {"lineItems": [{"quantity": 2}]}


async def wix_calls_the_plugin(site: Stage, request: dict[str, Any]) -> Any:
    """Have the emulated Wix ask for shipping rates; return what it tells of the answer."""
    body = {
        "url": site.origin + SERVICE_PLUGIN,
        "path": "/v1/getRates",
        "componentType": "ECOM_SHIPPING_RATES",
        "request": request,
    }
    url = f"{site.emulator.origin}/__emulator/v1/plugin-calls"
    async with aiohttp.ClientSession() as http, http.post(url, json=body) as answer:
        return await answer.json()
