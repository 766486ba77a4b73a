"""`wixproxy event send` and `call`, beside a proxy that runs with the emulator."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from click.testing import CliRunner, Result

from tests.commands.handlers import Handlers, handlers_running
from tests.commands.terminal import Terminal, free_port, terminal_in
from wixproxy.cli import main
from wixproxy.emulator.data import guid

ORDER = "wix.ecom.v1.order_approved"
MEMBER = "wix.members.v1.member_created"
STORES = "215238eb-22a5-4c36-9e7b-e7c08025e04e"
CART = "/_wix/api/ecom/v1/carts/current"
SECONDS = 60
CONFIGURATION = """
[server]
port = {port}
[[site.extensions.webhooks]]
id = "orders"
path = "/hooks/orders"
events = ["{order}"]
[[site.extensions.webhooks]]
id = "members"
path = "/hooks/members"
events = ["{member}", "AppInstalled"]
[[site.extensions.service_plugins]]
id = "shipping"
path = "/plugins/shipping"
"""


@dataclass(frozen=True)
class Place:
    """A proxy that runs, its frontend, and the folder that both are described in."""

    folder: Path
    port: int
    emulator_port: int
    handlers: Handlers


Event = Callable[..., Result]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder, port, emulator_port = tmp_path_factory.mktemp("events"), free_port(), free_port()
    text = CONFIGURATION.format(port=port, order=ORDER, member=MEMBER)
    (folder / "wixproxy.toml").write_text(text)
    terminal = terminal_in(folder)
    terminal.variables["WIXPROXY__EMULATOR__PORT"] = str(emulator_port)
    with handlers_running() as handlers, _serving(terminal, handlers):
        yield Place(folder, port, emulator_port, handlers)


@contextmanager
def _serving(terminal: Terminal, handlers: Handlers) -> Iterator[None]:
    words = ("serve", "--emulator", "--upstream", handlers.origin)
    with (
        (terminal.folder / "log").open("w") as log,
        subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "wixproxy", *words],
            cwd=terminal.folder,
            env=terminal.variables,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("wixproxy is ready")
            yield
        finally:
            process.terminate()


@pytest.fixture
def event(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Run a command about events where the proxy was started."""
    monkeypatch.chdir(place.folder)
    for variable in os.environ:
        if variable.startswith(("WIX", "KUBERNETES_")):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("XDG_STATE_HOME", str(place.folder / "state"))
    place.handlers.answers.clear()

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["event", *words], prog_name="wixproxy")

    yield run
    place.handlers.answers.clear()


def sent(result: Result) -> str:
    """Return the id of the event that was sent."""
    assert result.exit_code == 0, result.output
    found = re.search(r"^  id +(\S+)$", result.stdout, re.MULTILINE)
    assert found is not None, result.output
    return found[1]


def test_an_event_reaches_its_handler_and_the_command_says_so(place: Place, event: Event) -> None:
    result = event("send", ORDER)
    (call,) = place.handlers.called(sent(result))
    assert call.path == "/hooks/orders"
    assert call.headers["X-Wix-Event-Type"] == ORDER
    assert call.body["data"]["order"]["id"] == call.headers["X-Wix-Entity-Id"]
    assert call.headers["Host"] == f"localhost:{place.port}"
    assert result.stdout.startswith(f"Sent {ORDER} to the webhook orders.\n")
    assert result.stdout.endswith("The handler at /hooks/orders took it.\n")


def test_an_order_bought_on_the_emulated_checkout_page_arrives_by_itself(place: Place) -> None:
    """With no other set-up than the webhook."""
    before = len(place.handlers.calls)
    order_id = buy(place)
    until = time.monotonic() + SECONDS
    while not (calls := bought(place, before)):
        assert time.monotonic() < until
        time.sleep(0.02)
    (call,) = calls
    assert call["data"]["order"]["id"] == order_id
    assert call["metadata"]["entityFqdn"] == "wix.ecom.v1.order"


def bought(place: Place, before: int) -> list[Any]:
    calls = place.handlers.calls[before:]
    return [call.body for call in calls if call.headers.get("X-Wix-Event-Type") == ORDER]


