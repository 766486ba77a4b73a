"""`python -m wixproxy` is the command `wixproxy`."""

from .cli import main

main(prog_name="wixproxy")
