"""The emulated Wix's business APIs: one file for each noun, one list of routes."""

from __future__ import annotations

from aiohttp import web

from . import (
    carts,
    carts_v2,
    checkouts,
    data_items,
    members,
    oauth_apps,
    orders,
    pictures,
    products,
    site,
)

ROUTES: list[web.RouteDef] = [
    *members.ROUTES,
    *carts.ROUTES,
    *carts_v2.ROUTES,
    *checkouts.ROUTES,
    *orders.ROUTES,
    *oauth_apps.ROUTES,
    *products.ROUTES,
    *data_items.ROUTES,
    *site.ROUTES,
    *pictures.ROUTES,
]
