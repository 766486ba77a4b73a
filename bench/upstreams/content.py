"""An nginx that serves files of fixed size, and plays Wix: tokens and one API call.

Tokens have the size of real ones, because they make up the sealed cookie and
the `Authorization` field that are measured.
"""

from __future__ import annotations

import base64
import json
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ..processes import HOST, Server, free_port, running

KIB = 1024
SMALL, MIDDLE, LARGE = "/assets/app-3f9c2b1e.js", "/assets/vendor-8d01c7aa.js", "/photo.bin"
_FILES = {SMALL: KIB, MIDDLE: 64 * KIB, LARGE: KIB * KIB}
PAGE = "/"
API_PATH = "/stores/v3/products/field-tote"
API_PREFIX = "/_wix/api"

_ACCESS_PAYLOAD_CHARACTERS = 800
_REFRESH_PAYLOAD_CHARACTERS = 110
_SIGNATURE_CHARACTERS = 43
_SEED = 4321

_CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile 16384;
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 16000; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=100 inactive=1h;
    open_file_cache_valid 1h;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    types {{ text/html html; text/javascript js; application/octet-stream bin; }}
    server {{
        listen {host}:{port} backlog=4096;
        root site;
        add_header Cache-Control no-cache;
        location = /oauth2/token {{
            default_type application/json;
            return 200 '{tokens}';
        }}
        location ~ ^({prefix})?/stores/ {{
            default_type application/json;
            add_header X-Wix-Request-Id 1767225600.1234567890123;
            add_header Cache-Control no-cache;
            return 200 '{answer}';
        }}
    }}
}}
"""


@asynccontextmanager
async def content(folder: Path) -> AsyncIterator[Server]:
    """Serve until the block ends."""
    home = folder / "content"
    for path, size in _FILES.items():
        file = home / "site" / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_filler(size))
    (home / "site" / "index.html").write_text(
        "<!doctype html><html><head><title>Shop</title></head><body></body></html>"
    )
    port = free_port()
    configuration = home / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            user=nginx_user(),
            host=HOST,
            port=port,
            prefix=API_PREFIX,
            tokens=json.dumps(tokens_answer()),
            answer=json.dumps({"product": {"id": "field-tote", "description": "x" * 950}}),
        )
    )
    async with running("content", nginx_command(configuration), port=port, folder=home) as server:
        yield server


def nginx_command(configuration: Path) -> list[str]:
    """Return how nginx is started with its files beside the configuration."""
    return ["nginx", "-p", str(configuration.parent), "-e", "stderr", "-c", str(configuration)]


def nginx_user() -> str:
    """Return the line that lets root's workers read what lies in root's own folder."""
    return "user root;" if os.geteuid() == 0 else ""


def tokens_answer() -> dict[str, object]:
    """Return what Wix answers to a grant, with tokens of real size."""
    dice = random.Random(_SEED)  # noqa: S311 - fillers
    return {
        "access_token": f"OauthNG.JWS.{_signed(dice, _ACCESS_PAYLOAD_CHARACTERS)}",
        "token_type": "Bearer",
        "expires_in": 14_400,
        "refresh_token": f"JWS.{_signed(dice, _REFRESH_PAYLOAD_CHARACTERS)}",
    }


def _signed(dice: random.Random, payload_characters: int) -> str:
    """Return text of the form of a signed token."""
    head = base64.urlsafe_b64encode(b'{"kid":"bench-01","alg":"HS256"}').decode().rstrip("=")
    return ".".join([head, _text(dice, payload_characters), _text(dice, _SIGNATURE_CHARACTERS)])


def _text(dice: random.Random, characters: int) -> str:
    return base64.urlsafe_b64encode(dice.randbytes(characters)).decode()[:characters]


def _filler(size: int) -> bytes:
    line = b"export const n = 'what a bundler makes of many modules';\n"
    return (line * (size // len(line) + 1))[:size]
