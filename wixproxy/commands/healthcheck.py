"""Ask the proxy of this machine whether it is alive."""

from __future__ import annotations

import http.client
import os
from collections.abc import Mapping
from pathlib import Path

import click

from ..config import read
from ..errors import ConfigError
from .complaints import EXIT_MACHINE, refuse_configuration

TIMEOUT_SECONDS = 3.0
EVERY_ADDRESS = ("0.0.0.0", "::", "localhost")  # noqa: S104 - compared with, not listened on


def ask(flags: Mapping[str, object], config_file: Path | None) -> int:
    """Print the answer; return 0 if the proxy is alive. Only the address must be sound."""
    try:
        server = read(flags, os.environ, Path.cwd(), config_file).checked("server").server
    except ConfigError as error:
        return refuse_configuration(error.problems)
    host = "127.0.0.1" if server.host in EVERY_ADDRESS else server.host
    connection = http.client.HTTPConnection(host, server.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/_wix/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        click.echo(f"The proxy at {host}, port {server.port}, does not answer: {reason}", err=True)
        return EXIT_MACHINE
    finally:
        connection.close()
    if status != 200:
        click.echo(f"The proxy at {host}, port {server.port}, answered {status}.", err=True)
        return EXIT_MACHINE
    click.echo("alive")
    return 0