def buy(place: Place) -> str:
    """Fill a cart through the proxy, complete the checkout page, and return the order's id."""
    cookies: dict[str, str] = {}

    def api(path: str, body: object) -> Any:
        fields = {"Cookie": "; ".join(f"{n}={v}" for n, v in cookies.items())}
        status, headers, text = ask(place.port, path, json.dumps(body), **fields)
        assert status == 200, text
        for line in headers.get_all("Set-Cookie", []):
            name, _, rest = line.partition("=")
            cookies[name] = rest.partition(";")[0]
        return json.loads(text)

    reference = {"appId": STORES, "catalogItemId": guid("product", "dawn-mug")}
    api(f"{CART}/add-to-cart", {"lineItems": [{"catalogReference": reference, "quantity": 1}]})
    checkout = api(f"{CART}/create-checkout", {"channelType": "WEB"})
    made = api(
        "/_wix/api/_api/redirects-api/v1/redirect-session",
        {
            "ecomCheckout": {"checkoutId": checkout["checkoutId"]},
            "callbacks": {"thankYouPageUrl": f"http://localhost:{place.port}/thanks"},
        },
    )
    page = urlsplit(made["redirectSession"]["fullUrl"])
    name = "redirectSessionId"
    form = f"{name}={dict(parse_qsl(page.query))[name]}"
    kind = "application/x-www-form-urlencoded"
    fields = {"Content-Type": kind, "Host": page.netloc}
    status, headers, text = ask(place.emulator_port, page.path, form, **fields)
    assert status == 303, text
    return dict(parse_qsl(urlsplit(headers["Location"]).query))["orderId"]


