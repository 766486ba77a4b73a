"""The root of all errors, and how foreign text is quoted in their messages."""

from __future__ import annotations

from typing import ClassVar

QUOTED_CHARACTERS = 80


def quoted(text: str | bytes) -> str:
    """Return foreign text as it may stand in a message: escaped, at most 80 characters."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    if len(text) > QUOTED_CHARACTERS:
        text = text[: QUOTED_CHARACTERS - 1] + "…"
    return repr(text)


class WixproxyError(Exception):
    """Anything wixproxy decided to refuse or could not do.

    `status` is the HTTP status of the answer, `code` its stable name, `title`
    the sentence a person reads first. `retry_after` is in seconds.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something went wrong in the proxy"

    def __init__(
        self, message: str = "", *, retry_after: int | None = None, **members: object
    ) -> None:
        super().__init__(message or self.title)
        self.retry_after = retry_after
        self.members = members

    @property
    def message(self) -> str:
        """The sentence for whoever made the request."""
        return str(self.args[0])

    def without_cause(self) -> WixproxyError:
        """Return the same error as a stranger may see it: its title in place of the message."""
        plain = WixproxyError.__new__(type(self))
        WixproxyError.__init__(plain, f"{self.title}.", retry_after=self.retry_after)
        return plain


class ConfigError(WixproxyError):
    """The configuration cannot be used; `problems` holds every reason, one per line."""

    code, title = "config_error", "The configuration cannot be used"
    exit_code: ClassVar[int] = 2

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
