"""Ask the proxy of this machine whether it is alive.

The exit code is 0 or 1 and nothing else, because Docker keeps 2 for itself.
Only the server's own options must be sound: what else the proxy was told by
flags is not known here. An outbound proxy that variables name is not asked.
"""

from __future__ import annotations

import http.client
import os
from collections.abc import Mapping
from pathlib import Path

import click

from ..config import read
from ..errors import ConfigError
from .complaints import EXIT_MACHINE, refuse_configuration

PATH = "/_wix/healthz"
TIMEOUT_SECONDS = 3.0


def ask(flags: Mapping[str, object], config_file: Path | None) -> int:
    """Print the answer; return 0 if the proxy is alive, else 1."""
    try:
        server = read(flags, os.environ, Path.cwd(), config_file).checked("server").server
    except ConfigError as error:
        refuse_configuration(error.problems)
        return EXIT_MACHINE
    reason = unhealthy(server.local_host, server.port)
    if reason is not None:
        click.echo(reason, err=True)
        return EXIT_MACHINE
    click.echo("alive")
    return 0


def unhealthy(host: str, port: int, timeout_seconds: float = TIMEOUT_SECONDS) -> str | None:
    """Return why the proxy at this address is not alive, or None if it is."""
    where = f"The proxy at {host}, port {port},"
    connection = http.client.HTTPConnection(host, port, timeout=timeout_seconds)
    try:
        connection.request("GET", PATH)
        status = connection.getresponse().status
    except TimeoutError:
        return f"{where} did not answer within {timeout_seconds:g} seconds."
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return f"{where} does not answer: {reason}."
    finally:
        connection.close()
    return None if status == 200 else f"{where} answered {status}, expected 200."
