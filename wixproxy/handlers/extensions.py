"""Events and service-plugin requests that Wix posts to the app: verify, then hand on.

1. Nothing in the body is believed before its signature. Whoever sent what
   does not verify learns that it does not; the reason is in the log.
2. An event is answered with 200 when it is kept (or taken, where there is no
   disk): Wix waits 1250 ms and sends again what it has no 200 for.
3. A plugin request is answered as its handler answered, within a deadline,
   because a shopper waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..errors import (
    NoSuchRoute,
    StoreUnavailable,
    UpstreamError,
    WebhookMalformed,
    WebhookUnverified,
    quoted,
)
from ..exchange import Exchange
from ..extensions.frontend_handler import FrontendHandler
from ..pages import NO_STORE
from ..sansio import routes, service_plugin, webhook
from ..sansio.exchange import Fields
from ..sansio.signed_claims import MAX_MESSAGE_BYTES

# Wix waits 1250 ms; some of it passes on the way.
KEEP_SECONDS = 1.1

JSON: Fields = [(b"Content-Type", b"application/json"), NO_STORE]

log = logging.getLogger("wixproxy.extensions")


class Accepts(Protocol):
    """What takes a verified event: the queue, or the handler itself."""

    async def accept(self, webhook: str, event: webhook.Event) -> None:
        """Return once Wix may be told that the event is taken."""
        ...


@dataclass(frozen=True, slots=True)
class Plugin:
    """A service plugin of the frontend: where its methods are, and its deadline."""

    id: str
    path: str
    timeout_seconds: float = 2.5


class Webhooks:
    """Takes events; `ids` are the webhooks that are configured."""

    def __init__(
        self,
        verifier: webhook.Verifier,
        ids: Iterable[str],
        accepts: Accepts,
        clock: Callable[[], float],
        *,
        waits_for_handler: bool = False,
    ) -> None:
        self._verifier = verifier
        self._ids = frozenset(ids)
        self._accepts = accepts
        self._clock = clock
        self._seconds = None if waits_for_handler else KEEP_SECONDS

    async def handle(self, exchange: Exchange) -> None:
        """Answer one delivery of Wix."""
        name = _named(exchange, routes.WEBHOOKS_PREFIX)
        if name not in self._ids:
            raise NoSuchRoute("There is no webhook of that id.")
        body = await exchange.downstream.read_whole(MAX_MESSAGE_BYTES)
        try:
            event = self._verifier.verify(body, self._clock()).event()
        except (WebhookUnverified, WebhookMalformed) as refusal:
            log.warning("webhook %s refused: %s", name, refusal.message)
            raise refusal.without_cause() from None
        try:
            async with asyncio.timeout(self._seconds):
                await self._accepts.accept(name, event)
        except TimeoutError:
            # It may still be written; then the one that comes again is dropped.
            raise StoreUnavailable("The event could not be kept in time.") from None
        await exchange.downstream.answer(200, JSON, b"{}")


class ServicePlugins:
    """Answers service-plugin requests with the frontend's handlers."""

    def __init__(
        self,
        verifier: service_plugin.Verifier,
        plugins: Iterable[Plugin],
        handler: FrontendHandler,
        clock: Callable[[], float],
    ) -> None:
        self._verifier = verifier
        self._plugins: Mapping[str, Plugin] = {plugin.id: plugin for plugin in plugins}
        self._handler = handler
        self._clock = clock

    async def handle(self, exchange: Exchange) -> None:
        """Answer one request of Wix."""
        name, slash, rest = _named(exchange, routes.SERVICE_PLUGINS_PREFIX).partition("/")
        plugin = self._plugins.get(name)
        if plugin is None:
            raise NoSuchRoute("There is no service plugin of that id.")
        method = service_plugin.method_path((slash + rest).encode("ascii"))
        body = await exchange.downstream.read_whole(MAX_MESSAGE_BYTES)
        try:
            request = self._verifier.verify(body, self._clock())
        except (WebhookUnverified, WebhookMalformed) as refusal:
            log.warning("service plugin %s refused: %s", name, refusal.message)
            raise refusal.without_cause() from None
        fields, told = service_plugin.delivery(request)
        path = plugin.path.rstrip("/") + method.decode("ascii")
        try:
            status, answer = service_plugin.wix_answer(
                *await self._handler.post(path, fields, told, plugin.timeout_seconds)
            )
        except UpstreamError as error:
            log.warning("service plugin %s failed: %s", name, error.message)
            raise
        await exchange.downstream.answer(status, JSON, answer)


def _named(exchange: Exchange, prefix: bytes) -> str:
    """Return what stands behind the prefix, as text."""
    if exchange.request.query:
        raise NoSuchRoute("Wix asks for extensions without a query.")
    rest = exchange.request.path.removeprefix(prefix)
    try:
        return rest.decode("ascii")
    except UnicodeDecodeError:
        raise NoSuchRoute(f"There is no extension {quoted(rest)}.") from None
