"""Say what the emulated site holds: members, products, collections, offers, answers.

The value is frozen and every id is derived from a name, so the same file
gives the same site on every start. A file replaces the sample table by table:
a table it leaves out is the sample's, an empty list is empty. Unknown keys
are refused, and all problems are told at once by dotted name; a value found
wrong is never printed, since it may be a password.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from .data_parts import Money, Part, guid, missing, slug
from .offers import Plan, Service, SiteEvent

_EXPECTED = (
    "expected a table of site, members, products, collections, services, events, plans, respond"
)
PROBLEM_WORDS = {
    "missing": "is required",
    "extra_forbidden": "is not known here",
}


class DataError(ValueError):
    """The data cannot be used; `problems` holds every reason, one per line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _json_ready(value: Any) -> Any:
    # TOML has dates of its own; Wix Data writes them as {"$date": ...}.
    if isinstance(value, datetime):
        return {"$date": value.isoformat()}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _json_ready(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_json_ready(part) for part in value]
    return value


def _origin_path(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError("must begin with /")
    return path


Item = Annotated[dict[str, Any], BeforeValidator(_json_ready)]
Audience = Literal["anyone", "member", "admin"]


class Member(Part):
    """Someone who can log in; `id` and `nickname` follow from the rest when left out."""

    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    password: str = Field(min_length=1, repr=False)
    first_name: str = ""
    last_name: str = ""
    nickname: str = ""
    id: str = ""
    status: Literal["ACTIVE", "PENDING", "BLOCKED", "OFFLINE"] = "ACTIVE"

    @model_validator(mode="before")
    @classmethod
    def _derive(cls, raw: object) -> object:
        if not (isinstance(raw, Mapping) and isinstance(raw.get("email"), str)):
            return raw
        email = raw["email"]
        names = f"{raw.get('first_name', '')} {raw.get('last_name', '')}".strip()
        nickname = names or email.partition("@")[0]
        return {**raw, **missing(raw, id=guid("member", email), nickname=nickname)}


class Option(Part):
    """A choice the buyer makes, such as a size."""

    name: str = Field(min_length=1)
    choices: tuple[str, ...] = Field(min_length=1)


class Product(Part):
    """Something the shop sells, in the site's currency."""

    name: str = Field(min_length=1)
    price: Money
    full_price: Money | None = None
    """The price before a discount, struck through in shops."""
    description: str = ""
    image: str = ""
    """An address, or the name of a picture the emulator draws."""
    sku: str = ""
    ribbon: str = ""
    stock: int | None = Field(None, ge=0)
    """Pieces left; None means that stock is not counted."""
    product_type: Literal["physical", "digital"] = "physical"
    options: tuple[Option, ...] = ()
    id: str = ""
    slug: str = ""

    @model_validator(mode="before")
    @classmethod
    def _derive(cls, raw: object) -> object:
        if not (isinstance(raw, Mapping) and isinstance(raw.get("name"), str)):
            return raw
        own = slug(str(raw.get("slug") or raw["name"]))
        return {**raw, **missing(raw, slug=own, id=guid("product", own), image=own)}

    @property
    def in_stock(self) -> bool:
        """Tell whether at least one piece can be bought."""
        return self.stock is None or self.stock > 0


class Permissions(Part):
    """Who may do what to a collection's items."""

    read: Audience = "anyone"
    insert: Audience = "admin"
    update: Audience = "admin"
    remove: Audience = "admin"


class Collection(Part):
    """A collection of Wix Data; an item without `_id` gets one from its place."""

    id: str = Field(min_length=1)
    permissions: Permissions = Permissions()
    items: tuple[Item, ...] = ()

    @model_validator(mode="after")
    def _identify(self) -> Collection:
        for number, item in enumerate(self.items):
            item.setdefault("_id", guid("item", f"{self.id}/{number}"))
        return self


class Site(Part):
    """The business that owns the site."""

    name: str = "Small Hours"
    email: str = "hello@smallhours.example.test"
    phone: str = "+1 555 0100"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    time_zone: str = "America/New_York"


class Respond(Part):
    """One call answered from the file, in place of the emulator's own answer."""

    method: Annotated[str, AfterValidator(str.upper)] = "GET"
    path: Annotated[str, AfterValidator(_origin_path)]
    """Exact, or with {names} that stand for one path segment each."""
    status: int = Field(200, ge=200, le=599)
    headers: dict[str, str] = Field(default_factory=dict)
    body: Annotated[Any, BeforeValidator(_json_ready)] = None
    """A text is sent as it is, anything else as JSON."""
    times: int | None = Field(None, ge=1)
    """How often before the emulator answers by itself again; None means always."""


class Data(Part):
    """All that the emulated site holds when it starts."""

    site: Site = Site()
    members: tuple[Member, ...] = ()
    products: tuple[Product, ...] = ()
    collections: tuple[Collection, ...] = ()
    services: tuple[Service, ...] = ()
    events: tuple[SiteEvent, ...] = ()
    plans: tuple[Plan, ...] = ()
    respond: tuple[Respond, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Data:
        for table, key in [
            ("members", "email"), ("members", "id"), ("products", "id"),
            ("products", "slug"), ("collections", "id"), ("services", "slug"),
            ("events", "slug"), ("plans", "slug"),
        ]:  # fmt: skip
            values = [str(getattr(entry, key)).lower() for entry in getattr(self, table)]
            twice = sorted({value for value in values if values.count(value) > 1})
            if twice:
                raise ValueError(f"{table}: {key} {twice[0]!r} is given twice")
        return self


def parse(raw: object) -> Data:
    """Return the data that `raw` describes, over the sample; raise DataError."""
    if not isinstance(raw, Mapping):
        raise DataError([_EXPECTED])
    try:
        return Data.model_validate({**dict(DEFAULT), **raw})
    except ValidationError as error:
        raise DataError([_problem(dict(each)) for each in error.errors()]) from None


def load(path: Path | str) -> Data:
    """Read a TOML or JSON file; raise DataError with the file's name in each problem."""
    path = Path(path)
    readers = {".toml": tomllib.loads, ".json": json.loads}
    if path.suffix not in readers:
        raise DataError([f"{path}: expected a file name that ends in .toml or .json"])
    try:
        raw = readers[path.suffix](path.read_text("utf-8"))
        return parse(raw)
    except OSError as error:
        raise DataError([f"{path}: {error.strerror}"]) from error
    except DataError as error:
        raise DataError([f"{path}: {problem}" for problem in error.problems]) from None
    except (ValueError, RecursionError) as error:
        raise DataError([f"{path}: {error}"]) from error


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a data file, for editors."""
    return Data.model_json_schema() | {"title": "The data of wixproxy's emulator"}


def _problem(error: dict[str, Any]) -> str:
    name = ""
    for part in error["loc"]:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    message = str(error["msg"])
    words = PROBLEM_WORDS.get(error["type"]) or message.removeprefix("Value error, ")
    return f"{name}: {words}" if name else words


def _sample() -> Data:
    text = Path(__file__).with_name("sample.toml").read_text("utf-8")
    return Data.model_validate(tomllib.loads(text))


DEFAULT = _sample()
