"""Describe `wixproxy.toml` as JSON Schema, for editors and for `check --schema`."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from .model import Config


class _TomlSchema(GenerateJsonSchema):
    """TOML has no null: an option without a value is left out."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        # A table's default repeats those of its options, and would hold the nulls.
        default = described.get("default")
        if default is None or isinstance(default, dict):
            described.pop("default", None)
        return described


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the configuration file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Config.model_json_schema(schema_generator=_TomlSchema),
        "title": "The configuration of wixproxy",
    }
