"""Keep the mails that Wix would send, and show them on a page.

Law: nothing leaves this machine. The page is for the person in front of it:
loopback only, like the rest of the administration, since a code or a link in a
mail is as good as a password.

Source: Wix: verification by a six-digit code, recovery and activation by a link.
"""

from __future__ import annotations

from aiohttp import web

from .admin import loopback_only
from .apis.calls import timestamp
from .browser import page
from .state import STATE, SiteMember, State

PAGE_PATH = "/__emulator/mailbox"


def send_mail(
    state: State, member: SiteMember, subject: str, *, code: str = "", link: str = ""
) -> None:
    """Put a mail with a code or a link into the mail box."""
    mail = {"to": member.email, "subject": subject, "sentAt": timestamp(state.clock.now())}
    mail |= {name: text for name, text in (("code", code), ("link", link)) if text}
    state.mailbox.append(mail)


async def show_mailbox(request: web.Request) -> web.Response:
    """Answer `GET /__emulator/mailbox`: every mail, the newest first; `?to=` chooses."""
    wanted = request.query.get("to", "").casefold()
    mails = [m for m in request.app[STATE].mailbox if wanted in ("", m["to"].casefold())]
    return page("mailbox.html", mails=mails[::-1])


ROUTES: list[web.RouteDef] = [web.get(PAGE_PATH, loopback_only(show_mailbox))]
