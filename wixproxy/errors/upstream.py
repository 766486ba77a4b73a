"""What can go wrong between the proxy and the frontend, or the client."""

from __future__ import annotations

from .base import WixproxyError


class UpstreamError(WixproxyError):
    """The upstream gave no complete answer."""

    status, code, title = 502, "upstream_error", "The frontend did not answer"


class UpstreamUnavailable(UpstreamError):
    """The upstream cannot be reached, or left before it answered."""

    code = "upstream_unavailable"


class NothingListens(UpstreamUnavailable):
    """The upstream's machine answers that nobody takes connections there."""


class FrontendStarting(NothingListens):
    """The command that is the frontend takes no connections yet."""

    status, code, title = 503, "frontend_starting", "The frontend is starting"


class UpstreamTimeout(UpstreamError):
    """The upstream was silent for longer than it may be."""

    status, code, title = 504, "upstream_timeout", "The frontend took too long"


class UpstreamBusy(UpstreamError):
    """The upstream has as many requests at once as it may have."""

    status, code, title = 503, "upstream_busy", "The frontend is busy"


class UpstreamMalformed(UpstreamError):
    """The upstream's answer breaks HTTP's grammar."""

    code, title = "upstream_malformed", "The frontend's answer is not valid HTTP"


class ClientGone(WixproxyError):
    """The client closed the connection; there is nobody to answer."""

    status, code, title = 499, "client_gone", "The client left"
