"""The pages on Wix behind a redirect session: completing, leaving, logging in on the way."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.emulator.driver import SITE, Answer, Wix, continued_by, parameters_of
from wixproxy.emulator.data import guid

STORES = "215238eb-22a5-4c36-9e7b-e7c08025e04e"
CALLBACKS = {"postFlowUrl": f"{SITE}/back", "thankYouPageUrl": f"{SITE}/thanks?x=1"}
CART = "/ecom/v1/carts/current"
TEA = guid("service", "tea-tasting")
RESERVE = "/events/v1/ticket-reservations"


async def fill(wix: Wix, token: str, slug: str = "dawn-mug") -> None:
    reference = {"appId": STORES, "catalogItemId": guid("product", slug)}
    body = {"lineItems": [{"catalogReference": reference, "quantity": 2}]}
    assert (await wix.call("POST", f"{CART}/add-to-cart", token, json=body)).status == 200


async def checkout_url(wix: Wix, token: str, callbacks: dict[str, str] | None = None) -> str:
    """Return the link to the checkout page of a filled cart."""
    await fill(wix, token)
    made = await wix.call("POST", f"{CART}/create-checkout", token, json={"channelType": "WEB"})
    return await link(wix, token, callbacks, ecomCheckout={"checkoutId": made.json["checkoutId"]})


async def link(wix: Wix, token: str, callbacks: dict[str, str] | None = None, **intent: Any) -> str:
    chosen = CALLBACKS if callbacks is None else callbacks
    made = await wix.redirect_session(token, **intent, callbacks=chosen)
    assert made.status == 200, made.text
    url: str = made.json["redirectSession"]["fullUrl"]
    return url


async def complete(wix: Wix, url: str) -> Answer:
    parts = urlsplit(url)
    form = {"redirectSessionId": dict(parse_qsl(parts.query))["redirectSessionId"]}
    return await wix.call("POST", parts.path, data=form)


def links(page: Answer) -> list[str]:
    return [html.unescape(each) for each in re.findall(r'<a [^>]*href="([^"]+)"', page.text)]


async def log_in_on_the_way(wix: Wix, url: str, email: str = "ada@example.test") -> Answer:
    shown = await wix.call("GET", url)
    [to_login] = [each for each in links(shown) if each.startswith("/login")]
    page = await wix.call("GET", to_login)
    member = wix.emulator.state.member_by_email(email)
    assert member is not None
    form = {"continue": continued_by(page.text), "email": email, "password": member.password}
    return await wix.call("POST", "/login", data=form)


async def test_a_checkout_page_shows_what_it_costs(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    shown = await wix.call("GET", await checkout_url(wix, token))
    assert "Dawn Mug, 2" in shown.text
    assert "$48.00" in shown.text


@pytest.mark.parametrize("logged_in", [False, True], ids=["as a visitor", "as a member"])
async def test_completing_makes_an_order_and_says_who_is_logged_in(
    wix: Wix, logged_in: bool
) -> None:
    token = (await wix.visitor())["access_token"]
    url = await checkout_url(wix, token)
    if logged_in:
        await wix.member()
    back = await complete(wix, url)
    assert back.status == 303
    assert back.headers["Location"].startswith(f"{SITE}/thanks?x=1&")
    told = parameters_of(back)
    assert told["wixMemberLoggedIn"] == str(logged_in).lower()
    order = await wix.call("GET", f"/ecom/v1/orders/{told['orderId']}", await wix.app_token())
    assert order.json["order"]["priceSummary"]["total"]["amount"] == "48.00"
    assert ("memberId" in order.json["order"]["buyerInfo"]) is logged_in
    assert (await wix.call("GET", CART, token)).status == 404


async def test_completing_twice_is_one_order(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    url = await checkout_url(wix, token)
    first, second = await complete(wix, url), await complete(wix, url)
    assert first.headers["Location"] == second.headers["Location"]
    found = await wix.call("POST", "/ecom/v1/orders/search", token, json={})
    assert [each["number"] for each in found.json["orders"]] == ["10001"]
    assert "This is done" in (await wix.call("GET", url)).text


async def test_a_checkout_is_completed_in_one_session_only(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    url = await checkout_url(wix, token)
    checkout_id = dict(parse_qsl(urlsplit(url).query))["checkoutId"]
    other = await link(wix, token, ecomCheckout={"checkoutId": checkout_id})
    await complete(wix, url)
    refused = await complete(wix, other)
    assert refused.status == 409
    assert "completed before" in refused.text


async def test_a_cart_of_v2_is_its_own_checkout(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    await fill(wix, token)
    cart = (await wix.call("GET", "/ecom/v2/carts/current", token)).json["cart"]
    url = await link(wix, token, ecomCheckout={"checkoutId": cart["id"]})
    order_id = parameters_of(await complete(wix, url))["orderId"]
    order = (await wix.call("GET", f"/ecom/v1/orders/{order_id}", token)).json["order"]
    assert order["checkoutId"] == cart["id"]


async def test_leaving_changes_nothing(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    shown = await wix.call("GET", await checkout_url(wix, token))
    assert links(shown)[-1] == f"{SITE}/back?wixMemberLoggedIn=false"
    assert (await wix.call("GET", CART, token)).json["cart"]["lineItems"]


async def test_the_sites_own_pages_are_offered_and_told_who_is_logged_in(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    own = {"loginUrl": f"{SITE}/login", "cartPageUrl": f"{SITE}/cart"}
    shown = await wix.call("GET", await checkout_url(wix, token, own))
    assert links(shown) == [
        f"{SITE}/login?wixMemberLoggedIn=false",
        f"{SITE}/cart?wixMemberLoggedIn=false",
    ]


async def test_without_a_thank_you_page_the_flow_ends_where_it_is_left(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    url = await checkout_url(wix, token, {"postFlowUrl": f"{SITE}/back"})
    back = await complete(wix, url)
    assert back.headers["Location"] == f"{SITE}/back?wixMemberLoggedIn=false"


async def test_without_any_callback_the_page_says_that_it_is_done(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    done = await complete(wix, await checkout_url(wix, token, {}))
    assert done.status == 200
    assert "This is done" in done.text


async def test_an_unknown_checkout_can_only_be_left(wix: Wix) -> None:
    url = await link(wix, (await wix.visitor())["access_token"], ecomCheckout={"checkoutId": "c-1"})
    shown = await wix.call("GET", url)
    assert "There is no such checkout" in shown.text
    assert "Complete" not in shown.text
    assert (await complete(wix, url)).status == 409


async def test_one_who_logs_in_on_the_way_buys_as_a_member(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    url = await checkout_url(wix, token)
    returned = await log_in_on_the_way(wix, url)
    assert returned.headers["Location"] == url
    back = await complete(wix, url)
    told = parameters_of(back)
    assert told["wixMemberLoggedIn"] == "true"
    ada = wix.emulator.state.member_by_email("ada@example.test")
    assert ada is not None
    order = await wix.call("GET", f"/ecom/v1/orders/{told['orderId']}", await wix.app_token())
    assert order.json["order"]["buyerInfo"]["memberId"] == ada.id


async def test_an_order_is_nobody_elses_business(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    order_id = parameters_of(await complete(wix, await checkout_url(wix, token)))["orderId"]
    path = f"/ecom/v1/orders/{order_id}"
    assert (await wix.call("GET", path, token)).status == 200
    stranger = (await wix.visitor())["access_token"]
    assert (await wix.call("GET", path, stranger)).status == 404
    found = await wix.call("POST", "/ecom/v1/orders/search", stranger, json={"search": {}})
    assert found.json == {"orders": [], "metadata": {"count": 0, "cursors": {}, "hasNext": False}}


async def test_a_visitors_orders_become_the_members_who_logs_in(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    order_id = parameters_of(await complete(wix, await checkout_url(wix, token)))["orderId"]
    member = (await wix.member(visitor=token))["access_token"]
    order = (await wix.call("GET", f"/ecom/v1/orders/{order_id}", member)).json["order"]
    assert "memberId" in order["buyerInfo"]


@pytest.mark.parametrize(
    "form", [{}, {"redirectSessionId": "no"}], ids=["no session", "an unknown one"]
)
async def test_a_page_without_its_session_leads_nowhere(wix: Wix, form: dict[str, str]) -> None:
    assert (await wix.call("POST", "/__ecom/checkout", data=form)).status == 400


async def test_a_session_is_for_the_page_it_was_made_for(wix: Wix) -> None:
    url = await link(wix, (await wix.visitor())["access_token"], bookingsBook={})
    other = url.replace("/book?", "/__ecom/checkout?")
    assert (await wix.call("GET", other)).status == 400


async def free_slot(wix: Wix, token: str) -> dict[str, Any]:
    await wix.admin("POST", "/clock", {"freeze": 1_790_000_000})
    dates = {"startDate": "2026-09-22T00:00:00Z", "endDate": "2026-09-23T00:00:00Z"}
    body = {"query": {"filter": {"serviceId": [TEA], **dates}}}
    path = "/availability-calendar/v1/availability/query"
    answer = await wix.call("POST", path, token, json=body)
    entry: dict[str, Any] = answer.json["availabilityEntries"][0]
    return entry


async def test_a_booking_page_books_the_slot_it_was_given(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    entry = await free_slot(wix, token)
    url = await link(wix, token, bookingsCheckout={"slotAvailability": entry, "timezone": "UTC"})
    assert "Tuesday, 22 September 2026, 10:00" in (await wix.call("GET", url)).text
    back = await complete(wix, url)
    assert back.headers["Location"] == f"{SITE}/thanks?x=1&wixMemberLoggedIn=false"
    path = "/_api/bookings-reader/v2/extended-bookings/query"
    [found] = (await wix.call("POST", path, token, json={})).json["extendedBookings"]
    assert found["booking"]["status"] == "CONFIRMED"
    assert found["booking"]["startDate"] == entry["slot"]["startDate"]


async def test_a_slot_taken_in_the_meantime_is_not_booked_twice(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    entry = await free_slot(wix, token)
    urls = [await link(wix, token, bookingsCheckout={"slotAvailability": entry}) for _ in range(5)]
    statuses = [(await complete(wix, url)).status for url in urls]
    assert statuses == [303, 303, 303, 303, 409]


@pytest.mark.parametrize(
    "slot",
    [{}, {"slot": {}}, {"slot": {"serviceId": TEA, "startDate": "soon"}}],
    ids=["none", "an empty one", "one of no time"],
)
async def test_a_booking_page_without_a_slot_can_only_be_left(
    wix: Wix, slot: dict[str, Any]
) -> None:
    token = (await wix.visitor())["access_token"]
    url = await link(wix, token, bookingsCheckout={"slotAvailability": slot or {"x": 1}})
    shown = await wix.call("GET", url)
    assert 'role="alert"' in shown.text
    assert "Complete" not in shown.text


async def test_tickets_become_an_order(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    tickets = [{"ticketDefinitionId": guid("ticket", "late-concert/Chair"), "quantity": 2}]
    body = {"ticketReservation": {"tickets": tickets}}
    held = (await wix.call("POST", RESERVE, token, json=body)).json["ticketReservation"]
    detail = {"reservationId": held["id"], "eventSlug": "late-concert"}
    url = await link(wix, token, eventsCheckout=detail)
    told = parameters_of(await complete(wix, url))
    order_path = f"/events/v1/events/{told['eventId']}/orders/{told['orderNumber']}"
    order = await wix.call("GET", order_path, token)
    assert order.json["order"]["ticketsQuantity"] == 2
    stranger = (await wix.visitor())["access_token"]
    assert (await wix.call("GET", order_path, stranger)).status == 404
    again = await complete(wix, await link(wix, token, eventsCheckout=detail))
    assert again.status == 409
    other = await link(wix, token, eventsCheckout={**detail, "eventSlug": "other"})
    assert (await complete(wix, other)).status == 409


async def test_a_plan_is_bought_by_members_only(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    url = await link(wix, token, paidPlansCheckout={"planId": guid("plan", "night-reader")})
    shown = await wix.call("GET", url)
    assert "Only members" in shown.text
    assert "Complete" not in shown.text
    sent_on = await complete(wix, url)
    assert sent_on.headers["Location"].startswith("/signup?")
    signup = await wix.call("GET", sent_on.headers["Location"])
    form = {
        "continue": continued_by(signup.text),
        "email": "new@example.test",
        "password": "secret",
    }
    returned = await wix.call("POST", "/signup", data=form)
    assert returned.headers["Location"] == url
    told = parameters_of(await complete(wix, url))
    assert told["wixMemberLoggedIn"] == "true"
    orders = await wix.call("GET", "/pricing-plans/v2/orders", await wix.app_token())
    assert [each["id"] for each in orders.json["orders"]] == [told["planOrderId"]]


async def test_an_unknown_plan_can_only_be_left(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    shown = await wix.call("GET", await link(wix, token, paidPlansCheckout={"planId": "none"}))
    assert "There is no such plan" in shown.text


async def test_purchases_are_told_to_the_app(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"webhooks": True})
    token = (await wix.visitor())["access_token"]
    await complete(wix, await checkout_url(wix, token))
    entry = await free_slot(wix, token)
    await complete(wix, await link(wix, token, bookingsCheckout={"slotAvailability": entry}))
    told = [each["type"] for each in (await wix.admin("GET", "/events"))["events"]]
    assert told == [
        "wix.ecom.v1.cart_updated",
        "wix.ecom.v1.order_approved",
        "wix.bookings.v2.booking_created",
        "wix.bookings.v2.booking_confirmed",
    ]
