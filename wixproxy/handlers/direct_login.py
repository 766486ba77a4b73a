"""`/_wix/direct-login`: the frame in which the direct login of Wix's own client ends.

The authorize step was taken by the server; the address holds the handle of
the code and the client's own state, and the page posts both to the page that
framed it, which must be of the same origin.
"""

from __future__ import annotations

from ..exchange import Exchange
from ..pages import page


async def direct_login(exchange: Exchange) -> None:
    """Answer with the page that posts what its address holds."""
    fields, body = page("direct_login.html", framed=True)
    await exchange.downstream.answer(200, fields, body)
