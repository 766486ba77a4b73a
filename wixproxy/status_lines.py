"""The first line of an answer, for each status (RFC 9112 §4)."""

from __future__ import annotations

import http

# RFC 9110 §15 renamed these, and Python followed with 3.13.
_RENAMED = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
_LINES = {
    status.value: f"HTTP/1.1 {status.value} {_RENAMED.get(status, status.phrase)}\r\n".encode()
    for status in http.HTTPStatus
}


def status_line(status: int) -> bytes:
    """Return the line; a status that nobody registered has no reason."""
    return _LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
