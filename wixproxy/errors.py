"""Every error wixproxy raises on purpose, each with its HTTP status and code.

::

    WixproxyError
    ├── ConfigError               exit 2   every problem, one per line
    ├── SessionError
    │   ├── SessionEnded          401
    │   ├── SessionUnreadable     503      a key or format this process does not know yet
    │   ├── SessionTooLarge       500      more than browsers keep in cookies
    │   └── LoginRejected         400      state, expiry, or Wix's own refusal
    ├── RequestRefused
    │   ├── MalformedRequest      400
    │   ├── TargetTooLong         414
    │   ├── FieldsTooLarge        431
    │   ├── NotForwarded          501
    │   ├── VersionRefused        505
    │   ├── ExpectationRefused    417
    │   ├── ForwardingLoop        508
    │   ├── HostRefused           421
    │   ├── NoSuchRoute           404
    │   ├── MethodRefused         405
    │   ├── PathRefused           400
    │   ├── CallRefused           403      a Wix call that never passes the proxy
    │   ├── ElevationRefused      403      more than the elevation rule names
    │   ├── CrossSiteRequest      403
    │   ├── NavigationRequired    403
    │   ├── UnsafeReturnURL       400
    │   ├── BodyTooLarge          413
    │   ├── TooManyRequests       429
    │   ├── WebhookUnverified     401      Wix did not sign it, or not for now
    │   └── WebhookMalformed      400
    ├── SealError                          never shown; the cookie counts as absent
    │   └── UnknownSeal                    an unknown key id or a newer format
    ├── WixError
    │   ├── GrantRejected                  Wix said no: final
    │   ├── WixRefused        502          Wix refused a redirect session
    │   ├── ElevationUnavailable  502      Wix issues no token for the app
    │   └── WixUnavailable    503          Wix said nothing: try again
    ├── StoreUnavailable      503
    ├── UpstreamError
    │   ├── UpstreamUnavailable  502
    │   ├── UpstreamTimeout      504
    │   └── UpstreamMalformed    502
    └── ClientGone                         the client left; nothing is answered

A message says what was expected, what was found and what to do. It quotes
foreign text with `quoted`, and never contains a token, cookie, key or code.
"""

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

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


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


class SessionTooLarge(SessionError):
    """The tokens are longer than the cookies of one site may be."""

    status, code = 500, "session_too_large"
    title = "The session does not fit into the browser's cookies"


class LoginRejected(SessionError):
    """The login cannot be finished: its state, its age, or Wix's own refusal."""

    status, code, title = 400, "login_rejected", "The login could not be finished"


class RequestRefused(WixproxyError):
    """The request is not one that wixproxy serves."""

    status, code, title = 400, "request_refused", "The request was refused"


class MalformedRequest(RequestRefused):
    """The request breaks HTTP's grammar, so two readers may understand it differently."""

    code, title = "malformed_request", "The request is not valid HTTP"


class TargetTooLong(RequestRefused):
    """The request target is longer than `server.max_target_bytes`."""

    status, code, title = 414, "target_too_long", "The address is too long"


class FieldsTooLarge(RequestRefused):
    """A header field, or all of them together, exceed the limits."""

    status, code, title = 431, "fields_too_large", "The request headers are too large"


class NotForwarded(RequestRefused):
    """The request uses a transfer coding or method that wixproxy does not speak."""

    status, code, title = 501, "not_implemented", "The proxy does not speak this part of HTTP"


class VersionRefused(RequestRefused):
    """The HTTP version is neither 1.0 nor 1.1."""

    status, code, title = 505, "version_refused", "This HTTP version is not supported"


class ExpectationRefused(RequestRefused):
    """`Expect` names something other than `100-continue`."""

    status, code, title = 417, "expectation_refused", "The expectation cannot be met"


class ForwardingLoop(RequestRefused):
    """The request has passed through this proxy before."""

    status, code, title = 508, "forwarding_loop", "The request goes round in a circle"


