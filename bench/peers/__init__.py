"""The proxies that are measured, in the order of the report."""

from __future__ import annotations

from .caddy import Caddy
from .haproxy import HAProxy
from .mitmproxy import Mitmproxy
from .naive import Naive
from .nginx import Nginx
from .node import HttpProxy3, HttpProxyMiddleware, ViteProxy
from .peer import Peer
from .wixproxy import Wixproxy

OURS = "wixproxy"

PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Nginx(),
        HAProxy(),
        Wixproxy(),
        HttpProxy3(),
        Caddy(),
        Naive(),
        HttpProxyMiddleware(),
        ViteProxy(),
        Mitmproxy(),
    )
}
