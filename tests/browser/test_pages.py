"""The pages that wixproxy shows itself: R38, R40."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.browser.colours import contrast, palettes
from tests.browser.documents import Document
from wixproxy.pages import page

PROBLEM = {
    "status": 503,
    "code": "wix_unavailable",
    "title": "Wix cannot be reached",
    "message": "Wix did not answer within ten seconds.",
    "request_id": "0123456789abcdef",
    "side": "Wix",
    "advice": ["Is this machine online?", "$ wixproxy check"],
    "actions": [{"label": "Log in", "href": "/_wix/login"}, {"label": "Start", "href": "/"}],
}
PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "problem": ("problem.html", PROBLEM),
    "bridge": ("bridge.html", {"action": "/_wix/callback"}),
    "the end of a direct login": ("direct_login.html", {}),
    "logout that asks": ("logout.html", {"automatic": False, "return_url": "/cart"}),
    "logout by itself": ("logout.html", {"automatic": True, "return_url": "/cart"}),
}
HOSTILE = {
    "an image with a handler": "<img src=x onerror=alert(1)>",
    "the end of a script": "</script><script>alert(1)</script>",
    "the end of a title": "</title></style><svg onload=alert(1)>",
    "a double quote": '" onfocus="alert(1)" autofocus x="',
    "a single quote": "' onfocus='alert(1)' autofocus x='",
    "a comment": "<!-- --!> <!--",
    "a template's own marks": "{{ 7 * 7 }}{% raw %}",
    "a reference": "&lt;b&gt; &amp;quot; &#x3c;",
}
every_page = pytest.mark.parametrize("name", PAGES)
every_page_with_values = pytest.mark.parametrize(
    "name", [name for name, (_, values) in PAGES.items() if values]
)


def rendered(name: str, **values: Any) -> tuple[dict[bytes, bytes], str]:
    """Return the header fields and the markup of a page."""
    template, tame = PAGES[name]
    fields, body = page(template, **{**tame, **values})
    return dict(fields), body.decode()


def document(name: str, **values: Any) -> Document:
    return Document(rendered(name, **values)[1])


def filled(name: str, text: str) -> dict[str, Any]:
    """Put a text into every value of a page that holds text, behind what is there."""

    def with_text(value: Any) -> Any:
        match value:
            case str():
                return value + text
            case list():
                return [with_text(item) for item in value]
            case dict():
                return {key: with_text(item) for key, item in value.items()}
        return value

    return {key: with_text(value) for key, value in PAGES[name][1].items() if key != "side"}


@every_page
def test_a_page_is_a_whole_document_with_language_title_and_viewport(name: str) -> None:
    shown = document(name)
    assert shown.doctype == "doctype html"
    assert shown.all("html") == [{"lang": "en"}]
    assert len(shown.texts("title")) == 1
    assert shown.texts("title")[0]
    assert shown.all("meta", name="viewport", content="width=device-width, initial-scale=1")
    assert shown.all("meta", charset="utf-8")
    assert len(shown.all("main")) == 1


@every_page
def test_a_page_lets_in_nothing_but_its_own_nonced_elements(name: str) -> None:
    fields, markup = rendered(name)
    policy = fields[b"Content-Security-Policy"].decode()
    (nonce,) = set(re.findall(r"'nonce-([^']+)'", policy))
    shown = Document(markup)
    for tag in ("style", "script"):
        assert all(found == {"nonce": nonce} for found in shown.all(tag))
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    for tag, attributes in shown.elements:
        refused = [each for each in attributes if each == "style" or each.startswith("on")]
        assert not refused, f"the policy refuses {refused} of <{tag}>"


@every_page
def test_a_page_tells_no_other_site_where_the_browser_was(name: str) -> None:
    """R38: under no-referrer the forms would be posted with `Origin: null`."""
    assert rendered(name)[0][b"Referrer-Policy"] == b"same-origin"


@every_page
def test_a_page_gets_another_nonce_each_time(name: str) -> None:
    assert len({rendered(name)[0][b"Content-Security-Policy"] for _ in range(20)}) == 20


@every_page
def test_a_page_asks_no_other_server_for_anything(name: str) -> None:
    fields, markup = rendered(name)
    shown = Document(markup)
    for tag, attributes in shown.elements:
        for attribute in ("href", "src", "action", "srcset", "data", "poster", "formaction"):
            value = attributes.get(attribute)
            local = not value or re.match(r"/(?![/\\])|data:", value)
            assert local, f'<{tag} {attribute}="{value}">'
    assert "://" not in markup
    for text in shown.texts("style"):
        assert not re.search(r"@import|@font-face|url\(", text)
    assert fields[b"Cache-Control"] == b"no-store"


@every_page_with_values
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_value_stays_text(name: str, hostile: str) -> None:
    tame, values = document(name), filled(name, hostile)
    shown = document(name, **values)
    assert shown.skeleton == tame.skeleton
    said = [text for tag, _ in set(shown.skeleton) for text in shown.texts(tag)]
    said += [value for _, attributes in shown.elements for value in attributes.values() if value]
    assert any(hostile.strip() in text for text in said)


@every_page
@given(text=st.text(max_size=60))
@example(text="\x00")
@example(text="</script")
@example(text="\u2028<!")
@settings(deadline=None, max_examples=60)
def test_no_value_changes_the_elements_of_a_page(name: str, text: str) -> None:
    assert document(name, **filled(name, text)).skeleton == document(name).skeleton


@given(return_url=st.text(max_size=60).map(lambda rest: "/" + rest))
@settings(deadline=None, max_examples=60)
def test_logout_posts_back_exactly_the_return_url_that_it_was_given(return_url: str) -> None:
    shown = document("logout that asks", return_url=return_url)
    assert [each["value"] for each in shown.all("input", name="returnToUrl")] == [return_url]


@pytest.mark.parametrize("side", ["your browser", "the proxy", "the frontend", "Wix"])
def test_a_problem_names_the_side_to_look_at(side: str) -> None:
    shown = document("problem", side=side)
    assert shown.texts("div", class_="stop broken") == [side[0].upper() + side[1:]]
    assert shown.texts("dd")[0] == side


def test_a_problem_tells_what_happened_with_its_code_and_request_id() -> None:
    shown = document("problem")
    assert shown.texts("h1") == [PROBLEM["title"]]
    assert shown.texts("title") == ["Wix cannot be reached (503)"]
    assert shown.texts("p", class_="lead") == [PROBLEM["message"]]
    assert shown.texts("dd", class_="code") == ["503 wix_unavailable", "0123456789abcdef"]


def test_a_problem_whose_message_is_its_title_says_it_once() -> None:
    shown = document("problem", message=PROBLEM["title"])
    assert shown.texts("p", class_="lead") == []


def test_a_problem_shows_commands_as_commands_and_sentences_as_sentences() -> None:
    shown = document("problem")
    assert shown.texts("h2") == ["What to check"]
    assert shown.texts("li") == ["Is this machine online?", "wixproxy check"]
    assert shown.texts("pre") == ["wixproxy check"]


def test_a_problem_without_advice_has_no_heading_for_it() -> None:
    shown = document("problem", advice=[])
    assert shown.all("h2") == []
    assert shown.all("ul") == []


def test_what_was_posted_cannot_be_tried_again_by_a_link() -> None:
    shown = document("problem", status=503, posted=True)
    assert [each["href"] for each in shown.all("a")] == ["/_wix/login", "/"]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_problem_that_may_pass_offers_first_to_try_again(status: int) -> None:
    shown = document("problem", status=status)
    assert shown.texts("a") == ["Try again", "Log in", "Start"]
    assert shown.texts("a", class_="button") == ["Try again"]


@pytest.mark.parametrize("status", [400, 401, 404, 421, 429, 501, 505, 508])
def test_a_problem_that_will_not_pass_offers_its_actions_alone(status: int) -> None:
    shown = document("problem", status=status)
    assert shown.texts("a") == ["Log in", "Start"]
    assert shown.texts("a", class_="button") == ["Log in"]


def test_the_bridge_erases_the_fragment_before_it_builds_a_form() -> None:
    """R38, R40: no code stays in the address, whatever happens next."""
    (script,) = document("bridge").texts("script")
    steps = ["location.hash", "history.replaceState", "createElement", "form.submit()"]
    places = [script.index(step) for step in steps]
    assert places == sorted(places)
    assert "innerHTML" not in script


def test_the_bridge_posts_to_the_callback_that_was_configured() -> None:
    (form,) = document("bridge", action="/api/auth/callback").all("form")
    assert (form["method"], form["action"]) == ("post", "/api/auth/callback")


def test_the_bridge_says_what_to_do_when_scripts_are_off() -> None:
    (said,) = document("bridge").texts("noscript")
    assert "Allow scripts for this site" in said
    assert "Log in" in said


@pytest.mark.parametrize("automatic", [True, False])
def test_logout_works_by_a_button_without_any_script(automatic: bool) -> None:
    shown = document("logout that asks", automatic=automatic)
    (form,) = shown.all("form")
    assert (form["method"], form["action"]) == ("post", "/_wix/logout")
    assert shown.texts("button") == ["Log out"]
    assert shown.all("input", name="returnToUrl", type="hidden") == [
        {"type": "hidden", "name": "returnToUrl", "value": "/cart"}
    ]


def test_logout_posts_by_itself_only_when_this_site_led_to_it() -> None:
    assert document("logout that asks").all("script") == []
    assert len(document("logout by itself").all("script")) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "page"),
        ("soft", "page"),
        ("accent", "page"),
        ("ink", "raised"),
        ("soft", "raised"),
        ("on-accent", "accent"),
        ("alarm", "alarm-page"),
        ("page", "alarm"),
    ],
)
def test_words_stand_out_from_their_ground(scheme: str, ink: str, ground: str) -> None:
    """WCAG 2.2, 1.4.3: a ratio of 4.5 at least, in daylight and at night."""
    (sheet,) = document("problem").texts("style")
    colours = palettes(sheet)[scheme]
    assert contrast(colours[ink], colours[ground]) >= 4.5
