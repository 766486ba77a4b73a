"""Write log lines for people in dev and for programs in production.

A line is one line whatever it quotes: control characters are escaped, so no
client can forge a second one.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

from ..config.model import LogTable

# Libraries that explain themselves at INFO are of interest only when they warn.
_QUIET = ("asyncio", "aiohttp")


class TextLines(logging.Formatter):
    """`12:30:01 warning server: what happened`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback below it if there is one."""
        told = time.strftime("%H:%M:%S", time.localtime(record.created))
        name = record.name.removeprefix("wixproxy.")
        line = f"{told} {record.levelname.lower()} {name}: {_printable(record.getMessage())}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object; times are in UTC."""
        told = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{told}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def configure(table: LogTable) -> None:
    """Send the log to stderr, as `table` says."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if table.format == "json" else TextLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(table.level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        part if part.isprintable() else part.encode("unicode_escape").decode() for part in text
    )
