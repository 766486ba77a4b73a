"""`wixproxy healthcheck`: ask the running proxy itself, as a container's HEALTHCHECK does.

The exit code is 0 or 1 and nothing else: Docker keeps 2 for itself. Only the
server's own options count, because what the proxy was told by flags is not
known here. Variables that name an outbound proxy are not followed.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ..errors import ConfigError
from .configuration import reading

PATH = "/_wix/healthz"
TIMEOUT_SECONDS = 3.0
# What a server listens on is not always what one can connect to.
REACHED_AT = {"localhost": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def ask(flags: Mapping[str, Any], config_file: Path | None) -> int:
    """Print and return 0 if the proxy of this configuration is alive, else 1."""
    try:
        server = reading(flags, config_file).checked("server").server
    except ConfigError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        return 1
    reason = unhealthy(REACHED_AT.get(server.host, server.host), server.port)
    if reason is not None:
        click.echo(reason, err=True)
        return 1
    click.echo("wixproxy is alive")
    return 0


def unhealthy(host: str, port: int, timeout_seconds: float = TIMEOUT_SECONDS) -> str | None:
    """Return why the proxy at this address is not alive, or None if it is."""
    where = f"http://{f'[{host}]' if ':' in host else host}:{port}{PATH}"
    connection = http.client.HTTPConnection(host, port, timeout=timeout_seconds)
    try:
        connection.request("GET", PATH)
        status = connection.getresponse().status
    except TimeoutError:
        return f"{where} did not answer within {timeout_seconds:g} seconds"
    except (OSError, http.client.HTTPException) as error:
        return f"{where} is not answering: {error}"
    finally:
        connection.close()
    return None if status == 200 else f"{where} answered {status}, expected 200"
