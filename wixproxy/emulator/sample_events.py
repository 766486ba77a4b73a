"""Make up an event as the emulated site would tell of it: let it happen on a site of its own.

Law: nothing is written down that the APIs know already. An order is bought, a
booking made, a cart filled, on a copy of the site that nobody else sees, and
what the copy tells of it is the sample. So a sample has the shape of the event
that a checkout on the emulator really causes, with ids that are new each time.

What the site never tells of by itself gets a small entity with an id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from . import changes
from .apis import (
    booking_book,
    cart_book,
    cart_entity,
    checkouts,
    item_store,
    members,
    orders,
    plans,
)
from .apis.catalog import STORES_APP_IDS, Catalog
from .apis.slots import slots
from .callers import Caller
from .changes import Change
from .clock import Clock
from .data import Data
from .envelopes import wire_moment
from .project import Project
from .randomness import Randomness
from .settings import Settings
from .state import State

T = TypeVar("T")

ORIGIN = "http://127.0.0.1:4331"
"""Where the emulator usually is, so that the pictures of a sample can usually be seen."""


def sample(event_type: str, project: Project, data: Data, clock: Clock) -> Change | None:
    """Return a sample of a type that the site tells of, or None where it never does.

    None too where the site holds nothing that the event could be about.
    """
    happens = _HAPPENINGS.get(event_type)
    if happens is None:
        return None
    state = State(
        replace(project, seed=_seed(project, clock)), data, Settings(webhooks=True), clock
    )
    told: list[Change] = []
    state.reporter = told.append
    try:
        happens(state, event_type)
    except LookupError:
        return None
    return next((change for change in told if change.event_type == event_type), None)


def plain(event_type: str, project: Project, clock: Clock) -> Change:
    """Return an event about a small entity that has its id and the time."""
    entity_id = Randomness(_seed(project, clock)).guid("entity")
    entity = {"id": entity_id, "createdDate": wire_moment(clock.now())}
    return Change(event_type, entity_id, entity, "user", project.account_id)


def _member(state: State, event_type: str) -> None:
    member = _first(state.members.values())
    entity = members.on_the_wire(member, "FULL")
    state.report(Change(event_type, member.id, entity, "member", member.id))


def _cart(state: State, event_type: str) -> None:
    cart = _filled_cart(state)
    entity = cart_entity.on_the_wire(cart, Catalog(state.data, ORIGIN))
    state.report(Change(event_type, cart.id, entity, cart.owner_kind, cart.owner_id))


def _order(state: State, _: str) -> None:
    cart = _filled_cart(state)
    checkout = checkouts.CheckoutBook.of(state).from_cart(
        cart, {"channelType": "WEB", "email": _email(state)}
    )
    orders.OrderBook.of(state).placed(checkout, cart.owner_kind, cart.owner_id, ORIGIN)


def _booking(state: State, _: str) -> None:
    book, service = booking_book.BookingBook.of(state), _first(state.data.services)
    tomorrow = datetime.fromtimestamp(state.clock.now(), UTC) + timedelta(days=1)
    # In eight days every weekday comes, and with it an hour that is open.
    slot = _first(slots(service, tomorrow, tomorrow + timedelta(days=8), book.zone))
    book.booked(service, slot.starts, ("visitor", _visitor(state)), status="CONFIRMED")


def _plan(state: State, _: str) -> None:
    member = _first(state.members.values())
    plans.PlanOrderBook.of(state).placed(_first(state.data.plans), member.id)


def _item(state: State, event_type: str) -> None:
    project, collection = state.project, _first(state.data.collections)
    app = Caller("app", project.client_id, project.client_id, project.instance_id)
    items = item_store.Items.of(state, collection.id).for_caller(app, "insert")
    item = {k: v for k, v in _first(items.all()).items() if k not in item_store.LASTING}
    added = items.insert(item)
    if event_type == changes.ITEM_UPDATED:
        items.update(dict(added))
    elif event_type == changes.ITEM_DELETED:
        items.remove(added["_id"])


def _filled_cart(state: State) -> cart_book.Cart:
    project, book = state.project, cart_book.CartBook.of(state)
    visitor = Caller("visitor", _visitor(state), project.client_id, project.instance_id)
    product = _first(state.data.products)
    reference = {"appId": STORES_APP_IDS[0], "catalogItemId": product.id}
    cart = book.created(visitor)
    book.add(cart, [book.line_for(Catalog(state.data, ORIGIN), reference, 1)])
    return cart


def _first(values: Iterable[T]) -> T:
    """Return what stands first; raise LookupError where nothing does."""
    for value in values:
        return value
    raise LookupError


def _seed(project: Project, clock: Clock) -> str:
    """Return a seed of this moment: what is made from it has ids that are new."""
    return f"{project.seed}, sampled at {clock.now()!r}"


def _visitor(state: State) -> str:
    return state.randomness.guid("visitor")


def _email(state: State) -> str:
    return next((member.email for member in state.members.values()), "someone@example.test")


_HAPPENINGS: Mapping[str, Callable[[State, str], None]] = {
    changes.MEMBER_CREATED: _member,
    changes.MEMBER_UPDATED: _member,
    changes.MEMBER_DELETED: _member,
    changes.CART_UPDATED: _cart,
    changes.CART_DELETED: _cart,
    changes.ORDER_APPROVED: _order,
    changes.BOOKING_CREATED: _booking,
    changes.BOOKING_CONFIRMED: _booking,
    changes.PLAN_PURCHASED: _plan,
    changes.ITEM_CREATED: _item,
    changes.ITEM_UPDATED: _item,
    changes.ITEM_DELETED: _item,
}

TYPES = tuple(_HAPPENINGS)
"""The types that a sample may be asked for."""
