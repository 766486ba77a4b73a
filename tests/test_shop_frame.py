"""The pages of the demo shop are plain files: what they share stands in each, and may not drift."""

from __future__ import annotations

import re

from tests.modules import PACKAGE, ROOT

SHOP = ROOT / PACKAGE / "browser" / "shop"
OWN = re.compile(
    r"<title>.*?</title>"
    r'|<script type="module" src="/[a-z]+\.js"></script>'
    r"|(?<=</noscript>).*?(?=</main>)"
    r'| aria-current="page"',
    re.DOTALL,
)


def test_every_page_of_the_shop_stands_in_the_same_frame() -> None:
    frames = {path.name: OWN.sub("", path.read_text()) for path in SHOP.glob("*.html")}
    assert len(frames) > 1
    assert set(frames.values()) == {frames["index.html"]}
