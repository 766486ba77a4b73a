"""`api.allow` and `api.deny`: R57, R71, R72."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.sansio.call_rules import CallPattern, CallRules

PRODUCT = b"/stores/v3/products/42"


def passes(rules: CallRules, method: str, path: bytes) -> bool:
    return rules.refusal(method, path) is None


@pytest.mark.parametrize(
    ("pattern", "method", "path", "named"),
    [
        ("GET /stores/v3/products/{id}", "GET", PRODUCT, True),
        ("GET /stores/v3/products/{id}", "HEAD", PRODUCT, True),
        ("GET /stores/v3/products/{id}", "POST", PRODUCT, False),
        ("GET /stores/v3/products/{id}", "GET", PRODUCT + b"/x", False),
        ("GET /stores/v3/products/{id}", "GET", PRODUCT + b"/", False),
        ("GET /stores/v3/products/{id}", "GET", b"/stores/v3/products", False),
        ("GET /stores/v3/products/{id}", "GET", b"/Stores/v3/products/42", False),
        ("GET /stores/v3/products/{id}", "GET", b"/x/stores/v3/products/42", False),
        ("* /stores/**", "DELETE", PRODUCT, True),
        ("* /stores/**", "GET", b"/stores", True),
        ("* /stores/**", "GET", b"/stores-reader/v1", False),
        ("* /**", "GET", b"/anything/at/all", True),
        ("POST\t/a.b", "POST", b"/a.b", True),
        ("POST /a.b", "POST", b"/axb", False),
        ("GET /a%20b", "GET", b"/a%20b", True),
    ],
)
def test_a_pattern_names_exact_bytes(pattern: str, method: str, path: bytes, named: bool) -> None:
    assert passes(CallRules.parse([pattern], []), method, path) is named


@pytest.mark.parametrize(
    ("path", "denied"),
    [
        (b"/members/v1/members/42", True),
        (b"/Members/V1/members/42", True),
        (b"/members/v1/members/42/", True),
        (b"/members/v1/members/a%20b", True),
        (b"/members/v1/members", False),
    ],
)
def test_a_denied_path_is_denied_in_every_spelling(path: bytes, denied: bool) -> None:
    """R71."""
    rules = CallRules.parse([], ["DELETE /members/v1/members/{id}"])
    assert passes(rules, "DELETE", path) is not denied
    assert passes(rules, "GET", path)


def test_a_denied_literal_may_hold_an_escape() -> None:
    rules = CallRules.parse([], ["* /a%20b/c"])
    assert not passes(rules, "GET", b"/A%20B/c")


def test_deny_outranks_allow() -> None:
    rules = CallRules.parse(["* /stores/**"], ["* /stores/v3/products/{id}"])
    assert rules.refusal("GET", PRODUCT) == "is excluded by api.deny."
    assert passes(rules, "GET", b"/stores/v3/products")


def test_what_is_not_allowed_is_refused_once_there_is_a_list() -> None:
    rules = CallRules.parse(["GET /stores/**"], [])
    assert "api.allow" in (rules.refusal("GET", b"/ecom/v1/carts/current") or "")


@pytest.mark.parametrize(
    "path",
    [
        b"/apps/v1/instance",
        b"/Apps/V1/instance/",
        b"/oauth-app/v1/oauth-apps/x",
        b"/_api/apps/v1/x",
    ],
)
@pytest.mark.parametrize("allow", [[], ["* /**"], ["GET /{a}/{b}/**"]], ids=str)
def test_administration_is_refused_unless_named(path: bytes, allow: list[str]) -> None:
    reason = CallRules.parse(allow, []).refusal("GET", path)
    assert reason is not None
    assert "administers the app" in reason


@pytest.mark.parametrize("line", ["GET /apps/v1/instance", "* /apps/v1/**", "GET /apps/v1/{call}"])
def test_administration_passes_where_it_is_named(line: str) -> None:
    rules = CallRules.parse([line], [])
    assert passes(rules, "GET", b"/apps/v1/instance")
    assert not passes(rules, "GET", b"/APPS/v1/instance"), "a permission is exact"


def test_an_elevation_rule_is_as_good_as_allow_and_no_better() -> None:
    rules = CallRules.parse(["GET /stores/**"], ["GET /apps/v1/plan"])
    assert rules.refusal("GET", b"/ecom/v1/orders/7", elevated=True) is None
    assert rules.refusal("GET", b"/apps/v1/instance", elevated=True) is None
    assert rules.refusal("GET", b"/apps/v1/plan", elevated=True) == "is excluded by api.deny."


@pytest.mark.parametrize(
    ("line", "template", "meets"),
    [
        ("* /iam/{service}/sign-on", "iam/a/sign-on", True),
        ("* /iam/{service}/sign-on", "iam/{a}/{b}", True),
        ("* /iam/{service}/sign-on", "IAM/a/Sign-On", True),
        ("* /iam/{service}/sign-on", "iam/a/login", False),
        ("* /iam/{service}/sign-on", "iam/{a}", False),
        ("* /iam/{service}/sign-on", "iam/a/{b}/c", False),
        ("* /iam/v1/**", "iam/{a}", True),
        ("* /iam/v1/**", "iam/{a}/b/{c}", True),
        ("* /iam/v1/**", "iam", False),
        ("* /iam/v1/**", "iam/v2/{x}", False),
    ],
)
def test_a_template_meets_what_it_could_be_filled_to(line: str, template: str, meets: bool) -> None:
    assert CallPattern.parse(line).meets(template.split("/")) is meets


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/stores", "METHOD /path"),
        ("get /stores", "METHOD /path"),
        ("GET stores", "METHOD /path"),
        ("GET https://www.wixapis.com/x", "METHOD /path"),
        ("GET /", "names no path"),
        ("GET /a/**/b", "only at the end"),
        ("GET /a/*", "only at the end"),
        ("GET /a//b", "neither plain text"),
        ("GET /a/{b", "neither plain text"),
        ("GET /a/x{b}", "neither plain text"),
        ("GET /a/../b", "neither plain text"),
        ("GET /a?b", "neither plain text"),
        ("", "METHOD /path"),
    ],
)
def test_a_line_that_is_no_rule_is_refused_with_a_sentence(line: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        CallRules.parse([], [line])


SEGMENT = st.text("abXY019-._~", min_size=1, max_size=6).filter(lambda text: set(text) != {"."})


@given(st.lists(SEGMENT, min_size=1, max_size=5), st.sampled_from(["GET", "POST"]))
def test_a_plain_pattern_names_its_own_path_and_no_longer_one(
    segments: list[str], method: str
) -> None:
    path = "/" + "/".join(segments)
    pattern = CallPattern.parse(f"{method} {path}")
    assert pattern.permits(method, path.encode())
    assert pattern.denies(method, path.lower().encode())
    assert not pattern.permits(method, path.encode() + b"/x")
    assert not pattern.permits(method, b"/x" + path.encode())
