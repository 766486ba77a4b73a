"""Decide how log lines are written: text for people, JSON for machines.

One event is one line, whatever a client sent: control characters in a message
are escaped, so that nobody can write a line in our name. Only a traceback
takes further lines, and in JSON not even that. Lines go to stderr; stdout
belongs to the ready block.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Literal

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["text", "json"]

# C0, DEL, C1, and the separators that some readers take for the end of a line.
_CONTROLS = {
    code: chr(code).encode("unicode_escape").decode("ascii")
    for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
}


def begin(level: Level, written_as: Format) -> None:
    """Write our log lines from `level` on, and from other packages the warnings."""
    lines = logging.StreamHandler()
    lines.setFormatter(JsonFormatter() if written_as == "json" else TextFormatter())
    logging.basicConfig(handlers=[lines], level=logging.WARNING, force=True)
    logging.getLogger("wixproxy").setLevel(level.upper())


class TextFormatter(logging.Formatter):
    """Time, level, logger and message, in the local time of who reads it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line, with control characters escaped."""
        return super().formatMessage(record).translate(_CONTROLS)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)
