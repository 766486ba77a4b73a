"""A project in an empty folder, and what the configuration makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from wixproxy.config import Config, load, read

CLIENT = "12345678-90ab-cdef-1234-567890abcdef"
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
PUBLIC_KEY = """\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlPnLDGn5pHO3xMkEwGxs
yFxrtNptWRQC4owiU1oapjEk0CNajjkB0UiLaP5Fsscaam9+6gQq5VnsyFHP0gsP
po4Pfi0rC3frcjdA0/1x2dAP54UDe6pSIjJ5yRYC5MtoAbzc6hgyKx2em/HDuO73
GiHgWP2nIpNy8Eg6BzKXnEbaOvKlD9Y4bpLbuicT9Fnh+KSGXk3rKmGBMECXIJi1
wdBVX3AY11v/bXQ6jvBtBLIT3t7I7+SMNop7lttHEoWygZgjKESAl0zEkvpHEfHQ
7C1Yk00HbA/c+C6EkyRIkx4I2EKtIFxm8EwwUAAPPCbAvjXjz3Q/M2h53G4Kh6lI
SQIDAQAB
-----END PUBLIC KEY-----
"""
FRONTEND = "http://localhost:5173"

Flags = Mapping[str, object]
Env = Mapping[str, str]


@dataclass(frozen=True)
class Project:
    """A folder with a project's files."""

    folder: Path

    def write(self, name: str, text: str, mode: int = 0o600) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        path.chmod(mode)
        return path

    def load(
        self, flags: Flags | None = None, env: Env | None = None, file: Path | None = None
    ) -> Config:
        """Read the configuration of a project that has a client id and a frontend."""
        return load(self.sound(flags), env or {}, self.folder, file)

    def problems(
        self, flags: Flags | None = None, env: Env | None = None, file: Path | None = None
    ) -> list[str]:
        """Return what is wrong, where nothing but `flags`, `env` and the files can be."""
        reading = read(self.sound(flags), env or {}, self.folder, file)
        return [problem.line(reading.config.sources) for problem in reading.problems]

    def bare_problems(self, flags: Flags | None = None, env: Env | None = None) -> list[str]:
        """Return what is wrong with nothing given but this."""
        reading = read(flags or {}, env or {}, self.folder)
        return [problem.line(reading.config.sources) for problem in reading.problems]

    def sound(self, flags: Flags | None) -> Flags:
        """Return the flags, with the emulator where they leave Wix and the frontend open."""
        given = dict(flags or {})
        if "emulator.enabled" not in given:
            given = {"site.client_id": CLIENT, **given}
            if "upstream.root" not in given:
                given = {"upstream.url": FRONTEND, **given}
        return {name: value for name, value in given.items() if value is not None}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
