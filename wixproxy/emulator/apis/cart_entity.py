"""Write a cart as Cart V1 and Wix's events do."""

from __future__ import annotations

from typing import Any

from . import money
from .calls import timestamp
from .cart_book import Cart
from .catalog import Catalog
from .line_items import line_item


def on_the_wire(cart: Cart, catalog: Catalog) -> dict[str, Any]:
    """Return a cart of V1."""
    currency = catalog.currency
    language = catalog.data.site.language
    return {
        "id": cart.id,
        "lineItems": [line_item(line, catalog) for line in cart.lines],
        "buyerInfo": {f"{cart.owner_kind}Id": cart.owner_id},
        "currency": currency,
        "conversionCurrency": currency,
        "paymentCurrency": currency,
        "buyerLanguage": language,
        "siteLanguage": language,
        "taxIncludedInPrices": False,
        "weightUnit": "KG",
        "subtotal": money.price(cart.subtotal, currency),
        "appliedDiscounts": [],
        "createdDate": timestamp(cart.created_at),
        "updatedDate": timestamp(cart.updated_at),
        "purchaseFlowId": cart.id,
        "revision": str(cart.revision),
        **({"checkoutId": cart.checkout_id} if cart.checkout_id else {}),
        **cart.details,
    }
