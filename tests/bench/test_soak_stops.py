"""The soak of stops can be tried from the command line, as briefly as somebody likes."""

from __future__ import annotations

import re
import shutil

from click.testing import CliRunner

from bench.soak.stops import main
from tests.requirements import require


def test_reloads_and_a_stop_among_requests_are_told() -> None:
    require(shutil.which("nginx"), "nginx from Debian: apt-get install nginx")
    told = CliRunner().invoke(main, ["--requests", "500", "--workers", "1"])
    assert told.exit_code == 0, told.output
    found = re.fullmatch(
        r"([\d,]+) answers \{200: \d+\}, (\d+) reloads, 1 stops, 0 faults\n", told.output
    )
    assert found is not None, told.output
    assert int(found[1].replace(",", "")) >= 500
    assert int(found[2]) >= 1
