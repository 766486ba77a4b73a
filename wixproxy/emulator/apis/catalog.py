"""Show a product of the data as Stores V1, Stores V3 and the carts see it.

All ids of options, choices and variants are derived from the product's own,
so they stay the same from start to start. A product without options has one
variant.

Wix: the app id of Wix Stores names the catalog in a line item; V3 sends some
fields only when `fields` asks for them; V1 prices are JSON numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..data import Data, Product
from ..data_parts import guid
from . import money
from .calls import PRODUCT_PAGE, timestamp

STORES_APP_IDS = ("215238eb-22a5-4c36-9e7b-e7c08025e04e", "1380b703-ce81-ff05-f115-39571d94dfcd")
PICTURE_SIZE = 800
# Products of the data were all made in one hour, long before any call.
FIRST_PRODUCT_AT = 1_767_600_000.0

# The V3 fields that are sent on demand, and the demand.
ON_DEMAND = {
    "currency": "CURRENCY",
    "url": "URL",
    "plainDescription": "PLAIN_DESCRIPTION",
    "description": "DESCRIPTION",
}


@dataclass(frozen=True)
class Variant:
    """One combination of a product's choices, by option name."""

    id: str
    choices: tuple[tuple[str, str], ...]

    @property
    def by_option(self) -> dict[str, str]:
        """The choices as an object."""
        return dict(self.choices)


@dataclass(frozen=True)
class Catalog:
    """The products of one site, as seen from one origin."""

    data: Data
    origin: str

    @property
    def currency(self) -> str:
        """The site's currency."""
        return self.data.site.currency

    def product(self, product_id: object) -> Product | None:
        """Return the product with this id."""
        return next((p for p in self.data.products if p.id == product_id), None)

    def by_slug(self, slug: str) -> Product | None:
        """Return the product with this slug."""
        return next((p for p in self.data.products if p.slug == slug), None)

    def picture(self, product: Product) -> dict[str, Any]:
        """Return a product's picture as an image object without an id.

        Wix's client turns an image that has an id into an address of its own.
        """
        named = "://" not in product.image and not product.image.startswith("data:")
        address = f"{self.origin}/__emulator/v1/media/{product.image}.svg"
        return {
            "url": address if named else product.image,
            "height": PICTURE_SIZE,
            "width": PICTURE_SIZE,
            "altText": product.name,
        }

    def page(self, product: Product) -> dict[str, str]:
        """Return the address of a product's page."""
        path = f"{PRODUCT_PAGE}{product.slug}"
        return {"relativePath": path, "url": f"{self.origin}{path}"}

    def v1(self, product: Product) -> dict[str, Any]:
        """Return a product of Stores V1."""
        born = self._made_at(product)
        prices = self._price_data(product)
        status = "IN_STOCK" if product.in_stock else "OUT_OF_STOCK"
        item = {
            "image": self.picture(product),
            "thumbnail": self.picture(product),
            "mediaType": "image",
            "title": product.name,
            "id": guid("picture", product.id),
        }
        return {
            "id": product.id,
            "name": product.name,
            "slug": product.slug,
            "visible": True,
            "productType": product.product_type,
            "description": product.description,
            "sku": product.sku,
            "stock": {
                "trackInventory": product.stock is not None,
                **({} if product.stock is None else {"quantity": product.stock}),
                "inStock": product.in_stock,
                "inventoryStatus": status,
            },
            "price": prices,
            "priceData": prices,
            "convertedPriceData": prices,
            "media": {"mainMedia": item, "items": [item]},
            "manageVariants": False,
            "productOptions": [
                {
                    "optionType": "drop_down",
                    "name": option.name,
                    "choices": [
                        {
                            "value": choice,
                            "description": choice,
                            "inStock": product.in_stock,
                            "visible": True,
                        }
                        for choice in option.choices
                    ],
                }
                for option in product.options
            ],
            "productPageUrl": {"base": self.origin, "path": self.page(product)["relativePath"]},
            "ribbon": product.ribbon,
            "ribbons": [{"text": product.ribbon}] if product.ribbon else [],
            "variants": [self._v1_variant(product, variant) for variant in variants(product)],
            "lastUpdated": timestamp(born),
            "createdDate": timestamp(born),
        }

    def v3(self, product: Product, fields: Iterable[str] = (), *, whole: bool) -> dict[str, Any]:
        """Return a product of Stores V3; `whole` adds what a list leaves out."""
        born = timestamp(self._made_at(product))
        picture = {"image": self.picture(product), "mediaType": "IMAGE", "altText": product.name}
        media: dict[str, Any] = {"main": {"id": guid("picture", product.id), **picture}}
        if "MEDIA_ITEMS_INFO" in fields:
            media["itemsInfo"] = {"items": [media["main"]]}
        kind = product.product_type.upper()
        record = {
            "id": product.id,
            "revision": "1",
            "createdDate": born,
            "updatedDate": born,
            "name": product.name,
            "slug": product.slug,
            "visible": True,
            "visibleInPos": True,
            "media": media,
            "options": [_v3_option(product, option.name) for option in product.options],
            "modifiers": [],
            "inventory": {
                "availabilityStatus": "IN_STOCK" if product.in_stock else "OUT_OF_STOCK",
                "preorderStatus": "DISABLED",
            },
            "productType": kind,
            **({"physicalProperties": {}} if kind == "PHYSICAL" else {}),
            **({"ribbon": _ribbon(product.ribbon)} if product.ribbon else {}),
            "actualPriceRange": self._range(product.price),
            "compareAtPriceRange": self._range(product.full_price or Decimal(0)),
            "variantSummary": {"variantCount": len(variants(product))},
        }
        extra = {
            "currency": self.currency,
            "url": self.page(product),
            "plainDescription": f"<p>{product.description}</p>",
            "description": _rich(product.description),
        }
        record |= {name: extra[name] for name, wish in ON_DEMAND.items() if wish in fields}
        if whole:
            shown = [self._v3_variant(product, variant) for variant in variants(product)]
            record["variantsInfo"] = {"variants": shown}
        return record

    def _v1_variant(self, product: Product, variant: Variant) -> dict[str, Any]:
        prices = self._price_data(product)
        return {
            "id": variant.id,
            "choices": variant.by_option,
            "variant": {
                "priceData": prices,
                "convertedPriceData": prices,
                "weight": 0,
                "sku": product.sku,
                "visible": True,
            },
            "stock": {"trackQuantity": product.stock is not None, "inStock": product.in_stock},
        }

    def _v3_variant(self, product: Product, variant: Variant) -> dict[str, Any]:
        price = {"actualPrice": money.fixed(product.price, self.currency)}
        if product.full_price is not None:
            price["compareAtPrice"] = money.fixed(product.full_price, self.currency)
        return {
            "id": variant.id,
            "visible": True,
            "sku": product.sku,
            "choices": [
                {
                    "optionChoiceIds": {
                        "optionId": guid("option", f"{product.id}/{option}"),
                        "choiceId": guid("choice", f"{product.id}/{option}/{choice}"),
                    },
                    "optionChoiceNames": {
                        "optionName": option,
                        "choiceName": choice,
                        "renderType": "TEXT_CHOICES",
                    },
                }
                for option, choice in variant.choices
            ],
            "price": price,
            "inventoryStatus": {"inStock": product.in_stock, "preorderEnabled": False},
        }

    def _price_data(self, product: Product) -> dict[str, Any]:
        full = product.full_price if product.full_price is not None else product.price
        return {
            "currency": self.currency,
            "price": float(full),
            "discountedPrice": float(product.price),
            "formatted": {
                "price": money.formatted(full, self.currency),
                "discountedPrice": money.formatted(product.price, self.currency),
            },
        }

    def _range(self, value: Decimal) -> dict[str, Any]:
        one = money.fixed(value, self.currency)
        return {"minValue": one, "maxValue": one}

    def _made_at(self, product: Product) -> float:
        return FIRST_PRODUCT_AT + 60 * self.data.products.index(product)


