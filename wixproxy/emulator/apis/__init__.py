"""The emulated Wix's business APIs: one file for each noun, one list of routes."""

from __future__ import annotations

from aiohttp import web

from . import (
    bookings,
    carts,
    carts_v2,
    checkouts,
    data_items,
    events,
    members,
    oauth_apps,
    orders,
    pictures,
    plans,
    products,
    services,
    site,
    time_slots,
)

ROUTES: list[web.RouteDef] = [
    *members.ROUTES,
    *carts.ROUTES,
    *carts_v2.ROUTES,
    *checkouts.ROUTES,
    *orders.ROUTES,
    *oauth_apps.ROUTES,
    *services.ROUTES,
    *time_slots.ROUTES,
    *bookings.ROUTES,
    *events.ROUTES,
    *plans.ROUTES,
    *products.ROUTES,
    *data_items.ROUTES,
    *site.ROUTES,
    *pictures.ROUTES,
]
