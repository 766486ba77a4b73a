"""An empty folder to stand in, a terminal there, and a runner of commands in this process."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.commands.terminal import Terminal, terminal_in
from wixproxy.cli import main

Run = Callable[..., Result]


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return terminal_in(tmp_path)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in an empty folder, with no variables but those that are given."""
    monkeypatch.chdir(tmp_path)
    for variable in os.environ:
        if variable.startswith(("WIX", "KUBERNETES_")):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def invoke(*words: str, **variables: str) -> Result:
        return CliRunner().invoke(main, words, env=variables, prog_name="wixproxy")

    return invoke
