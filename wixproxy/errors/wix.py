"""What can go wrong between the proxy and Wix."""

from __future__ import annotations

from .base import WixproxyError


class WixError(WixproxyError):
    """Wix did not give what was asked for."""

    status, code, title = 502, "wix_error", "Wix did not answer as expected"


class GrantRejected(WixError):
    """Wix refused a grant for good; `error` is its RFC 6749 §5.2 code."""

    code, title = "grant_rejected", "Wix refused the grant"

    def __init__(self, message: str = "", *, error: str) -> None:
        super().__init__(message)
        self.error = error


class WixRefused(WixError):
    """Wix refused a redirect session or a mail; `remedy` is the one thing to do, where known."""

    code, title = "wix_refused", "Wix refused the request"
    remedy: str | None = None

    def __init__(self, message: str = "", *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.remedy = remedy


class ElevationUnavailable(WixError):
    """The app has no token, so nothing can run as the app."""

    code, title = "elevation_unavailable", "Calls cannot be elevated"


class WixUnavailable(WixError):
    """Wix gave no usable answer; the same call may work later."""

    status, code, title = 503, "wix_unavailable", "Wix cannot be reached"
