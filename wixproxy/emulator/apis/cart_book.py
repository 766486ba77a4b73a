"""Hold the carts of every identity, and hand a visitor's cart to the member.

One identity has at most one cart. V1 and V2 of the cart API are two views of
it. When a visitor logs in the cart becomes the member's, id and all; if the
member has one already the quantities are added up there.

Wix: the current cart is found by the token's identity alone; there is no cart
until something is added, and asking for it then is 404.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..callers import Caller
from ..data import Product
from ..errors import ApplicationError, not_found
from ..state import State
from .calls import MAX_QUANTITY
from .catalog import STORES_APP_IDS, Catalog, chosen


@dataclass
class Line:
    """Some pieces of one variant of one product."""

    id: str
    reference: dict[str, Any]
    product: Product
    choices: dict[str, str]
    quantity: int

    @property
    def total(self) -> Decimal:
        """The price of all pieces."""
        return self.product.price * self.quantity

    @property
    def available(self) -> int:
        """How many of the pieces the shop can deliver."""
        stock = self.product.stock
        return self.quantity if stock is None else min(stock, self.quantity)

    @property
    def key(self) -> str:
        """A text that two lines share if they hold the same thing."""
        return json.dumps([self.product.id, self.choices], sort_keys=True)


@dataclass
class Cart:
    """What one identity means to buy."""

    id: str
    owner_kind: str
    owner_id: str
    created_at: float
    updated_at: float
    lines: list[Line] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    """Fields the buyer set, by their names in V1."""
    checkout_id: str | None = None
    revision: int = 1

    @property
    def subtotal(self) -> Decimal:
        """The price of all lines."""
        return sum((line.total for line in self.lines), Decimal(0))

    def line(self, line_id: object) -> Line:
        """Return one line; raise ApplicationError 404."""
        for line in self.lines:
            if line.id == line_id:
                return line
        raise not_found("The cart has no such line item", "LINE_ITEM_NOT_FOUND_IN_CART")


class CartBook:
    """The carts of the site, by id."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._carts: dict[str, Cart] = {}
        state.login_listeners.append(self.hand_over)

    @classmethod
    def of(cls, state: State) -> CartBook:
        """Return the site's one book."""
        return state.area("carts", lambda: cls(state))

    def current(self, caller: Caller) -> Cart:
        """Return the caller's cart; raise ApplicationError 404 if there is none."""
        cart = self.owned(caller.subject_id)
        if cart is None:
            raise not_found("This identity has no cart", "OWNED_CART_NOT_FOUND")
        return cart

    def named(self, caller: Caller, cart_id: str) -> Cart:
        """Return a cart by its id, to its owner and the app; raise ApplicationError 404."""
        cart = self._carts.get(cart_id)
        if cart is None or not (caller.is_elevated or cart.owner_id == caller.subject_id):
            raise not_found("Cart not found", "CART_NOT_FOUND")
        return cart

    def behind(self, caller: Caller, checkout_id: str) -> Cart:
        """Return the cart that a checkout was made from; raise ApplicationError 404."""
        found = (cart.id for cart in self._carts.values() if cart.checkout_id == checkout_id)
        return self.named(caller, next(found, ""))

    def by_id(self, cart_id: str) -> Cart | None:
        """Return a cart by its id, whoever asks."""
        return self._carts.get(cart_id)

    def owned(self, subject_id: str) -> Cart | None:
        """Return the cart of one identity, if it has one."""
        return next((c for c in self._carts.values() if c.owner_id == subject_id), None)

    def created(self, caller: Caller) -> Cart:
        """Return the caller's cart, an empty new one if there was none."""
        cart = self.owned(caller.subject_id)
        if cart is None:
            now = self._state.clock.now()
            cart_id = self._state.randomness.guid("cart")
            cart = Cart(cart_id, caller.kind, caller.subject_id, now, now)
            self._carts[cart_id] = cart
        return cart

    def line_for(self, catalog: Catalog, reference: Mapping[str, Any], quantity: int) -> Line:
        """Return a new line for a catalog reference; raise ApplicationError 404."""
        product = catalog.product(reference.get("catalogItemId"))
        options = reference.get("options") or {}
        sold = reference.get("appId") in STORES_APP_IDS and isinstance(options, dict)
        choices = chosen(product, options) if product is not None and sold else None
        if product is None or choices is None:
            raise not_found("The catalog has no such item", "ITEM_NOT_FOUND_IN_CATALOG")
        line_id = self._state.randomness.guid("line item")
        return Line(line_id, dict(reference), product, choices, quantity)

    def add(self, cart: Cart, lines: list[Line]) -> None:
        """Put lines into a cart, onto a line that holds the same thing where there is one."""
        for line in lines:
            same = next((present for present in cart.lines if present.key == line.key), None)
            if same is None:
                cart.lines.append(line)
            else:
                same.quantity = min(same.quantity + line.quantity, MAX_QUANTITY)
        self.touch(cart)

    def set_quantities(self, cart: Cart, wanted: Mapping[str, int]) -> None:
        """Set the pieces of lines by id, all or none; zero removes a line."""
        lines = {cart.line(line_id).id: pieces for line_id, pieces in wanted.items()}
        for line in cart.lines:
            line.quantity = lines.get(line.id, line.quantity)
        cart.lines = [line for line in cart.lines if line.quantity > 0]
        self.touch(cart)

    def delete(self, cart: Cart) -> None:
        """Forget a cart."""
        self._carts.pop(cart.id, None)

    def touch(self, cart: Cart) -> None:
        """Note that a cart has changed."""
        cart.updated_at = self._state.clock.now()
        cart.revision += 1

    def hand_over(self, visitor_id: str, member_id: str) -> None:
        """Make a visitor's cart the member's."""
        cart = self.owned(visitor_id)
        if cart is None or visitor_id == member_id:
            return
        present = self.owned(member_id)
        if present is None:
            cart.owner_kind, cart.owner_id = "member", member_id
            self.touch(cart)
            return
        self.add(present, cart.lines)
        self.delete(cart)


def require_stock(lines: list[Line]) -> None:
    """Raise ApplicationError 428 if the shop has none of a line's product left."""
    for line in lines:
        if not line.product.in_stock:
            data = {"catalogReference": line.reference}
            text = f"{line.product.name} is out of stock"
            raise ApplicationError(428, "INSUFFICIENT_INVENTORY", text, data)
