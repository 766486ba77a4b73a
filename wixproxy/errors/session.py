"""What can be wrong with a session, its seal or its store."""

from __future__ import annotations

from .base import WixproxyError


class SessionError(WixproxyError):
    """A session cannot be used."""


class SessionEnded(SessionError):
    """Wix will not renew this session; the browser must start a new one."""

    status, code, title = 401, "session_ended", "Your session has ended"

    def __init__(self, message: str = "", *, session_id: str, identity: str) -> None:
        super().__init__(message)
        self.session_id = session_id
        self.identity = identity


class SessionUnreadable(SessionError):
    """The cookie was sealed by a key or format that this process does not know yet."""

    status, code, title = 503, "session_unreadable", "This session cannot be read yet"


class NoSession(SessionError):
    """A program called for a browser and handed on no session."""

    status, code, title = 401, "no_session", "There is no session"


class SessionTooLarge(SessionError):
    """The tokens are longer than the cookies of one site may be."""

    status, code = 500, "session_too_large"
    title = "The session does not fit into the browser's cookies"


class LoginRejected(SessionError):
    """The login cannot be finished: its state, its age, or Wix's own refusal."""

    status, code, title = 400, "login_rejected", "The login could not be finished"


class SealError(WixproxyError):
    """The text was not sealed by this keyring for this purpose."""

    code, title = "seal_error", "The sealed value cannot be opened"


class UnknownSeal(SealError):
    """The text names a key or a format that this keyring does not have."""

    code = "unknown_seal"


class StoreUnavailable(WixproxyError):
    """The session store cannot be reached; nobody is logged out by this."""

    status, code, title = 503, "store_unavailable", "The session store cannot be reached"
