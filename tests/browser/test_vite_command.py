"""Vite as the command of `wixproxy serve`: a page opened too early waits, and then is Vite's."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.watching import Watch
from tests.commands.terminal import Terminal, free_port, terminal_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

LATE = "while [ ! -e go ]; do sleep 0.1; done; exec node_modules/.bin/vite --port {port}"


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


async def test_a_page_that_is_opened_too_early_waits_for_vite(
    vite_app: Path, tmp_path: Path, context: BrowserContext, watch: Watch
) -> None:
    terminal = Terminal(vite_app, terminal_in(tmp_path).variables)
    port, gate, source = free_port(), vite_app / "go", vite_app / "src" / "App.jsx"
    terminal.variables["WIXPROXY__EMULATOR__PORT"] = "0"
    late = LATE.format(port=free_port())
    words = ("serve", "--emulator", "--port", str(port), "--", "sh", "-c", late)
    template = source.read_text("utf-8")
    try:
        with terminal.running(*words) as process:
            assert await asyncio.to_thread(first_line, process) != ""
            page = await context.new_page()
            await page.goto(f"http://localhost:{port}/")
            await expect(
                page.get_by_role("heading", name="The frontend is starting")
            ).to_be_visible()
            gate.touch()
            await expect(page.get_by_role("heading", name="Get started")).to_be_visible()
            source.write_text(template.replace("Get started", "Edited through the proxy"), "utf-8")
            edited = page.get_by_role("heading", name="Edited through the proxy")
            await expect(edited).to_be_visible()
            await context.close()
    finally:
        gate.unlink(missing_ok=True)
        source.write_text(template, "utf-8")
    assert watch.origins() == {f"http://localhost:{port}"}
    unready = [told for told in watch.complaints if "503" not in told]
    assert unready == []
