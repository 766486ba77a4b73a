"""Mail six-digit codes to members, and check what they type.

Law: one code for a member at a time; a newer one replaces it. A code works
once, for a quarter of an hour, and a few wrong guesses make it worthless.

Source: Wix: the code that a login asks for has six digits and comes by e-mail;
NIST SP 800-63B §3.2.2 for the limit on guesses.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .callers import is_same_secret
from .mailbox import send_mail
from .state import SiteMember, State


@dataclass
class Code:
    """A code that was mailed."""

    text: str = field(repr=False)
    expires_at: float
    wrong: int = 0


class VerificationCodes:
    """The codes in force, by member."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._codes: dict[str, Code] = {}

    @classmethod
    def of(cls, state: State) -> VerificationCodes:
        """Return the site's one book of codes."""
        return state.area("verification codes", lambda: cls(state))

    def send(self, member: SiteMember) -> None:
        """Mail a new code to a member."""
        now, settings = self._state.clock.now(), self._state.settings
        code = Code(
            self._state.randomness.digits("verification code"),
            now + settings.verification_code_seconds,
        )
        self._codes[member.id] = code
        send_mail(self._state, member, "Verify your email", code=code.text)

    def is_right(self, member: SiteMember, text: str) -> bool:
        """Tell whether `text` is the member's code, and spend the code or a guess."""
        code = self._codes.get(member.id)
        if code is None or code.expires_at <= self._state.clock.now():
            return False
        if is_same_secret(text.strip(), code.text):
            del self._codes[member.id]
            return True
        code.wrong += 1
        if code.wrong >= self._state.settings.verification_attempts:
            del self._codes[member.id]
        return False
