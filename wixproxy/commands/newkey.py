"""Make a key that seals sessions."""

from __future__ import annotations

import click

from ..sansio.keyring import Key


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