class HostRefused(RequestRefused):
    """`Host` is not one of the configured public URLs."""

    status, code, title = 421, "host_refused", "This proxy does not serve that host"


class NoSuchRoute(RequestRefused):
    """Nothing is served under this path below `/_wix/`."""

    status, code, title = 404, "no_such_route", "There is nothing here"


class MethodRefused(RequestRefused):
    """The route exists, but not for this method."""

    status, code, title = 405, "method_refused", "The method is not allowed here"


class PathRefused(RequestRefused):
    """The path could be read in two ways, so it goes nowhere."""

    code, title = "path_refused", "The path was refused"


class CallRefused(RequestRefused):
    """This Wix call never passes the proxy."""

    status, code, title = 403, "call_refused", "The proxy does not pass this call to Wix"


class ElevationRefused(RequestRefused):
    """The call matches an elevation rule, but carries more than the rule names."""

    status, code = 403, "elevation_refused"
    title = "The elevation rule does not let this call through"


class CrossSiteRequest(RequestRefused):
    """Another site's page made the request."""

    status, code, title = 403, "cross_site_request", "The request came from another site"


class NavigationRequired(RequestRefused):
    """The route is for a browser that shows a page, not for `fetch`, images or prefetch."""

    status, code, title = 403, "navigation_required", "Open this address as a page"


class UnsafeReturnURL(RequestRefused):
    """The return URL could leave the site."""

    code, title = "unsafe_return_url", "The return address is not on this site"


class BodyTooLarge(RequestRefused):
    """The body of a route of ours is longer than it may be."""

    status, code, title = 413, "body_too_large", "The request body is too large"


class TooManyRequests(RequestRefused):
    """A limit of the proxy was reached."""

    status, code, title = 429, "too_many_requests", "Too many requests"


class WebhookUnverified(RequestRefused):
    """Nothing shows that Wix sent this event or plugin request, or that it is of now."""

    status, code, title = 401, "webhook_unverified", "The message is not signed by Wix"


class WebhookMalformed(RequestRefused):
    """Wix signed the message, but it does not say what such a message says."""

    code, title = "webhook_malformed", "The message cannot be understood"


class SealError(WixproxyError):
    """The text was not sealed by this keyring for this purpose."""

    code, title = "seal_error", "The sealed value cannot be opened"


class UnknownSeal(SealError):
    """The text names a key or a format that this keyring does not have."""

    code = "unknown_seal"


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
    """Wix refused to make a redirect session."""

    code, title = "wix_refused", "Wix refused the request"


class ElevationUnavailable(WixError):
    """The app has no token, so nothing can run as the app."""

    code, title = "elevation_unavailable", "Calls cannot be elevated"


class WixUnavailable(WixError):
    """Wix gave no usable answer; the same call may work later."""

    status, code, title = 503, "wix_unavailable", "Wix cannot be reached"


class StoreUnavailable(WixproxyError):
    """The session store cannot be reached; nobody is logged out by this."""

    status, code, title = 503, "store_unavailable", "The session store cannot be reached"


class UpstreamError(WixproxyError):
    """The upstream gave no complete answer."""

    status, code, title = 502, "upstream_error", "The frontend did not answer"


class UpstreamUnavailable(UpstreamError):
    """The upstream cannot be reached, or left before it answered."""

    code = "upstream_unavailable"


class UpstreamTimeout(UpstreamError):
    """The upstream was silent for longer than it may be."""

    status, code, title = 504, "upstream_timeout", "The frontend took too long"


class UpstreamMalformed(UpstreamError):
    """The upstream's answer breaks HTTP's grammar."""

    code, title = "upstream_malformed", "The frontend's answer is not valid HTTP"


class ClientGone(WixproxyError):
    """The client closed the connection; there is nobody to answer."""

    status, code, title = 499, "client_gone", "The client left"
