"""Every error wixproxy raises on purpose, each with its HTTP status and code.

::

    WixproxyError
    ├── ConfigError               exit 2   every problem, one per line
    ├── SessionError
    │   ├── SessionEnded          401
    │   ├── SessionUnreadable     503      a key or format this process does not know yet
    │   ├── NoSession             401      a program handed on no session
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
    │   ├── BackendUnauthorized   401      without the backend secret
    │   ├── CallerUnverified      401      without a token of Wix for this app
    │   ├── CrossSiteRequest      403
    │   ├── NavigationRequired    403
    │   ├── UnsafeReturnURL       400
    │   ├── FieldMissing          400
    │   ├── BodyTooLarge          413
    │   ├── BodyTooSlow           408
    │   ├── HeadTooSlow           408
    │   ├── TooManyRequests       429
    │   ├── TooManyConnections    503      no room for another client
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
    │   │   └── NothingListens
    │   │       └── FrontendStarting  503
    │   ├── UpstreamTimeout      504
    │   ├── UpstreamBusy         503
    │   └── UpstreamMalformed    502
    └── ClientGone                         the client left; nothing is answered

A message says what was expected, what was found and what to do. It quotes
foreign text with `quoted`, and never contains a token, cookie, key or code.
"""

from .base import QUOTED_CHARACTERS, ConfigError, WixproxyError, quoted
from .request import (
    BackendUnauthorized,
    BodyTooLarge,
    BodyTooSlow,
    CallerUnverified,
    CallRefused,
    CrossSiteRequest,
    ElevationRefused,
    ExpectationRefused,
    FieldMissing,
    FieldsTooLarge,
    ForwardingLoop,
    HeadTooSlow,
    HostRefused,
    MalformedRequest,
    MethodRefused,
    NavigationRequired,
    NoSuchRoute,
    NotForwarded,
    PathRefused,
    RequestRefused,
    TargetTooLong,
    TooManyConnections,
    TooManyRequests,
    UnsafeReturnURL,
    VersionRefused,
    WebhookMalformed,
    WebhookUnverified,
)
from .session import (
    LoginRejected,
    NoSession,
    SealError,
    SessionEnded,
    SessionError,
    SessionTooLarge,
    SessionUnreadable,
    StoreUnavailable,
    UnknownSeal,
)
from .upstream import (
    ClientGone,
    FrontendStarting,
    NothingListens,
    UpstreamBusy,
    UpstreamError,
    UpstreamMalformed,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from .wix import (
    ElevationUnavailable,
    GrantRejected,
    WixError,
    WixRefused,
    WixUnavailable,
)

__all__ = [
    "QUOTED_CHARACTERS",
    "BackendUnauthorized",
    "BodyTooLarge",
    "BodyTooSlow",
    "CallRefused",
    "CallerUnverified",
    "ClientGone",
    "ConfigError",
    "CrossSiteRequest",
    "ElevationRefused",
    "ElevationUnavailable",
    "ExpectationRefused",
    "FieldMissing",
    "FieldsTooLarge",
    "ForwardingLoop",
    "FrontendStarting",
    "GrantRejected",
    "HeadTooSlow",
    "HostRefused",
    "LoginRejected",
    "MalformedRequest",
    "MethodRefused",
    "NavigationRequired",
    "NoSession",
    "NoSuchRoute",
    "NotForwarded",
    "NothingListens",
    "PathRefused",
    "RequestRefused",
    "SealError",
    "SessionEnded",
    "SessionError",
    "SessionTooLarge",
    "SessionUnreadable",
    "StoreUnavailable",
    "TargetTooLong",
    "TooManyConnections",
    "TooManyRequests",
    "UnknownSeal",
    "UnsafeReturnURL",
    "UpstreamBusy",
    "UpstreamError",
    "UpstreamMalformed",
    "UpstreamTimeout",
    "UpstreamUnavailable",
    "VersionRefused",
    "WebhookMalformed",
    "WebhookUnverified",
    "WixError",
    "WixRefused",
    "WixUnavailable",
    "WixproxyError",
    "quoted",
]
