"""What every section of probes.yaml is: a mapping whose unknown keys are mistakes."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.config.tree import BLANK


def written(value: Any, text: str) -> Any:
    """A field whose default is `value`, shown in the JSON Schema as an operator writes it."""
    return Field(default=value, json_schema_extra={"default": text})


class Section(BaseModel):
    """A mapping of probes.yaml. Unknown keys are mistakes; a section after which nothing stands is absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    later: ClassVar[frozenset[str]] = frozenset()
    """Keys of the public face that this version refuses with "not yet"."""

    @model_validator(mode="before")
    @classmethod
    def _drop_blank_sections(cls, data: Any) -> Any:
        """`receivers:` with everything under it commented out says nothing."""
        if not isinstance(data, dict) or BLANK not in data.values():
            return data
        empty = {key for key, field in cls.model_fields.items() if field.default_factory is not None}
        return {key: value for key, value in data.items() if value is not BLANK or key not in empty}
