"""What a developer is told of a refused call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from wixproxy.sansio.elevation import ElevationRule
from wixproxy.sansio.explanation import as_app, as_session
from wixproxy.sansio.session import Limits, Session
from wixproxy.sansio.tokens import Tokens

NOW, LIMITS = 1_800_000_000, Limits()
MY = b"/members/v1/members/my"
VISITOR = Session.visitor(NOW, LIMITS)
MEMBER = Session.member(
    NOW, LIMITS, tokens=Tokens("access", "refresh", NOW + 60, 60), member_id="the-member"
)
RULE = ElevationRule.parse("mine", "GET /members/v1/members/my", ["member", "another-member"])


@pytest.mark.parametrize(
    ("session", "named", "words"),
    [
        pytest.param(
            VISITOR,
            [],
            "as a visitor and refused. If members may make it, log in first. If only the app may,",
            id="a visitor, and no rule",
        ),
        pytest.param(
            MEMBER, [], "as a member and refused. If only the app may make it,", id="a member"
        ),
        pytest.param(
            VISITOR,
            [RULE],
            "The elevation rule 'mine' runs it as the app, but only for: a member or the member "
            "another-member.",
            id="a rule that is for others",
        ),
    ],
)
def test_who_called_and_what_would_help_is_told(
    session: Session, named: Sequence[ElevationRule], words: str
) -> None:
    assert words in as_session("GET", MY, session, named)


def test_the_suggested_rule_names_the_call_and_who_made_it() -> None:
    told = as_session("GET", MY, MEMBER, [])
    assert told.endswith(
        "add a rule that fixes whose data is meant (the app sees everybody's) to "
        '[[site.elevate]]: { name = "my-rule", call = "GET /members/v1/members/my", '
        'who = ["member"] }'
    )


def test_the_callers_own_id_is_suggested_as_the_callers_and_no_other() -> None:
    """With `{id}` every member could make the call for every other."""
    own, other = "7d11a0b2-1111-4222-8333-abcdefabcdef", "7d11a0b2-1111-4222-8333-abcdefabcde0"
    member = replace(MEMBER, member_id=own)
    for member_id, parameter in ((own, "{memberId}"), (other, "{id}")):
        path = f"/members/v1/members/{member_id}".encode()
        assert f"PATCH /members/v1/members/{parameter}" in as_session("PATCH", path, member, [])


def test_an_id_in_the_path_becomes_a_parameter_and_a_long_path_is_cut() -> None:
    path = b"/a/v1/b/7D11a0b2-1111-4222-8333-abcdefabcdef/" + b"c" * 1_000
    told = as_session("GET", path, VISITOR, [])
    assert "GET /a/v1/b/{id}/ccc" in told
    assert len(told) < 500


def test_a_refusal_of_the_app_says_how_it_came_to_be_the_app() -> None:
    assert "as the app, by the rule 'mine', and refused" in as_app(RULE)
    assert "as the app, by the backend listener, and refused" in as_app(None)
