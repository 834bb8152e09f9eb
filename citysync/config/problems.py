"""What is wrong with the configuration: where it stands, what was seen there, and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from citysync.config.places import Key
from citysync.domain.errors import ConfigError

_SHOWN = 60
_SECRETISH = re.compile(
    r"pass|pwd|secret|token|signature|credential|authorization|cookie|api_?key|app_?key", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake; its text is one line: ``file:line: key: what was seen; remedy``."""

    file: str
    line: int
    key: str
    seen: str
    remedy: str

    def __str__(self) -> str:
        key = f" {self.key}:" if self.key else ""
        return f"{self.file}:{self.line}:{key} {self.seen}；{self.remedy}"


def refusal(what: str, problems: Iterable[Problem]) -> ConfigError:
    """Return the one error that lists every problem, each once, in the order of files and lines."""
    lines = sorted(set(problems))
    return ConfigError("\n".join([f"{what}有 {len(lines)} 处错误，没有连接任何网络：", *map(str, lines)]))


def nearest(word: str, words: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the word most like the one written, if any is."""
    by_fold = {other.lower(): other for other in words}
    found = get_close_matches(word.lower(), by_fold, n=1, cutoff=cutoff)
    return by_fold[found[0]] if found else None


def did_you_mean(word: str, words: Iterable[str], kind: str) -> str:
    """Return the remedy for a word nobody knows: the nearest one, else all there are."""
    known = sorted(words)
    near = nearest(word, known)
    if near is not None:
        return f"您是否要写 {near}？"
    return f"{kind}：{'、'.join(known)}" if known else f"请删去；这里没有{kind}"


def dotted(key: Key) -> str:
    """Return a key path as people write it; members of a list are counted from 1: ``exempt[1].until``."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            quoted = part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else json.dumps(part, ensure_ascii=False)
            text += f".{quoted}" if text else quoted
    return text


def secretish(key: Key) -> bool:
    """Return whether a value under this key might be a secret somebody wrote into the file by mistake."""
    private = any(isinstance(part, str) and _SECRETISH.search(part) for part in key)
    return private or ("auth" in key and key[-1] != "kind")


def shown(value: object, key: Key = ()) -> str:
    """Return a value as it may stand in a message: short, on one line, and never what might be a secret."""
    if secretish(key):
        return "（内容不显示）"
    if isinstance(value, dict | list | tuple):
        return "一个表 { … }" if isinstance(value, dict) else "一个列表 […]"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value}（没有加引号的数字）"
    if isinstance(value, str) and ("://" in value or key[-1:] == ("url",)):
        scheme, separator, _ = value.partition("://")
        return f"{scheme}://…" if separator else "（内容不显示）"  # an address may hold a password anywhere
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
