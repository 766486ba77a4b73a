"""Serve a folder of built files in place of a running frontend.

The path rules are `sansio.static_files`; ranges and validators are aiohttp's.
A symbolic link may point within the folder, never out of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
from pathlib import Path
from typing import IO, Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from ..errors import MethodRefused, NoSuchRoute, quoted
from ..exchange import Exchange
from ..injection import is_for_page
from ..sansio import headers
from ..sansio.exchange import Fields, Request
from ..sansio.html import HeadInjector, script_tag
from ..sansio.page_versions import VARY, has_version
from ..sansio.static_files import (
    INDEX,
    cache_control,
    candidates,
    falls_back,
    resolve,
    twins,
)

PAGES = (".html", ".htm")
PAGE_TYPE = b"text/html; charset=utf-8"
DIGEST_CHARACTERS = 32
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"}


class Files:
    """The files below `root`; `policy` is a Content-Security-Policy for its pages, if any."""

    def __init__(
        self, root: Path, *, starts_sessions: bool, policy: str | None = None, injects: bool = False
    ) -> None:
        self._root = root.resolve()
        self._starts_sessions = starts_sessions
        self._policy = policy
        self._injects = injects

    async def handle(self, exchange: Exchange) -> None:
        """Answer with a file; pages of the application's own router get its index."""
        request, browser = exchange.request, exchange.session
        if request.method not in ("GET", "HEAD"):
            raise MethodRefused("Files are served for GET and HEAD.", allow=["GET", "HEAD"])
        if exchange.is_navigation and self._starts_sessions and browser.current is None:
            if browser.unreadable is None:
                await browser.start_for_page()
        elif exchange.is_navigation and browser.current is not None:
            # Nothing is rendered here, so nobody waits for the renewal.
            browser.renewal = exchange.front.tokens.renewal(browser.current)
        path = await asyncio.to_thread(self._find, request, exchange.is_navigation)
        if path is None:
            hint = " The folder has no index.html there." if request.path[-1:] == b"/" else ""
            raise NoSuchRoute(f"There is no file for {quoted(request.path)}.{hint}")
        if self._injects and is_for_page(request) and path.suffix in PAGES:
            await self._inject(exchange, path)
            return
        await exchange.downstream.file(await asyncio.to_thread(self._response, request, path))

    async def _inject(self, exchange: Exchange, path: Path) -> None:
        """Answer with a page that has the script tag in it."""
        page = HeadInjector(script_tag(None)).feed(await asyncio.to_thread(path.read_bytes))
        version = b'W/"%b"' % hashlib.sha256(page).hexdigest()[:DIGEST_CHARACTERS].encode()
        fields = [(b"ETag", version), *self._fields(path, is_page=True)]
        if has_version(exchange.request.fields, version):
            await exchange.downstream.answer(304, fields)
            return
        await exchange.downstream.answer(200, [(b"Content-Type", PAGE_TYPE), *fields], page)

    def _fields(self, path: Path, *, is_page: bool) -> Fields:
        """Return what an answer says of a file, beside what it is."""
        fields = [
            (b"Cache-Control", cache_control(path.name)),
            (b"X-Content-Type-Options", b"nosniff"),
        ]
        if is_page and self._injects:
            fields.append(VARY)
        if is_page and self._policy is not None:
            fields.append((b"Content-Security-Policy", self._policy.encode("ascii")))
        return fields

    def _find(self, request: Request, is_navigation: bool) -> Path | None:
        segments = resolve(request.path)
        for names in candidates(segments) if segments is not None else []:
            path = self._root.joinpath(*names)
            if self._is_file(path):
                return path
        index = self._root / INDEX
        if falls_back(request.path, navigation=is_navigation) and self._is_file(index):
            return index
        return None

    def _is_file(self, path: Path) -> bool:
        try:
            return path.is_file() and path.resolve().is_relative_to(self._root)
        except OSError:
            return False

    def _response(self, request: Request, path: Path) -> web.FileResponse:
        response = _File(path)
        kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
        response.content_type = kind or "application/octet-stream"
        if response.content_type.startswith("text/"):
            response.charset = "utf-8"
        for name, value in self._fields(path, is_page=response.content_type == "text/html"):
            response.headers.add(name.decode("ascii"), value.decode("ascii"))
        for coding, suffix in twins(headers.get(request.fields, b"accept-encoding")):
            twin = path.with_name(path.name + suffix)
            if self._is_file(twin):
                response.headers["Content-Encoding"] = coding.decode()
                response.headers.add("Vary", "Accept-Encoding")
                response.serve(twin)
                break
        return response


class _File(web.FileResponse):
    """aiohttp's answer, but for two things.

    Its choice of twins does not read weights; and a file that a build writes
    over while it is sent would end as if it were whole.
    """

    def serve(self, path: Path) -> None:
        """Send the bytes of another file under this one's name."""
        self._path = path

    def _get_file_path_stat_encoding(self, accept_encoding: str):  # type: ignore[no-untyped-def]
        return super()._get_file_path_stat_encoding("")

    async def _sendfile(
        self, request: web.BaseRequest, fobj: IO[Any], offset: int, count: int
    ) -> AbstractStreamWriter:
        """Send as ever, and look where the file was left.

        uvloop has no `sendfile`, so aiohttp reads and writes there; asyncio's
        own returns at the file's end without a word. Both leave the file
        behind the last byte that was sent.
        """
        writer = await super()._sendfile(request, fobj, offset, count)
        if fobj.tell() < offset + count:
            raise OSError(f"{self._path.name} became shorter while it was sent")
        return writer
