"""Answer what both versions of the cart API ask alike, each in its own words.

Every method that changes the cart tells of it, and returns the cart as it
stands after it. The emulated shop sells what its catalog holds: items of the
caller's own making, coupons and gift cards are refused by name rather than
dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from ..callers import authenticate
from ..changes import CART_DELETED, CART_UPDATED, Change
from ..errors import invalid
from . import cart_entity
from .calls import message, names, origin_of, quantity, state_of
from .cart_book import Cart, CartBook, Line, require_stock
from .catalog import Catalog
from .filters import a_list, an_object


class Call:
    """One call on one cart: what it asks, of whom, and where the answer is made."""

    def __init__(self, request: web.Request, asked: dict[str, Any]) -> None:
        self.caller = authenticate(request)
        self.state = state_of(request)
        self.asked = asked
        self.catalog = Catalog(self.state.data, origin_of(request))
        self.book = CartBook.of(self.state)
        self._cart_id = request.match_info.get("id")

    @classmethod
    async def read(cls, request: web.Request) -> Call:
        """Read the call; raise WixError for an unknown identity or a broken body."""
        authenticate(request)
        return cls(request, await message(request))

    @property
    def cart(self) -> Cart:
        """The cart the path names, `current` being the caller's own."""
        if self._cart_id is not None:
            return self.book.named(self.caller, self._cart_id)
        return self.book.current(self.caller)

    def cart_to_fill(self) -> Cart:
        """Return the same cart, a new one for an identity that has none yet."""
        return self.cart if self._cart_id is not None else self.book.created(self.caller)

    def report(self, cart: Cart, event_type: str = CART_UPDATED) -> None:
        """Tell that the cart has changed."""
        entity = cart_entity.on_the_wire(cart, self.catalog)
        caller = self.caller
        self.state.report(Change(event_type, cart.id, entity, caller.kind, caller.subject_id))


@dataclass(frozen=True)
class Version:
    """One version of the API: how it writes a cart, what it calls items, what it does not sell.

    `needs_stock` tells that an item the shop has none of cannot be added.
    """

    on_the_wire: Callable[[Cart, Catalog], dict[str, Any]]
    items: str
    not_sold: tuple[str, ...]
    needs_stock: bool

    def answer(self, call: Call, cart: Cart) -> web.Response:
        """Return the cart as it stands now."""
        return web.json_response({"cart": self.on_the_wire(cart, call.catalog)})

    def lines(self, call: Call) -> list[Line]:
        """Return the items that the message adds; raise WixError."""
        for name in self.not_sold:
            if call.asked.get(name):
                raise invalid(name, "is not something the emulated shop knows", "UNSUPPORTED")
        found = []
        for number, raw in enumerate(a_list(call.asked.get(self.items), self.items)):
            where = f"{self.items}[{number}]"
            item = an_object(raw, where)
            pieces = quantity(item.get("quantity", 1), f"{where}.quantity")
            reference = an_object(item.get("catalogReference"), f"{where}.catalogReference")
            found.append(call.book.line_for(call.catalog, reference, pieces))
        if self.needs_stock:
            require_stock(found)
        return found

    async def get(self, request: web.Request) -> web.Response:
        """Return the cart."""
        call = await Call.read(request)
        return self.answer(call, call.cart)

    async def delete(self, request: web.Request) -> web.Response:
        """Forget the cart."""
        call = await Call.read(request)
        cart = call.cart
        call.book.delete(cart)
        call.report(cart, CART_DELETED)
        return web.json_response({})

    async def add(self, request: web.Request) -> web.Response:
        """Add items; the first ones make the cart."""
        call = await Call.read(request)
        lines = self.lines(call)
        if not lines:
            raise invalid(self.items, "must not be empty", "MIN_SIZE", threshold=1)
        cart = call.cart_to_fill()
        call.book.add(cart, lines)
        call.report(cart)
        return self.answer(call, cart)

    async def remove(self, request: web.Request) -> web.Response:
        """Take line items out of the cart."""
        call = await Call.read(request)
        gone = names(call.asked.get("lineItemIds"), "lineItemIds")
        if not gone:
            raise invalid("lineItemIds", "must not be empty", "MIN_SIZE", threshold=1)
        return self.with_quantities(call, dict.fromkeys(gone, 0))

    def with_quantities(self, call: Call, wanted: dict[str, int]) -> web.Response:
        """Set the quantity of lines by id, and return the cart."""
        cart = call.cart
        call.book.set_quantities(cart, wanted)
        call.report(cart)
        return self.answer(call, cart)
