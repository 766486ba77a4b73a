"""Hold what every part of the data is made of: frozen values, derived ids, exact money.

An id follows from a name and nothing else, so the same file gives the same ids
on every machine.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

# Any fixed namespace will do; this one makes our ids differ from other uuid5 users.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "emulator.wixproxy.example")


def guid(kind: str, name: str) -> str:
    """Return the GUID that `name` has among things of its kind."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}:{name}"))


def slug(name: str) -> str:
    """Return `name` as one path segment."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "item"


def _no_float(value: object) -> object:
    # 12.1 as a float is 12.0999…; as text it is what the author wrote.
    return str(value) if isinstance(value, float) else value


Money = Annotated[Decimal, BeforeValidator(_no_float), Field(ge=0, max_digits=12, decimal_places=2)]


class Part(BaseModel):
    """A frozen part of the data that knows all its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def missing(raw: Mapping[str, Any], **derived: str) -> dict[str, str]:
    """Return those derived values that are not given."""
    return {key: value for key, value in derived.items() if not raw.get(key)}
