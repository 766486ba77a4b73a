"""Tell people why a command cannot go on, and with which exit code it ends.

2 is for what the configuration says, 1 for what the machine says.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence

import click

from ..errors import ConfigError
from ..ports import holder

EXIT_MACHINE = 1
EXIT_CONFIG = ConfigError.exit_code


# Nobody has this address, nobody may take this port, or somebody has it already.
_NOT_TO_BE_HAD = frozenset({errno.EADDRNOTAVAIL, errno.EACCES, errno.EADDRINUSE})

_OTHER_ADDRESS = "Choose an address of this machine with {}host, such as 127.0.0.1."
_OTHER_PORT = "Ports below 1024 need more rights on most systems; choose another with {}port."


def is_about_address(error: OSError) -> bool:
    """Tell whether `error`, or its cause, says that an address cannot be listened on."""
    return error.errno in _NOT_TO_BE_HAD or isinstance(error.__cause__ or error, socket.gaierror)


def refuse_configuration(problems: Sequence[str]) -> int:
    """Print the problems on stderr, one a line; return the exit code."""
    for line in problems:
        click.echo(line, err=True)
    return EXIT_CONFIG


def refuse_port(host: str, port: int, option: str) -> int:
    """Say who holds the port, where it can be known; return the exit code."""
    other = holder(port)
    held = f"{other} listens there" if other else "another program listens there"
    click.echo(
        f"Port {port} of {host} is taken: {held}. Stop it, or choose another port with {option}.",
        err=True,
    )
    return EXIT_MACHINE


def refuse_address(host: str, port: int, error: OSError, option: str = "--") -> int:
    """Say why the address cannot be listened on; return the exit code.

    `option` is how the options that would change it begin.
    """
    reason = error.strerror or type(error).__name__
    advice = _OTHER_PORT if error.errno == errno.EACCES else _OTHER_ADDRESS
    click.echo(f"Cannot listen on {host}, port {port}: {reason}. {advice.format(option)}", err=True)
    return EXIT_MACHINE
