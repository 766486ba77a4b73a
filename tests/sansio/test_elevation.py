"""Which calls run as the app, for whom, and with what in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.errors import ElevationRefused
from wixproxy.sansio.call_rules import hands_out_credentials
from wixproxy.sansio.elevation import ElevationRule, check_overlaps
from wixproxy.sansio.session import Limits, Session
from wixproxy.sansio.tokens import Tokens

NOW = 1_800_000_000
TOKENS = Tokens("a", "r", NOW + 60, 60)
VISITOR = Session.visitor(NOW, Limits())
ADA = Session.member(NOW, Limits(), tokens=TOKENS, member_id="ada-id")
GRACE = Session.member(NOW, Limits(), tokens=TOKENS, member_id="grace-id")


def rule(call: str = "POST /ecom/v1/orders/search", **options: Any) -> ElevationRule:
    return ElevationRule.parse("orders", call, **{"who": ["member"], **options})


@pytest.mark.parametrize(
    ("call", "said"),
    [
        pytest.param("POST /**", "more than one call", id="everything"),
        pytest.param("POST /ecom/**", "more than one call", id="everything below"),
        pytest.param("POST /ecom/v1/*", "more than one call", id="a star"),
        pytest.param("POST /{a}/{b}/{c}", "a whole API", id="parameters alone"),
        pytest.param("POST /ecom/{version}/orders", "a whole API", id="a free second segment"),
        pytest.param("POST /members/v1/{x}/{y}", "a whole API", id="a free third segment"),
        pytest.param("POST /ecom/v1/{what}/search", "a whole API", id="a search of anything"),
        pytest.param("GET /_api/iam/{a}/{b}/{c}", "a whole API", id="a free one behind _api"),
        pytest.param("POST /_api/ecom/v1/{x}", "first 4 segments", id="one less behind _api"),
        pytest.param("POST /ecom/v1", "a whole API", id="no method's path"),
        pytest.param("POST /ecom/v1/../oauth2", "more than one call", id="dot segments"),
        pytest.param("* /ecom/v1/orders", "one method and a full path", id="any method"),
        pytest.param("post /ecom/v1/orders", "one method and a full path", id="lower case"),
        pytest.param("POST ecom/v1/orders", "one method and a full path", id="no slash"),
        pytest.param("POST /ecom/v1/orders?x=1", "more than one call", id="a query"),
        pytest.param("POST /oauth2/token/x", "hands out credentials", id="tokens"),
        pytest.param("POST /_api/iam/authentication/v2/login", "credentials", id="a login"),
        pytest.param("POST /_api/IAM/authentication/v2/{step}", "credentials", id="any login step"),
        pytest.param("POST /iam/any-service/v2/{step}", "credentials", id="what can be a sign-on"),
        pytest.param("POST /iam/recovery/v1/{step}", "credentials", id="what can be a recovery"),
        pytest.param(
            "POST /oauth-app/v1/oauth-apps/{id}/generate-secret", "credentials", id="a new secret"
        ),
        pytest.param("GET /oauth-app/v1/oauth-apps/{id}/{what}", "credentials", id="a secret"),
    ],
)
def test_a_rule_that_would_open_too_much_is_refused(call: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rule(call)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({"who": []}, "who may call is missing", id="nobody"),
        pytest.param(
            {"who": ["visitor"], "call": "GET /members/v1/members/{memberId}"},
            "needs a member",
            id="a visitor's own member id",
        ),
        pytest.param(
            {"who": ["visitor", "member"], "fixed_body": {"a": [{"b": "x-{memberId}"}]}},
            "needs a member",
            id="a visitor's own member id in the body",
        ),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rule(**options)


@pytest.mark.parametrize(
    ("method", "path", "matched"),
    [
        pytest.param("POST", b"/ecom/v1/orders/search", True, id="the call itself"),
        pytest.param("GET", b"/ecom/v1/orders/search", False, id="another method"),
        pytest.param("POST", b"/ecom/v1/orders/search/", False, id="a slash more"),
        pytest.param("POST", b"/ecom/v1/orders", False, id="a segment less"),
        pytest.param("POST", b"/ecom/v1/orders/Search", False, id="another case"),
        pytest.param("POST", b"/ecom/v1/orders/%73earch", False, id="an escape"),
    ],
)
def test_a_rule_matches_its_own_bytes_and_no_others(
    method: str, path: bytes, matched: bool
) -> None:
    assert rule().matches(method, path, ADA) is matched


def test_a_parameter_is_one_plain_segment() -> None:
    one = rule("GET /ecom/v1/orders/{id}")
    assert one.matches("GET", b"/ecom/v1/orders/7-a", ADA)
    for path in (b"/ecom/v1/orders/", b"/ecom/v1/orders/..", b"/ecom/v1/orders/a%2fb"):
        assert not one.matches("GET", path, ADA)


def test_the_own_member_id_is_exactly_the_callers() -> None:
    """R72."""
    own = rule("PATCH /members/v1/members/{memberId}")
    assert own.matches("PATCH", b"/members/v1/members/ada-id", ADA)
    assert not own.matches("PATCH", b"/members/v1/members/ada-id", GRACE)
    assert not own.matches("PATCH", b"/members/v1/members/ada-id2", ADA)
    assert not own.matches("PATCH", b"/members/v1/members/ada-id", VISITOR)


@pytest.mark.parametrize(
    ("who", "permitted"),
    [
        pytest.param(["visitor"], [VISITOR], id="visitors"),
        pytest.param(["member"], [ADA, GRACE], id="members"),
        pytest.param(["visitor", "member"], [VISITOR, ADA, GRACE], id="everybody"),
        pytest.param(["ada-id"], [ADA], id="one member"),
    ],
)
def test_a_rule_permits_exactly_those_it_names(who: list[str], permitted: list[Session]) -> None:
    """R72, C13."""
    one = rule(who=who)
    assert [each for each in (VISITOR, ADA, GRACE) if one.permits(each)] == permitted


def test_only_named_body_fields_travel_and_fixed_ones_win() -> None:
    one = rule(body_fields=["search"], fixed_body={"limit": 5})
    assert json.loads(one.checked_body(b'{"search":{"a":1},"limit":1000}', ADA)) == {
        "search": {"a": 1},
        "limit": 5,
    }
    with pytest.raises(ElevationRefused, match=r"body field 'admin'.*allowed: search"):
        one.checked_body(b'{"admin":true}', ADA)


def test_a_fixed_body_may_hold_the_id_of_the_member_who_calls() -> None:
    """R72."""
    fixed = {"search": {"filter": {"buyerInfo.memberId": "{memberId}", "n": [1, "{memberId}"]}}}
    own = rule(fixed_body=fixed)
    for session, member_id in ((ADA, "ada-id"), (GRACE, "grace-id")):
        sent = json.loads(own.checked_body(b'{"search":{"filter":{}}}', session))
        assert sent == {
            "search": {"filter": {"buyerInfo.memberId": member_id, "n": [1, member_id]}}
        }
    assert own.fixed_body == fixed


def test_who_has_no_member_id_fills_no_rule_with_one() -> None:
    unnamed = Session.member(NOW, Limits(), tokens=TOKENS, member_id=None)
    own = rule(fixed_body={"memberId": "{memberId}"})
    assert own.matches("POST", b"/ecom/v1/orders/search", ADA)
    assert not own.matches("POST", b"/ecom/v1/orders/search", unnamed)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[]", id="a list"),
        pytest.param(b"not json", id="no JSON"),
        pytest.param(b'{"search":1,"search":2}', id="a name that stands twice"),
        pytest.param(b'{"search":{"a":1,"a":2}}', id="a name that stands twice, deep"),
        pytest.param(b'{"search":NaN}', id="no number"),
        pytest.param(b'{"search":1e999}', id="a number beyond all"),
        pytest.param(b"\xef\xbb\xbf{}", id="a byte order mark"),
        pytest.param(b"\xff\xfe{\x00}\x00", id="UTF-16"),
        pytest.param(b"[" * 100_000, id="deeply nested"),
    ],
)
def test_a_body_with_two_readings_is_refused(body: bytes) -> None:
    with pytest.raises(ElevationRefused):
        rule(body_fields=["search"]).checked_body(body, ADA)


def test_only_named_query_parameters_travel() -> None:
    one = rule("GET /ecom/v1/orders/{id}", query_names=["fields"])
    one.checked_query(b"")
    one.checked_query(b"fields=a&fields=b")
    for query in (b"x=1", b"fields=a&%78=1", b".r=e30", b"fields=a;x=1"):
        with pytest.raises(ElevationRefused):
            one.checked_query(query)


def test_two_rules_for_the_same_calls_are_told_about() -> None:
    one = ElevationRule.parse("one", "GET /ecom/v1/orders/{id}", ["member"])
    two = ElevationRule.parse("two", "GET /ecom/v1/orders/mine", ["visitor"])
    other = ElevationRule.parse("other", "GET /ecom/v1/carts/mine", ["visitor"])
    assert check_overlaps([one, two, other]) == ["'one' and 'two' match the same calls; keep one"]


def test_a_rule_may_name_what_answers_without_credentials_and_nothing_beside_it() -> None:
    assert rule("POST /_api/iam/authentication/v2/validate-email")
    for last in ("{call}", "validate-email/{call}"):
        with pytest.raises(ValueError, match="hands out credentials"):
            rule(f"POST /_api/iam/authentication/v2/{last}")


@given(
    filled=st.lists(
        st.sampled_from(["{x}", "iam", "v2", "sign-on", "oauth-app", "authentication"])
    ),
    start=st.sampled_from(["oauth2", "iam/a/v1", "_api/iam/recovery", "oauth-app/v1/oauth-apps"]),
)
def test_whatever_fills_an_accepted_rule_hands_out_no_credentials(
    filled: list[str], start: str
) -> None:
    template = "/".join([start, *filled])
    try:
        one = rule(f"POST /{template}")
    except ValueError:
        return
    for word in ("sign-on", "recover", "auth", "secret", "generate-secret", "authentication"):
        path = b"/" + template.replace("{x}", word).encode()
        assert one.names("POST", path)
        assert not hands_out_credentials(path)


@given(path=st.text("abc{}*/.%", min_size=1, max_size=20), method=st.sampled_from(["GET", "POST"]))
def test_no_rule_that_is_accepted_matches_a_path_of_another_shape(path: str, method: str) -> None:
    try:
        one = rule(f"{method} /{path}")
    except ValueError:
        return
    segments = path.split("/")
    assert len(segments) >= 3
    assert not any("*" in segment for segment in segments)
    assert not one.matches(method, b"/x/y/z", ADA)


def test_a_rule_never_lets_the_parameter_pass_that_a_whole_request_stands_in() -> None:
    with pytest.raises(ValueError, match="would open every field"):
        rule("GET /ecom/v1/orders/{id}", query_names=["fields", ".r"])
