"""What a handler is given: one request, its answer's way out, and the browser's session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .browser_session import BrowserSession
from .front import Front
from .sansio.exchange import Fields, Request

if TYPE_CHECKING:
    from .downstream import ClientDownstream


@dataclass(slots=True)
class Exchange:
    """One exchange on its way through a handler.

    `request` has its target in origin-form. `address` is the client's, where
    it is known; `is_navigation` says that the browser will show the answer.
    `caller_fields` are what the frontend is told of a caller that Wix vouches
    for; None says that there is none, and that `Authorization` is the frontend's.
    """

    request: Request
    downstream: ClientDownstream
    front: Front
    session: BrowserSession
    request_id: str
    is_navigation: bool
    address: str | None
    caller_fields: Fields | None = None
