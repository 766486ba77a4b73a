"""Site properties, the app's own instance, and answers that come from the data."""

from __future__ import annotations

from typing import Any


async def test_anyone_reads_the_sites_properties(site: Any) -> None:
    answer = await site.visitor()("GET", "/site-properties/v4/properties")
    assert answer.body["properties"]["businessName"] == "Small Hours"
    assert answer.body["properties"]["paymentCurrency"] == "USD"


async def test_only_the_app_reads_its_instance(site: Any) -> None:
    assert (await site.visitor()("GET", "/apps/v1/instance")).status == 403
    assert (await site.member()("GET", "/apps/v1/instance")).status == 403
    answer = await site.app()("GET", "/apps/v1/instance")
    assert answer.body["instance"]["instanceId"] == site.emulator.instance_id
    assert answer.body["site"]["siteId"] == site.emulator.site_id


async def test_the_sites_currency_is_in_every_price(lay: Any) -> None:
    site = await lay(site={"currency": "EUR"}, products=[{"name": "A", "price": "1234.5"}])
    answer = await site.visitor()("GET", "/stores/v3/products/slug/a")
    price = answer.body["product"]["actualPriceRange"]["minValue"]
    assert price == {"amount": "1234.50", "formattedAmount": "€1,234.50"}


async def test_an_entry_answers_a_call_the_emulator_does_not_know(lay: Any) -> None:
    entry = {"path": "/bookings/v2/services/{id}", "body": {"service": {"name": "Haircut"}}}
    site = await lay(respond=[entry])
    answer = await site.visitor()("GET", "/bookings/v2/services/7")
    assert answer.body == {"service": {"name": "Haircut"}}


async def test_a_name_in_a_path_stands_for_one_segment(lay: Any) -> None:
    site = await lay(respond=[{"path": "/a/{id}", "body": {}}])
    assert (await site.visitor()("GET", "/a/b/c")).status == 501


async def test_an_entry_overrides_as_often_as_it_says(lay: Any) -> None:
    path = "/site-properties/v4/properties"
    site = await lay(respond=[{"path": path, "status": 503, "times": 2}])
    visitor = site.visitor()
    assert [(await visitor("GET", path)).status for _ in range(3)] == [503, 503, 200]
    site.emulator.state.reset()
    assert (await site.visitor()("GET", path)).status == 503


async def test_an_entry_answers_only_its_method(lay: Any) -> None:
    site = await lay(respond=[{"method": "post", "path": "/x", "body": {"ok": True}}])
    assert (await site.visitor()("POST", "/x", {})).body == {"ok": True}
    assert (await site.visitor()("GET", "/x")).status == 501


async def test_an_entry_may_send_text_and_headers(lay: Any) -> None:
    headers = {"Content-Type": "text/html", "X-Mood": "bad"}
    site = await lay(respond=[{"path": "/x", "body": "<h1>Oops</h1>", "headers": headers}])
    response = await site.client.get("/x")
    assert (await response.text(), response.content_type) == ("<h1>Oops</h1>", "text/html")
    assert response.headers["X-Mood"] == "bad"
