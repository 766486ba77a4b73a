"""Draw the pictures of the shop, so that nothing is fetched from elsewhere.

The sample's products have a drawing each; any other name gets a plain tile in
a colour of its own, with the first letter of the name. Pictures need no
token, as on Wix.
"""

from __future__ import annotations

import hashlib
from functools import cache
from html import escape
from importlib import resources

from aiohttp import web

from ..data_parts import slug

TILE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img">
<rect width="400" height="400" fill="hsl({hue} 38% 86%)"/>
<circle cx="200" cy="200" r="118" fill="hsl({hue} 42% 76%)"/>
<text x="200" y="248" text-anchor="middle" font-family="Georgia, serif" font-size="140"
 fill="hsl({hue} 34% 30%)">{letter}</text>
</svg>
"""


async def picture(request: web.Request) -> web.Response:
    """Return the drawing that goes by a name."""
    headers = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}
    # An SVG opened by itself is a document; this one may load and run nothing.
    headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    drawing = drawn(request.match_info["name"])
    return web.Response(text=drawing, content_type="image/svg+xml", headers=headers)


@cache
def drawn(name: str) -> str:
    """Return the SVG text of a name."""
    file = resources.files(__package__).joinpath("drawings", f"{slug(name)}.svg")
    if file.is_file():
        return file.read_text("utf-8")
    hue = int.from_bytes(hashlib.sha256(name.encode()).digest()[:2]) % 360
    return TILE.format(hue=hue, letter=escape(name[:1].upper()))


ROUTES: list[web.RouteDef] = [
    web.get("/__emulator/v1/media/{name}.svg", picture),
]
