"""An application built by Vite calls Wix's modules in Chromium: no client, no configuration."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page

from tests.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

STORES = "215238eb-22a5-4c36-9e7b-e7c08025e04e"
BECOME_MEMBER = """() => fetch('/_wix/testing/session', {
  method: 'POST', body: JSON.stringify({ member: 'ada@example.test' }),
})"""


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        pytest.param(
            "productsV3.queryProducts().limit(3).find().then((found) => found.items.length)",
            3,
            id="products",
        ),
        pytest.param(
            "items.query('Journal').hasSome('tags', ['home']).find()"
            ".then((found) => found.items[0].published instanceof Date)",
            True,
            id="data items",
        ),
        pytest.param(
            "services.queryServices().find().then((found) => found.items.length)", 2, id="services"
        ),
        pytest.param(
            "members.listMembers().then((found) => found.members.length)", 3, id="members"
        ),
        pytest.param(
            "httpClient.fetchWithAuth('https://www.wixapis.com/members/v1/members')"
            ".then((answer) => answer.status)",
            200,
            id="the HTTP client",
        ),
        pytest.param(
            "members.getCurrentMember().catch((error) => [error.status, "
            "error.details.applicationError.code].join(' '))",
            "403 PERMISSION_DENIED",
            id="a refusal",
        ),
        pytest.param(
            "currentCart.addToCurrentCart({ lineItems: [] })"
            ".catch((error) => error.details.validationError.fieldViolations[0].field)",
            "options.lineItems",
            id="what is not valid",
        ),
    ],
)
async def test_a_module_works_without_a_client(shown: Page, call: str, wanted: Any) -> None:
    assert await shown.evaluate(f"() => wix.{call}") == wanted


CHECK_OUT = """async () => {
  const { productsV3, currentCart, redirects } = wix;
  const { items: [product] } = await productsV3.queryProducts().limit(1).find();
  const catalogReference = { appId: '%s', catalogItemId: product._id };
  await currentCart.addToCurrentCart({ lineItems: [{ catalogReference, quantity: 2 }] });
  const { lineItems } = await currentCart.getCurrentCart();
  const { checkoutId } = await currentCart.createCheckoutFromCurrentCart({ channelType: 'WEB' });
  const { redirectSession } = await redirects.createRedirectSession({
    ecomCheckout: { checkoutId },
    callbacks: { postFlowUrl: `${location.origin}/cart` },
  });
  return [lineItems[0].quantity, redirectSession.fullUrl];
}"""


async def test_a_cart_is_filled_and_leads_to_the_checkout_at_wix(shown: Page, site: Stage) -> None:
    quantity, address = await shown.evaluate(CHECK_OUT % STORES)
    assert quantity == 2
    assert address.startswith(f"{site.emulator.origin}/__ecom/checkout?")


async def test_the_current_member_is_who_logged_in(shown: Page) -> None:
    await shown.evaluate(BECOME_MEMBER)
    email = "wix.members.getCurrentMember({fieldsets: ['FULL']}).then((it) => it.member.loginEmail)"
    assert await shown.evaluate(f"() => {email}") == "ada@example.test"
    assert await shown.evaluate("wix.authentication.loggedIn()") is True
    await shown.evaluate("wix.authentication.logout()")
    assert await shown.evaluate("wix.authentication.loggedIn()") is False


async def test_no_call_of_a_page_runs_as_the_app(shown: Page, site: Stage) -> None:
    said = await shown.evaluate(
        """async () => {
          try {
            await wix.auth.elevate(wix.members.listMembers)();
          } catch (error) {
            return error.message;
          }
        }"""
    )
    assert "An elevated client is required" in said
    assert site.counts()["grants"] == {}


async def test_six_modules_at_once_make_one_visitor(
    shown: Page, context: BrowserContext, site: Stage
) -> None:
    await context.clear_cookies()
    call = "wix.productsV3.queryProducts().limit(1).find()"
    await shown.evaluate(f"() => Promise.all([{', '.join([call] * 6)}])")
    assert site.counts()["grants"] == {"anonymous": 1}


async def test_the_page_of_an_application_logs_in_with_a_password(shown: Page) -> None:
    await shown.evaluate("wix.authentication.login('ada@example.test', 'ada-password')")
    assert await shown.evaluate("wix.authentication.loggedIn()") is True
    member = await shown.evaluate("wix.members.getCurrentMember().then((it) => it.member)")
    assert member["profile"]["nickname"]
