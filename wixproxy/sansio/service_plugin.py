"""Read a service-plugin request that Wix signed, and turn the frontend's answer into Wix's.

1. Issuer and audience are both checked: the request is from Wix, and for this
   app. It is short-lived, because it may charge a card.
2. The frontend gets one JSON object, `request` and `metadata`.
3. Its answer is Wix's: any 2xx with JSON is 200 with the same bytes, an empty
   one is `null`. A business error (`applicationError`, or the error that the
   SDK throws, written as JSON) keeps its own status and code.
4. Everything else is a failure of the handler and no business error: Wix
   must not be told that a cart is invalid because a process crashed.

Source: Wix "Add Self-hosted Service Plugin Extensions with REST", and the
SDK's `processRequest`: `errorType` SPI, `applicationCode`, `httpCode`, `data`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ..errors import PathRefused, UpstreamMalformed, WebhookMalformed, quoted
from .exchange import Fields
from .signed_claims import Signatures, judge_parties, strict_json
from .webhook import field_value, json_body

# Somebody waits for the answer, so a request is never older than a retry or two.
MAX_AGE_SECONDS = 300.0
MAX_ANSWER_BYTES = 4 * 1024 * 1024

_METHOD_PATH = re.compile(rb"(?:/[A-Za-z0-9_~.-]+)+").fullmatch
_DOTS = re.compile(rb"/\.{1,2}(?:/|$)").search


@dataclass(frozen=True, slots=True)
class PluginRequest:
    """A verified service-plugin request."""

    extension_type: str
    instance_id: str | None
    request_id: str | None
    request: Any = field(repr=False)
    metadata: Mapping[str, Any] = field(repr=False)


class Verifier:
    """Opens service-plugin requests that are for the app called `app_id`."""

    def __init__(self, keys: Sequence[RSAPublicKey], app_id: str) -> None:
        self._signatures = Signatures(keys, max_age_seconds=MAX_AGE_SECONDS)
        self._app_id = app_id

    def verify(self, body: bytes, now: float) -> PluginRequest:
        """Return the request in a body; raises `WebhookUnverified`, or `WebhookMalformed`."""
        values = self._signatures.verify(body, now).values
        judge_parties(values, self._app_id, required=True)
        data = values.get("data")
        if not isinstance(data, dict) or not isinstance(data.get("metadata"), dict):
            raise WebhookMalformed("expected data with request and metadata, found something else")
        metadata = data["metadata"]
        extension_type = _name(metadata, "appExtensionType")
        if extension_type is None:
            raise WebhookMalformed("expected metadata with an appExtensionType, found none")
        return PluginRequest(
            extension_type=extension_type,
            instance_id=_name(metadata, "instanceId"),
            request_id=_name(metadata, "requestId"),
            request=data.get("request"),
            metadata=metadata,
        )


def method_path(rest: bytes) -> bytes:
    """Return the path of a plugin's method, "/v1/getRates"; raises `PathRefused`.

    Only plain segments pass, so the path below the handler's own is the one
    that Wix called, whoever decodes it.
    """
    if not _METHOD_PATH(rest) or _DOTS(rest):
        raise PathRefused(f"expected the plain path of a plugin's method, found {quoted(rest)}")
    return rest


def delivery(request: PluginRequest) -> tuple[Fields, bytes]:
    """Return a plugin request as the frontend gets it."""
    named = {
        b"X-Wix-Extension-Type": request.extension_type,
        b"X-Wix-Instance-Id": request.instance_id,
        b"X-Wix-Extension-Request-Id": request.request_id,
    }
    fields = [(name, field_value(text)) for name, text in named.items() if text]
    return fields, json_body({"request": request.request, "metadata": request.metadata})


def wix_answer(status: int, body: bytes) -> tuple[int, bytes]:
    """Return the status and JSON that Wix gets for the frontend's answer.

    Raises `UpstreamMalformed` for an answer that is neither a result nor a
    business error.
    """
    is_result = 200 <= status < 300
    if is_result and not body.strip():
        return 200, b"null"
    try:
        values = strict_json(body)
    except ValueError:
        raise UpstreamMalformed(
            f"A service plugin answered {status} with something that is not JSON."
        ) from None
    error = _business_error(status, values)
    if error is not None:
        return error
    if is_result:
        return 200, body
    raise UpstreamMalformed(
        f"A service plugin answered {status} without an applicationError that has a code."
    )


def _business_error(status: int, values: Any) -> tuple[int, bytes] | None:
    """Return the answer for an error that the plugin's method means, or None."""
    if not isinstance(values, dict):
        return None
    if values.get("errorType") == "SPI":
        code, data, status = (
            values.get("applicationCode"),
            values.get("data"),
            values.get("httpCode", 0),
        )
    elif status >= 400 and isinstance(values.get("applicationError"), dict):
        code, data = values["applicationError"].get("code"), values["applicationError"].get("data")
    else:
        return None
    is_status = isinstance(status, int) and not isinstance(status, bool) and 400 <= status <= 599
    if not is_status or not isinstance(code, str) or not code:
        return None
    told = {"code": code} if data is None else {"code": code, "data": data}
    return status, json_body({"applicationError": told})


def _name(metadata: Mapping[str, Any], name: str) -> str | None:
    value = metadata.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 1_000 or not value.isprintable():
        raise WebhookMalformed(
            f"expected {name} to be a short printable text, found something else"
        )
    return value
