"""Show the lines of a cart or a checkout, and what they cost, as ecommerce V1 does.

Carts and checkouts of V1 share these shapes but for the name of the picture.
The emulated shop has no tax, no delivery cost and no discount codes, so a
total is always the sum of its lines.

Wix: an image without an id is taken by its address; prices carry four texts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from . import money
from .cart_book import Line
from .catalog import Catalog


def line_item(line: Line, catalog: Catalog, image: str = "image") -> dict[str, Any]:
    """Return a line item of V1; `image` is the name that its picture goes by."""
    currency = catalog.currency
    product = line.product
    short = line.available < line.quantity
    status = "AVAILABLE" if not short else "PARTIALLY_AVAILABLE"
    availability: dict[str, Any] = {"status": status if line.available else "NOT_AVAILABLE"}
    if product.stock is not None:
        availability["quantityAvailable"] = product.stock
    full = product.full_price if product.full_price is not None else product.price
    physical = product.product_type == "physical"
    return {
        "id": line.id,
        "quantity": line.quantity,
        "catalogReference": line.reference,
        "productName": {"original": product.name, "translated": product.name},
        "url": catalog.page(product),
        "price": money.price(product.price, currency),
        "fullPrice": money.price(full, currency),
        "priceBeforeDiscounts": money.price(product.price, currency),
        "lineItemPrice": money.price(line.total, currency),
        "descriptionLines": [description_line(*choice) for choice in line.choices.items()],
        image: catalog.picture(product),
        "availability": availability,
        "physicalProperties": {"sku": product.sku, "shippable": physical},
        "itemType": {"preset": "PHYSICAL" if physical else "DIGITAL"},
        "paymentOption": "FULL_PAYMENT_ONLINE",
        "rootCatalogItemId": product.id,
        "customLineItem": False,
        "priceUndetermined": False,
        "fixedQuantity": False,
        "membersOnly": False,
    }


def description_line(name: str, value: str) -> dict[str, Any]:
    """Return one choice as carts and checkouts describe it."""
    return {
        "name": {"original": name, "translated": name},
        "plainText": {"original": value, "translated": value},
        "lineType": "PLAIN_TEXT",
    }


def price_summary(subtotal: Decimal, currency: str) -> dict[str, Any]:
    """Return what a cart costs: the emulated shop has no tax, delivery or discount."""
    nothing = money.price(Decimal(0), currency)
    whole = money.price(subtotal, currency)
    free = dict.fromkeys(("shipping", "tax", "discount", "additionalFees"), nothing)
    return {"subtotal": whole, **free, "total": whole}


def calculated(line: Line, currency: str) -> dict[str, Any]:
    """Return what one line costs, broken down."""
    nothing = money.price(Decimal(0), currency)
    one, all_pieces = money.price(line.product.price, currency), money.price(line.total, currency)
    breakdown = {
        "totalPriceAfterTax": all_pieces,
        "totalPriceBeforeTax": all_pieces,
        "taxDetails": {"taxableAmount": nothing, "taxRate": "0", "totalTax": nothing},
        "totalDiscount": nothing,
        "price": one,
        "priceBeforeDiscounts": one,
        "lineItemPrice": all_pieces,
        "fullPrice": one,
    }
    return {
        "lineItemId": line.id,
        "pricesBreakdown": breakdown,
        "paymentOption": "FULL_PAYMENT_ONLINE",
    }
