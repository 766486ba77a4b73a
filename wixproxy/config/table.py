"""Name the kinds of values that options have, and what a table of them is.

Law: a value is judged and made canonical while it is read, by a function of
`values`. Types are strict, because a `port = true` is a mistake and not the
number 1. A list within an entry may come as JSON gives it.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    WithJsonSchema,
)

from ..sansio.redaction import Secret
from . import values

# What a secret looks like in the file; it is resolved before the model sees it.
SECRET_SCHEMA: dict[str, object] = {
    "anyOf": [
        {"type": "string"},
        *(
            {
                "type": "object",
                "properties": {name: {"type": "string"}},
                "required": [name],
                "additionalProperties": False,
            }
            for name in ("value", "env", "file")
        ),
    ]
}

SecretOption = Annotated[Secret, WithJsonSchema(SECRET_SCHEMA)]
BackendSecret = Annotated[
    Secret, AfterValidator(values.backend_secret), WithJsonSchema(SECRET_SCHEMA)
]
SessionKey = Annotated[Secret, AfterValidator(values.session_key), WithJsonSchema(SECRET_SCHEMA)]
RedisURL = Annotated[Secret, AfterValidator(values.redis_url), WithJsonSchema(SECRET_SCHEMA)]
PublicURLText = Annotated[str, AfterValidator(values.public_url)]
OriginText = Annotated[str, AfterValidator(values.origin)]
UpstreamText = Annotated[str, AfterValidator(values.upstream_url)]
BrowserOrigin = Annotated[str, AfterValidator(values.browser_origin)]
AuthorityText = Annotated[str, AfterValidator(values.authority)]
HostText = Annotated[str, AfterValidator(values.host)]
GuidText = Annotated[str, AfterValidator(values.guid)]
CallRule = Annotated[str, AfterValidator(values.call_rule)]
FrontendPath = Annotated[str, AfterValidator(values.frontend_path)]
CallbackPath = Annotated[str, AfterValidator(values.callback_path)]
PublicKeyText = Annotated[str, AfterValidator(values.public_key)]
ListenText = Annotated[str, AfterValidator(values.listen_address)]
CallerText = Annotated[str, AfterValidator(values.caller)]
ExtensionId = Annotated[str, AfterValidator(values.extension_id)]
JsonObject = Annotated[dict[str, Any], AfterValidator(values.json_object)]
CommandWords = Annotated[tuple[str, ...], AfterValidator(values.command)]
EntryTexts = Annotated[tuple[str, ...], Strict(False)]
PagesUrlText = Annotated[str, AfterValidator(values.pages_url)]
PathText = Annotated[str, Field(min_length=1)]
Port = Annotated[int, Field(ge=1, le=65_535)]
Workers = Annotated[int, Field(ge=1, le=256)]
Positive = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
PositiveSeconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Table(BaseModel):
    """One table of the configuration file."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )
