"""nginx with one worker; bodies are streamed and never spooled to disk."""

from __future__ import annotations

from pathlib import Path

from ..processes import HOST
from ..upstreams.content import nginx_command, nginx_user
from .peer import MAX_CONNECTIONS, Peer, Task

_CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile {files};
pid nginx.pid;
error_log stderr error;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
    client_max_body_size 0;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    proxy_max_temp_file_size 0;
    proxy_request_buffering off;
    map $http_upgrade $connection_out {{ default upgrade; '' ''; }}
    upstream frontend {{
        server {upstream};
        keepalive 256;
        keepalive_requests 1000000000;
    }}
    server {{
        listen {host}:{port} backlog=4096;
        location / {{
            proxy_pass http://frontend;
            proxy_http_version 1.1;
            proxy_read_timeout 1h;
            proxy_set_header Host $http_host;
            proxy_set_header Connection $connection_out;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-Proto $scheme;
            {authorization}
        }}
    }}
}}
"""


class Nginx(Peer):
    """The yardstick."""

    name = "nginx"
    debian = ("nginx",)

    def command(self, task: Task, port: int, folder: Path) -> list[str]:
        """Write nginx.conf."""
        given = task.authorization
        authorization = f'proxy_set_header Authorization "{given}";' if given else ""
        path = folder / "nginx.conf"
        path.write_text(
            _CONFIGURATION.format(
                user=nginx_user(),
                host=HOST,
                port=port,
                files=2 * MAX_CONNECTIONS,
                connections=2 * MAX_CONNECTIONS,
                upstream=task.upstream,
                authorization=authorization,
            )
        )
        return nginx_command(path)

    def version(self) -> list[str]:
        """Return the command that tells the version."""
        return ["nginx", "-v"]
