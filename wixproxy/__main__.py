"""Run wixproxy as `python -m wixproxy`."""

from .cli import main

main(prog_name="wixproxy")
