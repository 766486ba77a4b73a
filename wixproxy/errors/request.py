"""What can be wrong with a request, so that it is refused."""

from __future__ import annotations

from .base import WixproxyError


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


class BackendUnauthorized(RequestRefused):
    """The backend listener was called without its secret."""

    status, code, title = 401, "backend_unauthorized", "The backend secret is missing or wrong"


class CallerUnverified(RequestRefused):
    """Nothing shows which user, member or visitor of Wix makes this call."""

    status, code, title = 401, "caller_unverified", "Nothing shows who makes this call"


class CrossSiteRequest(RequestRefused):
    """Another site's page made the request."""

    status, code, title = 403, "cross_site_request", "The request came from another site"


class NavigationRequired(RequestRefused):
    """The route is for a browser that shows a page, not for `fetch`, images or prefetch."""

    status, code, title = 403, "navigation_required", "Open this address as a page"


class UnsafeReturnURL(RequestRefused):
    """The return URL could leave the site."""

    code, title = "unsafe_return_url", "The return address is not on this site"


class FieldMissing(RequestRefused):
    """A form lacks a field that it needs, or the field is empty."""

    code, title = "invalid_input", "A field of the form is missing"


class BodyTooLarge(RequestRefused):
    """The body of a route of ours is longer than it may be."""

    status, code, title = 413, "body_too_large", "The request body is too large"


class BodyTooSlow(RequestRefused):
    """The body stopped coming, or the whole of one that is read whole took too long."""

    status, code, title = 408, "body_too_slow", "The request body came too slowly"


class HeadTooSlow(RequestRefused):
    """The head of a request came in pieces, and the rest of it not in time."""

    status, code, title = 408, "head_too_slow", "The request's head came too slowly"


class TooManyRequests(RequestRefused):
    """A limit of the proxy was reached."""

    status, code, title = 429, "too_many_requests", "Too many requests"


class TooManyConnections(RequestRefused):
    """There is no room for another client."""

    status, code, title = 503, "too_many_connections", "The proxy is full"


class WebhookUnverified(RequestRefused):
    """Nothing shows that Wix sent this event or plugin request, or that it is of now."""

    status, code, title = 401, "webhook_unverified", "The message is not signed by Wix"


class WebhookMalformed(RequestRefused):
    """Wix signed the message, but it does not say what such a message says."""

    code, title = "webhook_malformed", "The message cannot be understood"
