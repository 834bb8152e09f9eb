"""The province's targets: ``_targets.toml`` in the folder of city files, one ``[[target]]`` per figure and day."""

from __future__ import annotations

import tomllib
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator

from citysync.domain.errors import ConfigError
from citysync.domain.figures import MEASURES
from citysync.domain.strict import Strict

FILE = "_targets.toml"


class TargetEntry(Strict):
    """One target: ``measure`` is a figure's name, ``percent`` what it should reach (0 to 100), ``by`` the day."""

    measure: str
    percent: Annotated[Fraction, Field(ge=0, le=100)]
    by: date
    document: str = ""

    @field_validator("percent", mode="before")
    @classmethod
    def _exact(cls, value: object) -> object:
        """Read 95.98 as 9598/100: a float would be a little off, and somebody would miss a target by that."""
        return Fraction(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value

    @field_validator("measure")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in MEASURES:
            raise ValueError(f"没有名为 {value} 的指标；可用：{'、'.join(MEASURES)}")
        return value


class _Targets(Strict):
    target: Annotated[tuple[TargetEntry, ...], Field(strict=False)] = ()


def load_targets(folder: Path) -> tuple[TargetEntry, ...]:
    """Return the targets of a folder of city files, none without the file; raise ``ConfigError`` for a wrong one."""
    path = folder / FILE
    if not path.is_file():
        return ()
    try:
        return _Targets(**tomllib.loads(path.read_text(encoding="utf-8"))).target
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}：TOML 写法有误：{error}") from error
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        wrong = "；".join(f"{'.'.join(map(str, each['loc']))}：{each['msg']}" for each in found)
        raise ConfigError(f"{path}：{wrong}；写法见 docs/figures.md") from None
