"""The properties can be tried from the command line, as often as somebody likes."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from bench.soak.properties import PROPERTIES, main


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """The command silences the log of its process, which is this one here."""
    yield
    logging.disable(logging.NOTSET)


def test_each_property_is_tried_and_told() -> None:
    told = CliRunner().invoke(main, ["--times", "20"])
    assert told.exit_code == 0, told.output
    assert [line.split(":")[0].split(maxsplit=1) for line in told.output.splitlines()] == [
        ["held", name] for name in PROPERTIES
    ]


def test_a_property_that_is_not_there_is_said() -> None:
    told = CliRunner().invoke(main, ["--only", "nothing like it"])
    assert told.exit_code == 2
    assert "clients that leave at any moment leave nothing" in told.output
