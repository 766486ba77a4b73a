"""nginx as the other reader: told to pass on as much as it can, as it came."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.processes import HOST, free_port, running
from bench.upstreams.content import nginx_command, nginx_user
from tests.requirements import require

# What it would do by itself, and a reader need not: merge slashes, drop fields with
# underscores, spool bodies, rewrite redirects, write its own Date and Server.
_CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
pid nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000;
    keepalive_timeout 300s;
    client_header_buffer_size 32k;
    large_client_header_buffers 16 64k;
    client_max_body_size 0;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    upstream recording {{
        server {host}:{upstream_port};
        keepalive 16;
        keepalive_requests 1000000;
    }}
    server {{
        listen {host}:{port};
        server_name {name};
        merge_slashes off;
        underscores_in_headers on;
        ignore_invalid_headers off;
        location / {{
            proxy_pass http://recording;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
            proxy_request_buffering off;
            proxy_buffering off;
            proxy_buffer_size 64k;
            proxy_buffers 8 64k;
            proxy_redirect off;
            proxy_pass_header Date;
            proxy_pass_header Server;
        }}
    }}
}}
"""


@asynccontextmanager
async def nginx(folder: Path, upstream_port: int, name: str) -> AsyncIterator[int]:
    """Run it before the upstream until the block ends; gives the port that it listens on."""
    require(shutil.which("nginx"), "nginx: apt-get install nginx")
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            user=nginx_user(), host=HOST, port=port, upstream_port=upstream_port, name=name
        )
    )
    async with running("nginx", nginx_command(configuration), port=port, folder=folder):
        yield port
