"""The master catalogue pulled from a source described in TOML, with the same connectors as a city's directory."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from citysync.config.settings import Settings
from citysync.domain.catalogue import MASTER
from citysync.domain.city import City, SourceBase
from citysync.domain.errors import ConfigError, MasterError
from citysync.domain.snapshot import Grade, Snapshot
from citysync.domain.strict import Strict
from citysync.storage import pages
from connectors import names, pull, source_model
from connectors._door import Door

Record = Mapping[str, str | None]


class MasterSource(Strict):
    """The file: ``name``, ``[source]`` as in a city file, and optionally ``[fields]``, ``ignore``, ``[values.X]``."""

    name: str = "省级基本目录"
    source: dict[str, Any]
    fields: dict[str, str] = Field(default_factory=dict)
    ignore: tuple[str, ...] = Field(default=(), strict=False)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)


def master_records(path: Path, settings: Settings) -> list[Record]:
    """Return the catalogue's rows from the source a TOML file describes.

    Raises ConfigError for the file, SourceError where the source did not answer, MasterError where what it gave is
    contradicted (grade X) or holds a value its own ``[values.X]`` does not list.
    """
    described, source = _described(path)
    fields = {ours: theirs for ours, theirs in described.fields.items() if ours in MASTER}
    city = City(code="440000", name=described.name, source=source, fields=fields, ignore=described.ignore)
    snapshot = pull(city, _door(settings))
    if snapshot.certificate.grade is Grade.X:
        raise MasterError(f"{path}：目录不完整，未导入：{'；'.join(snapshot.certificate.problems)}")
    return [_meant(row, described.values, path) for row in _rows(snapshot)]


def _described(path: Path) -> tuple[MasterSource, SourceBase]:
    try:
        described = MasterSource(**tomllib.loads(path.read_text(encoding="utf-8")))
        connector = str(described.source.get("connector"))
        model = source_model(connector)
        if model is None:
            raise ConfigError(f"{path}：source.connector：没有连接器 {connector}；可用：{'、'.join(names())}")
        given = dict(described.source)
        if "path" in given:  # relative paths stay relative to the file, as in a city file
            given["path"] = str(path.absolute().parent / str(given["path"]))
        return described, model(**given)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}：TOML 写法有误：{error}") from error
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        wrong = "；".join(f"{'.'.join(map(str, each['loc']))}：{each['msg']}" for each in found)
        raise ConfigError(f"{path}：{wrong}") from None  # the cause would quote what was written


def _door(settings: Settings) -> Door:
    def now() -> datetime:
        return datetime.now(UTC)

    return Door(
        keep=lambda data, number, url: pages.keep(settings.data_dir, data, number, url, now()),
        secret=settings.secrets().get,
        now=now,
        monotonic=time.monotonic,
        progress=lambda _text: None,
        columns=tuple(MASTER),
    )


def _rows(snapshot: Snapshot) -> list[dict[str, str | None]]:
    return snapshot.rows.drop("row_no", "page_no").to_dicts()


def _meant(row: dict[str, str | None], values: Mapping[str, Mapping[str, str]], path: Path) -> Record:
    meant = dict(row)
    for column, meanings in values.items():
        sent = row.get(column)
        if sent is not None and sent not in meanings:
            raise MasterError(f"{path}：[values.{column}] 没有列出 {sent}；请补充后重新导入")
        meant[column] = None if sent is None else meanings[sent]
    return meant
