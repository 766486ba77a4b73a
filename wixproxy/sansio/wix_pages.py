"""Decide which paths lead on to the pages that Wix hosts for the site, and where exactly.

Wix's Astro integration leads these paths from the site to the site's own
address at Wix, and so do we: links in e-mails and on Wix's pages name them.

1. The browser is sent there and nothing is fetched on its behalf. A fetched
   page of Wix would stand on our origin, with our cookies in reach, and a
   fetched `/_api` would be a second door to Wix beside `/_wix/api`, without
   its rules.
2. One host is fixed by the configuration or by Wix itself; of the request come
   the bytes of path and query alone, behind a slash that ends the host.
3. Nothing of ours goes along: no token, no cookie, no session. Who sends
   `Authorization` to `/_api` believes that a proxied call is made there; some
   clients would repeat it to the next host, so such a call is refused.

Source: `wixSitePages` of Wix's Astro integration: 302 for the pages, 307 for
`/_api`, to `redirectUrlWixPages` of the OAuth app.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import CallRefused, quoted
from .exchange import Request
from .headers import folded
from .public_url import PublicURL

API_PREFIX = b"/_api/"
PAGES = ("/checkout", "/__ecom/checkout")
FOLDERS = ("/_paylink", "/_proposal", "/_api")

_PAGES = frozenset(path.encode("ascii") for path in PAGES)
_PAGES_BY_ID = re.compile(rb"/_(?:paylink|proposal)/[^/]+").fullmatch
# A free site stands in a folder of its owner's host.
_ADDRESS = re.compile(r"(https?://[^/?#]+)((?:/[A-Za-z0-9._~-]+)*)/?", re.IGNORECASE).fullmatch


@dataclass(frozen=True, slots=True)
class PagesAddress:
    """Where Wix hosts the site's own pages."""

    public: PublicURL
    folder: str = ""

    @classmethod
    def parse(cls, text: str) -> PagesAddress:
        """Read "https://shop.example.wixsite.com/shop".

        Raises ValueError with a sentence that says what to write.
        """
        match = _ADDRESS(text)
        if match is None or {".", ".."} & set(match[2].split("/")):
            raise ValueError(
                f"expected an address such as https://my-site.wix-host.com, found {quoted(text)}"
            )
        public = PublicURL.parse(match[1])
        if not public.is_trustworthy:
            raise ValueError(f"expected https, found {quoted(public.origin)}")
        return cls(public, match[2])

    def __str__(self) -> str:
        return self.public.origin + self.folder

    def location(self, target: bytes) -> bytes:
        """Return where a request's target lies at Wix; the target begins with a slash."""
        return str(self).encode("ascii") + target


def is_page(path: bytes) -> bool:
    """Tell whether a raw path is one of Wix's pages."""
    return path in _PAGES or _PAGES_BY_ID(path) is not None


def is_site_api(path: bytes) -> bool:
    """Tell whether a raw path belongs to the API of Wix's pages."""
    return path.startswith(API_PREFIX)


def refuse_credentials(request: Request) -> None:
    """Refuse a call that brings a credential to be sent on. Raises `CallRefused`."""
    if any(folded(name).strip(b"-") == b"authorization" for name, _ in request.fields):
        raise CallRefused(
            "Nothing is sent on from here with Authorization. Calls to Wix go through /_wix/api, "
            "without a token."
        )
