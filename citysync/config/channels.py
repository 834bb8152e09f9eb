"""The channels alerts go out by: ``_channels.toml`` in the folder of city files. Without the file nobody is told."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from pathlib import Path

from pydantic import ValidationError

from citysync.config.problems import did_you_mean
from citysync.domain.channel import Channels
from citysync.domain.errors import ConfigError

FILE = "_channels.toml"


def load_channels(folder: Path, kinds: Collection[str]) -> Channels:
    """Return the channels of a folder of city files; raise ``ConfigError`` that names file, key and remedy.

    ``kinds``: the channels there are code for.
    """
    path = folder / FILE
    if not path.is_file():
        return Channels()
    try:
        found = Channels(**tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}：TOML 写法有误：{error}") from error
    except ValidationError as error:
        wrong = "；".join(
            f"{'.'.join(map(str, each['loc'])) or '文件'}：{each['msg']}"
            for each in error.errors(include_url=False, include_input=False)
        )
        raise ConfigError(f"{path}：{wrong}；写法见 docs/alerts.md") from None  # the cause would quote what was written
    for each in found.channel:
        if each.kind not in kinds:
            remedy = did_you_mean(each.kind, tuple(kinds), "可用的渠道")
            raise ConfigError(f"{path}：渠道 {each.name} 的 kind = {each.kind!r} 没有对应的程序；{remedy}")
    return found
