"""Say how much aiohttp's parser may hold of one request, and what its refusals mean.

The gate judges what the parser has read, under limits of its own and with a
page that says what to do; these lie above them and only keep memory bounded.
"""

from __future__ import annotations

from aiohttp.http_exceptions import LineTooLong

from .errors import FieldsTooLarge, MalformedRequest, TargetTooLong, WixproxyError

# The parser's limits lie above those of the gate, which answers with a page;
# they differ by one, because they are all that tells the two faults apart.
PARSER_LINE_BYTES = 256 * 1024
PARSER_FIELD_BYTES = PARSER_LINE_BYTES + 1
PARSER_FIELDS = 2_000
# A whole head, the trailers of a chunked body, or what stands between its chunks.
PARSER_HEAD_BYTES = 512 * 1024


def refusal(exc: BaseException | None) -> WixproxyError:
    """Name what the parser refused; its own words quote the request, so they stay here."""
    if isinstance(exc, WixproxyError):
        return exc
    if isinstance(exc, LineTooLong):
        if PARSER_LINE_BYTES in exc.args:
            return TargetTooLong(f"The request target is longer than {PARSER_LINE_BYTES} bytes.")
        return FieldsTooLarge(f"A header field is longer than {PARSER_FIELD_BYTES} bytes.")
    if "Too many headers" in str(exc):
        return FieldsTooLarge(f"The request has more than {PARSER_FIELDS} header fields.")
    return MalformedRequest(
        "The request could not be read as HTTP/1.1; its head breaks the grammar."
    )
