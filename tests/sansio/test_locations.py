"""Redirects of upstreams: R59, R72, V95."""

from __future__ import annotations

import pytest

from wixproxy.sansio.locations import api_locations, public_locations
from wixproxy.sansio.public_url import PublicURL

PUBLIC = PublicURL.parse("https://shop.example")


@pytest.mark.parametrize(
    ("location", "told"),
    [
        (b"http://localhost:5173/a?b#c", b"https://shop.example/a?b#c"),
        (b"HTTP://LOCALHOST:5173/a", b"https://shop.example/a"),
        (b"http://localhost:5173", b"https://shop.example/"),
        (b"http://localhost:5173?a", b"https://shop.example/?a"),
        (b"//localhost:5173/a", b"https://shop.example/a"),
        (b"http://localhost:5173//evil.test", b"https://shop.example//evil.test"),
        (b"/a", b"/a"),
        (b"a/b", b"a/b"),
        (b"https://localhost:5173/a", b"https://localhost:5173/a"),
        (b"http://localhost:51730/a", b"http://localhost:51730/a"),
        (b"http://localhost:5173.evil.test/a", b"http://localhost:5173.evil.test/a"),
        (b"http://localhost:5173@evil.test/a", b"http://localhost:5173@evil.test/a"),
        (b"http://localhost:5173\\@evil.test", b"http://localhost:5173\\@evil.test"),
        (b"https://www.wix.com/x", b"https://www.wix.com/x"),
        (b"mailto:a@b", b"mailto:a@b"),
        (b"\xff", b"\xff"),
        (b"", b""),
    ],
)
def test_only_the_upstreams_own_origin_is_replaced(location: bytes, told: bytes) -> None:
    """V95, R72."""
    fields = [(b"location", location), (b"X-Other", location)]
    assert public_locations(fields, "http://localhost:5173", PUBLIC) == [
        (b"location", told),
        (b"X-Other", location),
    ]


@pytest.mark.parametrize(
    ("location", "told"),
    [
        (b"https://www.wixapis.com/a/b?c", b"/_wix/api/a/b?c"),
        (b"https://www.wixapis.com:443/a", b"/_wix/api/a"),
        (b"https://www.wixapis.com//evil.test", b"/_wix/api//evil.test"),
        (b"/a/b", b"/_wix/api/a/b"),
        (b"//evil.test/a", b"//evil.test/a"),
        (b"/\\evil.test/a", b"/\\evil.test/a"),
        (b"https://static.wixstatic.com/a.png", b"https://static.wixstatic.com/a.png"),
        (b"https://www.wixapis.com.evil.test/a", b"https://www.wixapis.com.evil.test/a"),
    ],
)
def test_a_redirect_within_the_wix_api_stays_behind_the_prefix(
    location: bytes, told: bytes
) -> None:
    """R59."""
    fields = [(b"Location", location)]
    assert api_locations(fields, "https://www.wixapis.com") == [(b"Location", told)]
