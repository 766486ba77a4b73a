"""The demo shop, read as files: what it may load, and what its policy lets it do."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from tests.browser.colours import contrast, palettes
from tests.browser.documents import Document

SHOP = Path(str(resources.files("wixproxy"))) / "browser" / "shop"
PAGES = {"/": "index.html", "/cart": "cart.html", "/profile": "profile.html"}
SCRIPTS = sorted(path.name for path in SHOP.glob("*.js"))

every_page = pytest.mark.parametrize("name", PAGES.values())
every_script = pytest.mark.parametrize("name", SCRIPTS)


def read(name: str) -> str:
    return (SHOP / name).read_text("utf-8")


def named_by(attributes: dict[str, str | None]) -> list[str]:
    """Return the addresses that an element names."""
    return [value for name in ("src", "href", "action") if (value := attributes.get(name))]


@every_page
def test_a_shop_page_is_a_whole_document_with_language_title_and_viewport(name: str) -> None:
    shown = Document(read(name))
    assert shown.doctype == "doctype html"
    assert shown.all("html") == [{"lang": "en"}]
    assert shown.texts("title")[0].endswith("Small Hours") or name == "index.html"
    assert shown.all("meta", name="viewport", content="width=device-width, initial-scale=1")
    assert len(shown.all("main", id="main")) == 1
    assert len(shown.all("h1")) == 1


@every_page
def test_a_shop_page_keeps_to_a_policy_without_inline_code(name: str) -> None:
    shown = Document(read(name))
    assert shown.all("style") == []
    assert [script.get("type") for script in shown.all("script")] == ["module"]
    assert shown.texts("script") == [""]
    for tag, attributes in shown.elements:
        refused = [each for each in attributes if each == "style" or each.startswith("on")]
        assert not refused, f"the policy refuses {refused} of <{tag}>"


@every_page
def test_everything_a_shop_page_names_is_in_the_shop(name: str) -> None:
    for tag, attributes in Document(read(name)).elements:
        for address in named_by(attributes):
            if address.startswith("#"):
                assert Document(read(name)).all("main", id=address[1:])
                continue
            file = PAGES.get(address, address.removeprefix("/"))
            assert address.startswith("/"), f'<{tag}> names "{address}"'
            assert (SHOP / file).is_file(), f'<{tag}> names "{address}"'


@every_page
def test_what_changes_by_itself_is_said_aloud(name: str) -> None:
    """WCAG 2.2, 4.1.3: a cart that fills up is heard as well as seen."""
    shown = Document(read(name))
    assert [each["role"] for each in shown.all("p", id="status")] == ["status"]
    assert [each["role"] for each in shown.all("div", id="banner")] == ["alert"]


def test_all_shop_pages_have_the_same_head_and_name_themselves_in_it() -> None:
    heads = set()
    for address, name in PAGES.items():
        shown = Document(read(name))
        assert [each["href"] for each in shown.all("a", **{"aria-current": "page"})] == [address]
        head = re.search(r"<header.*</header>", read(name), re.DOTALL)
        assert head is not None
        heads.add(head[0].replace(' aria-current="page"', ""))
    assert len(heads) == 1


@every_script
def test_a_shop_script_imports_only_what_the_shop_has(name: str) -> None:
    for imported in re.findall(r'^import .*? from "([^"]+)"', read(name), re.MULTILINE):
        assert imported.startswith("./")
        assert (SHOP / imported).is_file()


@every_script
def test_a_shop_script_never_turns_text_into_markup_or_code(name: str) -> None:
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc"
    assert not re.search(ways, read(name))


@every_script
def test_a_shop_script_asks_no_origin_but_its_own(name: str) -> None:
    assert "://" not in read(name)


@every_script
def test_a_shop_script_handles_no_credential(name: str) -> None:
    """The page shows that nothing is in reach, so it may put nothing there either."""
    assert not re.search(r"setItem|document\.cookie\s*=|Authorization\W*:", read(name))


def test_the_shop_loads_no_font_picture_or_rule_from_its_style_sheet() -> None:
    assert not re.search(r"@import|@font-face|url\(", read("shop.css"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        ("ink", "page", 4.5),
        ("soft", "page", 4.5),
        ("accent", "page", 4.5),
        ("ink", "raised", 4.5),
        ("accent", "raised", 4.5),
        ("on-accent", "accent", 4.5),
        ("alarm", "alarm-page", 4.5),
        ("alarm", "page", 4.5),
        ("on-night", "night", 4.5),
        ("soft-night", "night", 4.5),
        ("glow", "night", 4.5),
        ("on-night", "badge", 4.5),
        ("edge", "page", 3.0),
        ("edge", "raised", 3.0),
    ],
)
def test_words_and_fields_stand_out_from_their_ground(
    scheme: str, ink: str, ground: str, least: float
) -> None:
    """WCAG 2.2, 1.4.3 for words and 1.4.11 for the edges of fields."""
    colours = palettes(read("shop.css"))[scheme]
    assert contrast(colours[ink], colours[ground]) >= least
