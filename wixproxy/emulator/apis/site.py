"""Answer what a site says of itself, and what an app says of its installation.

Anyone may read the site's properties; only the app may read its own instance.
"""

from __future__ import annotations

from aiohttp import web

from ..callers import authenticate, require
from .calls import origin_of, state_of


async def properties(request: web.Request) -> web.Response:
    """Return the properties of the business behind the site."""
    authenticate(request)
    site = state_of(request).data.site
    answer = {
        "language": site.language,
        "locale": {"languageCode": site.language, "country": site.country},
        "paymentCurrency": site.currency,
        "timeZone": site.time_zone,
        "email": site.email,
        "phone": site.phone,
        "siteDisplayName": site.name,
        "businessName": site.name,
        "description": "",
        "categories": {"primary": "", "secondary": [], "businessTermId": ""},
        "multilingual": {"supportedLanguages": [], "autoRedirect": False},
        "consentPolicy": {"essential": True, "functional": True, "analytics": True},
    }
    return web.json_response({"properties": answer, "version": "1"})


async def instance(request: web.Request) -> web.Response:
    """Return the app's instance and its site, to the app."""
    caller = require(authenticate(request), "app")
    state = state_of(request)
    site = state.data.site
    answer = {
        "instance": {
            "instanceId": caller.instance_id,
            "appName": "Headless",
            "appVersion": "1.0.0",
            "isFree": True,
            "freeTrialAvailable": False,
            "permissions": [],
            "availablePlans": [],
        },
        "site": {
            "siteId": state.project.site_id,
            "siteDisplayName": site.name,
            "url": origin_of(request),
            "ownerEmail": site.email,
            "locale": site.language,
            "paymentCurrency": site.currency,
            "description": "",
            "installedWixApps": [],
            "multilingual": {"isMultiLingual": False, "supportedLanguages": []},
        },
    }
    return web.json_response(answer)


ROUTES: list[web.RouteDef] = [
    web.get("/site-properties/v4/properties", properties),
    web.get("/apps/v1/instance", instance),
]
