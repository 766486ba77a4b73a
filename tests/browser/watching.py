"""Watch what the pages of one browser ask for, and what the browser complains about."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Page, Request, WebError, WebSocket

# Wix answers 404 for the cart of somebody who has put nothing into one, and
# Chromium calls every 404 an error.
EMPTY_CART = "/_wix/api/ecom/v1/carts/current"
FAILED = "Failed to load resource: the server responded with a status of "
NOT_FOUND = f"{FAILED}404 (Not Found)"


class Watch:
    """Everything seen in a context since it was opened."""

    def __init__(self, context: BrowserContext) -> None:
        self.requests: list[Request] = []
        self.sockets: list[WebSocket] = []
        self.complaints: list[str] = []
        context.on("request", self._note)
        context.on("console", self._hear)
        context.on("weberror", self._catch)
        context.on("page", self._follow)

    def origins(self, *kinds: str) -> set[str]:
        """Return the origins that were asked, or asked for such kinds of resource.

        Pictures written into a page have none.
        """
        asked = [urlsplit(r.url) for r in self.requests if not kinds or r.resource_type in kinds]
        return {f"{url.scheme}://{url.netloc}" for url in asked if url.netloc}

    def paths(self, origin: str) -> list[str]:
        """Return the paths that this origin was asked for, in order."""
        asked = [r.url for r in self.requests if r.url.startswith(f"{origin}/")]
        return [urlsplit(url).path for url in asked]

    async def headers(self, name: str, origin: str) -> list[str]:
        """Return every value that this header had in a request to the origin."""
        found = []
        for request in self.requests:
            if request.url.startswith(f"{origin}/"):
                value = (await request.all_headers()).get(name)
                found += [value] if value is not None else []
        return found

    def without_status_of(self, url: str) -> list[str]:
        """Return the complaints, but not that this page came with the status of an error."""
        return [
            complaint
            for complaint in self.complaints
            if not (complaint.startswith(FAILED) and complaint.endswith(f" ({url})"))
        ]

    def _follow(self, page: Page) -> None:
        page.on("websocket", self._connect)

    # Playwright marks the listeners it is given, which a method of a list does not bear.
    def _note(self, request: Request) -> None:
        self.requests.append(request)

    def _connect(self, socket: WebSocket) -> None:
        self.sockets.append(socket)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        place = message.location["url"]
        if message.text == NOT_FOUND and urlsplit(place).path == EMPTY_CART:
            return
        self.complaints.append(f"{message.text} ({place})")

    def _catch(self, error: WebError) -> None:
        self.complaints.append(str(error.error))
