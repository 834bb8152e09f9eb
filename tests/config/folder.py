"""A cities folder to write to: one good city file, and ways to break it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from citysync.config.cities import Cities, load_cities
from citysync.domain.city import SourceBase
from citysync.domain.errors import ConfigError
from citysync.domain.strict import Strict

GOOD = """\
name = "韶州市"
code = "440299"

[source]
connector = "pages"
url = "https://zwfw.shaozhou.example/api/items"
page_size = 100
"""
NAMES = ("pages", "files")


class Ok(Strict):
    path: str
    equals: str


class Pages(SourceBase):
    """What a connector that pages through HTTP would ask for."""

    url: str
    page_size: int = Field(default=100, ge=1)
    method: Literal["GET", "POST"] = "GET"
    params: dict[str, str] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)
    ok: Ok | None = None


class Files(SourceBase):
    path: str | None = None
    manifest: str | None = None
    url: str | None = None


def model_of(name: str) -> type[SourceBase] | None:
    models: dict[str, type[SourceBase]] = {"pages": Pages, "files": Files}
    return models.get(name)


def write(folder: Path, text: str | bytes, name: str = "440299.toml") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def loaded(folder: Path) -> Cities:
    return load_cities(folder, model_of, NAMES)


def refused(folder: Path) -> list[str]:
    """Return the lines of the refusal below its heading, without the folder in front."""
    with pytest.raises(ConfigError) as caught:
        loaded(folder)
    return [line.removeprefix(f"{folder}/") for line in str(caught.value).splitlines()[1:]]
