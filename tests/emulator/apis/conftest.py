"""Identities that call the emulator's business APIs through a real server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from wixproxy.emulator import Emulator, EmulatorConfig
from wixproxy.emulator.apis.query import encode
from wixproxy.emulator.clock import Clock
from wixproxy.emulator.data import Data, guid, parse
from wixproxy.emulator.tokens import Subject

STORES = "215238eb-22a5-4c36-9e7b-e7c08025e04e"


@dataclass
class Answer:
    """The status and JSON object of one answer."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The application error's code."""
        return str(self.body["details"]["applicationError"]["code"])

    @property
    def violations(self) -> list[dict[str, Any]]:
        """The field violations of a validation error."""
        return list(self.body["details"]["validationError"]["fieldViolations"])


@dataclass
class Identity:
    """Somebody with an access token."""

    client: TestClient[Any, Any]
    token: str
    id: str

    async def __call__(
        self, method: str, path: str, body: object = None, *, r: object = None
    ) -> Answer:
        """Make a call; `r` goes into `.r`."""
        target = path if r is None else f"{path}?.r={encode(r)}"
        headers = {"Authorization": self.token}
        response = await self.client.request(method, target, json=body, headers=headers)
        return Answer(response.status, await response.json(), dict(response.headers))


@dataclass
class Site:
    """The emulated site under test."""

    emulator: Emulator
    client: TestClient[Any, Any]

    def identity(self, kind: Any, subject_id: str) -> Identity:
        """Return an identity with a fresh token."""
        pair = self.emulator.state.tokens.issue(Subject(kind, subject_id))
        return Identity(self.client, pair.access.text, subject_id)

    def visitor(self, name: str = "one") -> Identity:
        """Return the visitor of this name."""
        return self.identity("visitor", guid("visitor", name))

    def member(self, name: str = "ada") -> Identity:
        """Return the member of the sample with this name."""
        return self.identity("member", guid("member", f"{name}@example.test"))

    def app(self) -> Identity:
        """Return the project's own app."""
        return self.identity("app", self.emulator.client_id)

    def product_id(self, slug: str) -> str:
        """Return the id of a sample product."""
        return guid("product", slug)

    def piece(self, slug: str, quantity: int = 1, **options: Any) -> dict[str, Any]:
        """Return a line item for a sample product."""
        product = guid("product", slug)
        reference = {"appId": STORES, "catalogItemId": product, "options": options}
        return {"quantity": quantity, "catalogReference": reference}

    def log_in(self, visitor: Identity, member: Identity) -> None:
        """Do what the exchange of a code does when a visitor has become a member."""
        self.emulator.state.on_login(visitor.id, member.id)


@pytest.fixture
def lay(aiohttp_client: Any) -> Callable[..., Awaitable[Site]]:
    """Return a function that starts a site, with the sample's data or its own."""

    async def start(**tables: Any) -> Site:
        data: Data | None = parse(tables) if tables else None
        clock = Clock(source=lambda: 1_790_000_000.0)
        emulator = Emulator(EmulatorConfig(data=data), clock=clock)
        return Site(emulator, await aiohttp_client(emulator.app))

    return start


@pytest.fixture
async def site(lay: Callable[..., Awaitable[Site]]) -> Site:
    """Return a site with the sample's data."""
    return await lay()
