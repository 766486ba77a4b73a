"""Say where everything is, once it is there: the one block that people read."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from .config import Config

if TYPE_CHECKING:
    from .emulator import Emulator


def ready_lines(config: Config, emulator: Emulator | None) -> str:
    """Say where everything is, in the one block that people read."""
    upstream, public = config.upstream, config.server.public_url[0]
    frontend, here = upstream.url or upstream.root or "the demo shop", public
    if upstream.command:
        frontend = shlex.join(upstream.command)
    if upstream.api_only:
        here = f"http://{config.server.host}:{config.server.port}"
        frontend = f"beside it at {public}, which sends paths below /_wix/ here"
    wix = config.site.api_origin
    if emulator is not None:
        wix = f"emulated at {emulator.origin}"
        for member in emulator.state.data.members[:1]:
            wix += f" (log in as {member.email}, password {member.password})"
    trusted = ", ".join(config.server.trusted_proxies) or "no proxy in front"
    if config.mode == "production" and not config.server.trusted_proxies:
        trusted += ", so limits hold for all clients together (see server.trusted_proxies)"
    return "\n".join(
        [
            f"wixproxy is ready at {here}",
            f"  frontend   {frontend}",
            f"  Wix        {wix}",
            f"  mode       {config.mode}, sessions in the {config.session.store} store",
            *([f"  workers    {config.server.workers}"] if config.server.workers > 1 else []),
            *([f"  backend    {config.backend.listen}"] if config.backend.listen else []),
            f"  trusts     {trusted}",
        ]
    )
