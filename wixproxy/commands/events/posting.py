"""Post to the proxy of this machine as Wix would, and say what its answer means.

The connection goes to the address that the proxy listens on, with the Host of
its public URL; an outbound proxy that variables name is not asked.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import Any

from ...config.listeners import ServerTable

# A handler may take its time where Wix waits for it ("through").
SECONDS = 35.0
FIELDS = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "wixproxy-event"}


class NotReached(Exception):
    """No proxy answered; the text says why, and what to do."""


@dataclass(frozen=True)
class Answer:
    """What the proxy answered; `values` is its JSON, or None where it is none."""

    status: int
    values: Any = field(repr=False)

    @property
    def is_taken(self) -> bool:
        """Tell whether a proxy, and no other program, has taken what was posted."""
        return self.status == 200 and self.values is not None

    @property
    def code(self) -> str:
        """The code of the problem, where the proxy told one."""
        return str(self.values.get("code", "")) if isinstance(self.values, dict) else ""

    @property
    def message(self) -> str:
        """The proxy's own words, or what came in their place."""
        if isinstance(self.values, dict) and isinstance(self.values.get("message"), str):
            return f"The proxy answered {self.status}: {self.values['message']}"
        return (
            f"Expected an answer of wixproxy, found {self.status} without JSON. Does another "
            "program listen there?"
        )


def post(server: ServerTable, route: str, text: str) -> Answer:
    """Return the proxy's answer; raise `NotReached`."""
    where = f"The proxy at {server.local_host}, port {server.port},"
    connection = http.client.HTTPConnection(server.local_host, server.port, timeout=SECONDS)
    try:
        connection.request("POST", route, text, {**FIELDS, "Host": server.canonical_host})
        response = connection.getresponse()
        return Answer(response.status, _json(response.read()))
    except ConnectionRefusedError:
        raise NotReached(
            f"{where} does not answer. Start it first: wixproxy serve --emulator --upstream URL"
        ) from None
    except TimeoutError:
        raise NotReached(f"{where} did not answer within {SECONDS:g} seconds.") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise NotReached(f"{where} does not answer: {reason}.") from None
    finally:
        connection.close()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
