"""The base of everything read from a city file: an unknown key or a value of another type is refused, never bent."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Base of everything read from a city file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
