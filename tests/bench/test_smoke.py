"""The benchmark runs as it is called: small, but with real proxies, wrk and figures."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.modules import ROOT
from tests.requirements import require

PEERS = {"nginx", "naive-aiohttp", "wixproxy"}
RUN_SECONDS = 120
SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Run:
    told: str
    figures: dict[str, Any]
    picture: ElementTree.Element


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    require(shutil.which("nginx"), "nginx from Debian: apt-get install nginx")
    require(shutil.which("wrk"), "wrk from Debian: apt-get install wrk")
    folder = tmp_path_factory.mktemp("bench")
    out, plot = folder / "figures.json", folder / "picture.svg"
    command = [sys.executable, "-m", "bench", "--quick", "--rounds", "1", "--only", "frontend"]
    command += ["--peers", "nginx,naive-aiohttp", "--out", str(out), "--plot", str(plot)]
    ended = subprocess.run(  # noqa: S603 - our own words
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    picture = ElementTree.parse(plot).getroot()  # noqa: S314 - our own
    return Run(ended.stdout, json.loads(out.read_text()), picture)


def test_each_proxy_has_figures_that_can_be(run: Run) -> None:
    medians = run.figures["cases"]["frontend"]["medians"]
    assert medians.keys() == PEERS
    for figures in medians.values():
        assert figures["requests"] > 10
        assert figures["errors"] == 0
        assert 1 < figures["cpu_us"] < 100_000
        assert 0 < figures["p50_ms"] <= figures["p99_ms"]
        assert 1 < figures["rss_mib"] <= figures["peak_mib"] < 1_000


def test_ratios_are_told_beside_nginx(run: Run) -> None:
    ratios = run.figures["cases"]["frontend"]["ratios"]
    assert ratios["nginx"] == 1
    # Python forwards no request at the cost of nginx.
    assert ratios["wixproxy"] > 1
    assert ratios["naive-aiohttp"] > 1


def test_the_goals_that_the_run_can_tell_of_are_judged(run: Run) -> None:
    judged = {(goal["case"], goal["other"]) for goal in run.figures["goals"]}
    assert judged == {("frontend", "nginx")}
    assert "CPU of a frontend's file" in run.told


def test_the_picture_has_a_bar_for_each_proxy(run: Run) -> None:
    texts = {element.text for element in run.picture.iter(f"{SVG}text")}
    assert texts >= PEERS
    bars = [bar for bar in run.picture.iter(f"{SVG}path") if "bar" in bar.get("class", "")]
    assert len(bars) == len(PEERS)
