"""A profile gives each function its share of a request's time, and counts calls exactly."""

from __future__ import annotations

import cProfile
from collections import Counter
from pathlib import Path

from bench.profile import told, told_calls


def test_a_function_has_its_own_time_and_that_of_what_it_calls() -> None:
    stacks = Counter({("main", "serve", "gate"): 3, ("main", "serve"): 1})
    lines = told(stacks, cpu_us=100, top=5).splitlines()
    own = lines.index("        µs  function")
    whole = lines.index("        µs  with all it calls")
    assert lines[own + 1 : own + 3] == ["      75.0  gate", "      25.0  serve"]
    # What is below everything tells nothing.
    assert lines[whole + 1 :] == ["      75.0  gate"]


def test_calls_are_told_for_one_request_with_their_callers(tmp_path: Path) -> None:
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(10):
        _lengths()
    profile.disable()
    profile.dump_stats(tmp_path / "calls")
    lines = told_calls(tmp_path / "calls", requests=5, top=2).splitlines()
    assert lines[3] == "       6.0  <built-in method builtins.len>"
    assert lines[4].split()[0] == "6.0"
    assert lines[4].endswith("_lengths")


def _lengths() -> None:
    len("a")
    len("b")
    len("c")
