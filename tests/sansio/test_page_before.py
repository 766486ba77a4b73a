"""Where a form came from: only a page that is known to be ours is led back to."""

from __future__ import annotations

import pytest

from wixproxy.sansio.exchange import Request
from wixproxy.sansio.fetch_metadata import page_before


@pytest.mark.parametrize(
    ("site", "referer", "path"),
    [
        pytest.param("same-origin", "https://shop.example/login?a=1#b", "/login?a=1", id="a form"),
        pytest.param("same-origin", "https://shop.example", "/", id="the start page"),
        pytest.param("same-origin", "https://shop.example//evil.example/", None, id="two slashes"),
        pytest.param("same-origin", "https://shop.example/\\evil.example", None, id="backslash"),
        pytest.param("same-origin", "https://shop.example/a b", None, id="a space"),
        pytest.param("same-origin", "https://shop.example/\xe4", None, id="beyond ASCII"),
        pytest.param("same-site", "https://other.example/login", None, id="a sibling"),
        pytest.param("cross-site", "https://evil.example/login", None, id="another site"),
        pytest.param(None, "https://shop.example/login", None, id="nobody knows"),
        pytest.param("same-origin", None, None, id="no referrer"),
    ],
)
def test_the_page_that_a_form_came_from_is_known_where_it_is_ours(
    site: str | None, referer: str | None, path: str | None
) -> None:
    named = {"Sec-Fetch-Site": site, "Referer": referer}
    fields = [(n.encode(), v.encode("latin-1")) for n, v in named.items() if v is not None]
    assert page_before(Request("POST", b"/_wix/login", fields)) == path
