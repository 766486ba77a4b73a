"""A frontend in a thread: it keeps what its handlers are asked, and answers as told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECONDS = 20


@dataclass(frozen=True)
class Call:
    """One POST that came."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Handlers:
    """The frontend; `answers` holds the status and JSON of each path, by default 204."""

    origin: str
    calls: list[Call] = field(default_factory=list)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)

    def of(self, event_id: str) -> list[Call]:
        """Return the calls with this event."""
        return [call for call in self.calls if call.headers.get("X-Wix-Event-Id") == event_id]

    def called(self, event_id: str, count: int = 1) -> list[Call]:
        """Return the calls with this event once there are so many."""
        until = time.monotonic() + SECONDS
        while len(found := self.of(event_id)) < count:
            assert time.monotonic() < until, f"{len(found)} of {count} calls came"
            time.sleep(0.02)
        return found


@contextmanager
def handlers_running() -> Iterator[Handlers]:
    """Run a frontend on a free port."""

    class Asked(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"]))
            is_json = self.headers["Content-Type"] == "application/json"
            body = json.loads(text) if is_json else text
            handlers.calls.append(Call(self.path, dict(self.headers), body))
            status, values = handlers.answers.get(self.path, (204, None))
            answer = b"" if values is None else json.dumps(values).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    server.daemon_threads = True
    handlers = Handlers(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield handlers
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