def variants(product: Product) -> list[Variant]:
    """Return every combination of a product's choices."""
    names = [option.name for option in product.options]
    combinations = itertools.product(*(option.choices for option in product.options))
    found = []
    for combination in combinations:
        choices = tuple(zip(names, combination, strict=True))
        label = "/".join(f"{name}={choice}" for name, choice in choices)
        found.append(Variant(guid("variant", f"{product.id}/{label}"), choices))
    return found


def chosen(product: Product, options: dict[str, Any]) -> dict[str, str] | None:
    """Return the choices that a line item's `options` name; None if there is no such variant.

    Wix: `options.variantId` names a variant, `options.options` its choices by name.
    """
    variant_id = options.get("variantId")
    if variant_id and variant_id != "00000000-0000-0000-0000-000000000000":
        return next((v.by_option for v in variants(product) if v.id == variant_id), None)
    named = options.get("options") or {}
    known = {option.name: option.choices for option in product.options}
    if not isinstance(named, dict):
        return None
    fits = all(name in known and choice in known[name] for name, choice in named.items())
    return dict(named) if fits else None


def _v3_option(product: Product, name: str) -> dict[str, Any]:
    option = next(option for option in product.options if option.name == name)
    return {
        "id": guid("option", f"{product.id}/{name}"),
        "name": name,
        "optionRenderType": "TEXT_CHOICES",
        "choicesSettings": {
            "choices": [
                {
                    "choiceId": guid("choice", f"{product.id}/{name}/{choice}"),
                    "choiceType": "CHOICE_TEXT",
                    "key": choice,
                    "name": choice,
                    "inStock": product.in_stock,
                    "visible": True,
                }
                for choice in option.choices
            ]
        },
    }


def _ribbon(name: str) -> dict[str, str]:
    return {"id": guid("ribbon", name), "name": name}


def _rich(text: str) -> dict[str, Any]:
    words = {"type": "TEXT", "id": "", "nodes": [], "textData": {"text": text, "decorations": []}}
    return {"nodes": [{"type": "PARAGRAPH", "id": "p1", "nodes": [words]}]}
