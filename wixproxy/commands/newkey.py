"""Make a key that seals sessions, or a secret for the backend listener."""

from __future__ import annotations

import secrets

import click

from ..sansio.keyring import Key

BACKEND_SECRET_BYTES = 32


def print_key() -> None:
    """Print a new key alone on stdout, so that it can be piped, and its use on stderr."""
    click.echo(Key.generate().to_text().reveal())
    click.echo(
        "Put it where others cannot read it, and name the place in wixproxy.toml:\n"
        '  [session]\n  keys = [{ file = "/path/to/key" }]\n'
        "or set WIXPROXY__SESSION__KEYS to it. The first key seals, all of them open. To rotate: "
        "add the new key at the end, roll out, move it to the front, roll out.",
        err=True,
    )


def print_backend_secret() -> None:
    """Print a new secret alone on stdout, so that it can be piped, and its use on stderr."""
    click.echo(secrets.token_urlsafe(BACKEND_SECRET_BYTES))
    click.echo(
        "Put it where others cannot read it, and name the place in wixproxy.toml:\n"
        '  [backend]\n  secret = { file = "/path/to/secret" }\n'
        "or set WIXPROXY__BACKEND__SECRET to it. The server of the frontend sends it in "
        "X-Wixproxy-Backend with each call to backend.listen.",
        err=True,
    )
