"""Write an amount of money as each of Wix's APIs writes it.

Amounts are decimal strings on the wire and `Decimal` in here; a float never
touches them, except where an old API sends a JSON number.

Wix: ecommerce V1 has four texts for a price, Cart V2 two, Stores V3 two.
The emulated site has one currency, so converted amounts equal the others.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "ILS": "₪", "JPY": "¥", "INR": "₹"}
# ISO 4217: currencies without a minor unit.
WHOLE = frozenset({"JPY", "KRW", "VND", "CLP", "ISK"})


def amount(value: Decimal, currency: str) -> str:
    """Return a decimal string with as many digits as the currency has."""
    unit = Decimal(1) if currency in WHOLE else Decimal("0.01")
    return str(value.quantize(unit, ROUND_HALF_UP))


def formatted(value: Decimal, currency: str) -> str:
    """Return an amount as a shop shows it."""
    digits = f"{Decimal(amount(value, currency)):,}"
    return f"{SYMBOLS[currency]}{digits}" if currency in SYMBOLS else f"{currency} {digits}"


def price(value: Decimal, currency: str) -> dict[str, str]:
    """Return a price of ecommerce V1."""
    return {
        "amount": amount(value, currency),
        "convertedAmount": amount(value, currency),
        "formattedAmount": formatted(value, currency),
        "formattedConvertedAmount": formatted(value, currency),
    }


def converted(value: Decimal, currency: str) -> dict[str, str]:
    """Return a price of Cart V2."""
    return {"amount": amount(value, currency), "convertedAmount": amount(value, currency)}


def fixed(value: Decimal, currency: str) -> dict[str, str]:
    """Return a price of Stores V3."""
    return {"amount": amount(value, currency), "formattedAmount": formatted(value, currency)}