def ask(
    port: int, path: str, body: str, **fields: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        known = {"Content-Type": "application/json", "Host": f"localhost:{port}"}
        connection.request("POST", path, body, {**known, **fields})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_the_sample_of_an_order_looks_like_one_that_was_bought(place: Place, event: Event) -> None:
    before = len(place.handlers.calls)
    buy(place)
    sample = place.handlers.called(sent(event("send", ORDER)))[0].body
    real = next(body for body in bought(place, before) if body != sample)
    assert real["data"]["order"].keys() == sample["data"]["order"].keys()
    assert real["metadata"].keys() == sample["metadata"].keys()


def test_the_same_id_is_dropped_as_a_duplicate(place: Place, event: Event) -> None:
    words = ("send", ORDER, "--id", "twice")
    assert sent(event(*words)) == "twice"
    place.handlers.called("twice")
    result = event(*words)
    assert result.exit_code == 0
    told = "It was there already (delivered), so the proxy dropped it as a duplicate.\n"
    assert result.stdout.endswith(told)
    assert len(place.handlers.of("twice")) == 1


def test_an_event_behind_a_later_one_says_so(place: Place, event: Event) -> None:
    words = ("send", ORDER, "--entity", "order-7", "--sequence")
    first, second = sent(event(*words, "2")), sent(event(*words, "1"))
    (in_order,), (late,) = place.handlers.called(first), place.handlers.called(second)
    assert "X-Wix-Event-Late" not in in_order.headers
    assert late.headers["X-Wix-Event-Late"] == "true"


def test_the_data_and_the_installation_may_be_given(place: Place, event: Event) -> None:
    (place.folder / "member.json").write_text('{"id": "m-1", "profile": {"nickname": "Zoë"}}')
    words = ("--data", "member.json", "--instance", "11111111-2222-4333-8444-555555555555")
    (call,) = place.handlers.called(sent(event("send", MEMBER, *words)))
    assert call.path == "/hooks/members"
    assert call.body["entity"]["profile"] == {"nickname": "Zoë"}
    assert call.headers["X-Wix-Entity-Id"] == "m-1"
    assert call.headers["X-Wix-Instance-Id"] == "11111111-2222-4333-8444-555555555555"


def test_an_event_of_the_old_kind_is_known_by_its_content(place: Place, event: Event) -> None:
    event_id = sent(event("send", "AppInstalled", "--data", '{"appId": "a"}'))
    (call,) = place.handlers.called(event_id)
    assert event_id.startswith("legacy-")
    assert call.body["data"] == {"appId": "a"}


def test_a_rehearsal_shows_what_the_handler_would_get_and_sends_nothing(
    place: Place, event: Event
) -> None:
    words = ("send", ORDER, "--data", '{"order": {"id": "o-1"}}', "--id", "rehearsed")
    shown = event(*words, "--dry-run")
    assert shown.exit_code == 0
    assert place.handlers.of("rehearsed") == []
    head, _, body = shown.stdout.partition("\n\n")
    sent(event(*words))
    (call,) = place.handlers.called("rehearsed")
    lines = head.splitlines()
    assert lines[0] == "POST /hooks/orders"
    told = dict(line.split(": ", 1) for line in lines[1:])
    told.pop("X-Wix-Event-Sequence")
    assert {name: call.headers[name] for name in told} == told
    assert json.loads(body)["data"] == call.body["data"] == {"order": {"id": "o-1"}}


def test_what_the_handler_does_not_take_is_told_and_can_be_replayed(
    place: Place, event: Event
) -> None:
    place.handlers.answers["/hooks/orders"] = (500, None)
    result = event("send", ORDER, "--id", "failing")
    reason = "The handler did not take it: the handler at /hooks/orders answered 500\n"
    assert re.search(f"{reason}It is asked again (now|in 1 s)\\.\n$", result.stdout)
    waiting = event("list", "--only", "waiting").stdout
    assert "  failing  wix.ecom.v1.order_approved\n" in waiting
    place.handlers.answers.clear()
    assert event("replay", "failing").exit_code == 0
    until = time.monotonic() + SECONDS
    while "failing" not in event("list", "--only", "delivered", "--limit", "100").stdout:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_delivered_event_can_be_delivered_again(place: Place, event: Event) -> None:
    event_id = sent(event("send", ORDER))
    place.handlers.called(event_id)
    result = event("replay", event_id)
    assert result.stdout.startswith("1 event is in line again")
    first, second = place.handlers.called(event_id, 2)
    assert first.body == second.body


def test_an_event_that_no_webhook_lists_needs_a_choice(place: Place, event: Event) -> None:
    refused = event("send", "wix.ecom.v1.cart_updated")
    assert refused.exit_code == 1
    assert "choose one with --webhook: orders, members" in refused.stderr
    chosen = event("send", "wix.ecom.v1.cart_updated", "--webhook", "members")
    (call,) = place.handlers.called(sent(chosen))
    assert call.path == "/hooks/members"


def test_a_proxy_that_does_not_trust_the_key_is_told_apart(event: Event) -> None:
    refused = event("send", ORDER, "--seed", "another")
    assert refused.exit_code == 1
    assert "does not trust the key of the emulated Wix" in refused.stderr
    assert "WIX_CLIENT_PUBLIC_KEY=" in refused.stderr


def test_a_webhook_that_the_running_proxy_does_not_have_is_told(place: Place, event: Event) -> None:
    entry = '[[site.extensions.webhooks]]\nid = "new"\npath = "/hooks/new"\n'
    file = place.folder / "changed.toml"
    file.write_text((place.folder / "wixproxy.toml").read_text() + entry)
    refused = event("send", ORDER, "--webhook", "new", "--config", str(file))
    assert refused.exit_code == 1
    assert refused.stderr.startswith("The proxy that runs has no webhook new.")


def test_a_plugin_is_called_and_its_answer_printed(place: Place, event: Event) -> None:
    rates = {"shippingRates": [{"code": "post"}]}
    place.handlers.answers["/plugins/shipping/v1/getRates"] = (200, rates)
    result = event("call", "shipping", "/v1/getRates", "--data", '{"lineItems": []}')
    assert (result.exit_code, json.loads(result.stdout)) == (0, rates)
    call = place.handlers.calls[-1]
    assert call.body["request"] == {"lineItems": []}
    assert call.headers["X-Wix-Extension-Type"] == "ECOM_SHIPPING_RATES"


def test_a_business_error_of_a_plugin_is_what_wix_would_get(place: Place, event: Event) -> None:
    error = {"applicationError": {"code": "MISSING_POSTAL_CODE"}}
    place.handlers.answers["/plugins/shipping/v1/getRates"] = (400, error)
    result = event("call", "shipping", "v1/getRates")
    assert (result.exit_code, json.loads(result.stdout)) == (1, error)
    assert result.stderr == "The plugin refused, and Wix gets 400:\n"


def test_a_plugin_that_fails_is_told_with_the_reason(place: Place, event: Event) -> None:
    place.handlers.answers["/plugins/shipping/v1/getRates"] = (500, None)
    result = event("call", "shipping", "/v1/getRates")
    assert result.exit_code == 1
    assert result.stderr.startswith("The proxy answered 502: A service plugin answered 500")


def test_the_emulator_itself_calls_the_one_plugin(place: Place) -> None:
    place.handlers.answers["/plugins/shipping/v1/getRates"] = (200, {"shippingRates": []})
    asked = json.dumps({"componentType": "ECOM_SHIPPING_RATES", "path": "/v1/getRates"})
    _, _, text = ask(place.emulator_port, "/__emulator/v1/plugin-calls", asked)
    place.handlers.answers.clear()
    assert json.loads(text)["status"] == 200


def test_the_log_never_shows_what_was_signed(place: Place) -> None:
    assert "eyJ" not in (place.folder / "log").read_text()
