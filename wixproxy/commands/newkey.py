"""`wixproxy newkey`: a key on stdout, so that it can be piped; what to do with it on stderr."""

from __future__ import annotations

import click

from ..sansio.keyring import Key

ADVICE = """\
Keep it where your secrets are, and give it to wixproxy as one of
  WIXPROXY__SESSION__KEYS=<key>                     in the environment
  keys = [{ file = "/run/secrets/wixproxy-key" }]   under [session] in wixproxy.toml
To replace a key: add the new one at the end everywhere, then move it to the front
everywhere, and drop the old one when its last cookie has expired."""


def print_key() -> None:
    """Print a new key."""
    click.echo(Key.generate().to_text().reveal())
    click.echo(ADVICE, err=True)
