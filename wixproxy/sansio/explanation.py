"""Tell a developer why a call was refused: who made it, and what would let it through.

Wix often refuses without a word, and two causes look the same: the identity
may not make the call, or the app lacks the permission. So the sentence names
the identity first. It stands in the log, and in dev in the answer; it names
rules, so strangers never see it.
Source: Wix "Fix 403 Errors", "Elevate API Call Permissions".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .elevation import OWN_MEMBER_ID, ElevationRule
from .session import Session

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
LONGEST_PATH = 200


def as_session(method: str, path: bytes, session: Session, named: Sequence[ElevationRule]) -> str:
    """Explain the refusal of a call that ran as the browser's session.

    `named` are the rules that name the call, whoever makes it.
    """
    who = session.identity
    if named:
        rule = named[0]
        allowed = " or ".join(sorted(_who(one) for one in rule.who))
        return (
            f"This call was made as a {who} and refused. The elevation rule {rule.name!r} runs "
            f"it as the app, but only for: {allowed}."
        )
    advice = (
        "If members may make it, log in first. If only the app may, "
        if who == "visitor"
        else "If only the app may make it, "
    )
    return (
        f"This call was made as a {who} and refused. {advice}add a rule that "
        "fixes whose data is meant (the app sees everybody's) to [[site.elevate]]: "
        f'{{ name = "my-rule", call = "{method} {_template(path, session)}", who = ["{who}"] }}'
    )


def as_app(rule: ElevationRule | None) -> str:
    """Explain the refusal of a call that ran as the app, by a rule or by the backend listener."""
    by = f"by the rule {rule.name!r}" if rule is not None else "by the backend listener"
    return (
        f"This call was made as the app, {by}, and refused. Give the app the permission for it in "
        "its dashboard; or, if it is a visitor's or member's own (a cart, a redirect session, "
        "their profile), make it without elevation."
    )


def as_caller(identity: str) -> str:
    """Explain the refusal of a call that ran as the caller of a dashboard page."""
    return (
        f"This call was made as the caller, a {identity}, and refused. If its permission is the "
        "app's to give, see that this caller may have it, and make it below /_wix/elevated/."
    )


def _who(one: str) -> str:
    return f"a {one}" if one in ("visitor", "member") else f"the member {one}"


def _template(path: bytes, session: Session) -> str:
    """Return the path as a rule would name it: the caller's own id becomes `{memberId}`."""
    text = path.decode("ascii", "backslashreplace")

    def parameter(found: re.Match[str]) -> str:
        return OWN_MEMBER_ID if found[0] == session.member_id else "{id}"

    return _GUID.sub(parameter, text)[:LONGEST_PATH]
