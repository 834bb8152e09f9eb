"""What a city file must keep beyond the types of its keys: names of columns, meanings of values, no secrets inside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain

from citysync.config.documents import Table
from citysync.config.places import Key
from citysync.config.problems import did_you_mean, shown
from citysync.domain import items
from citysync.domain.vocabulary import VALUES

Fact = tuple[Key, str, str]  # key, what was seen, remedy

_AUTH = 'auth = { kind = "basic", secret = "CITYSYNC_SECRET_…" }'
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_PASSWORD = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#@:]*:(?![0-9]*(?:[/?#]|$))[^@]*@")
_USER = re.compile(r"^https?://[^/?#]*@", re.IGNORECASE)
_INLINE = r"password|passwd|pwd|(?:app_?|client_?)?secret|(?:access_?|x-|x-access-)?token|(?:x-)?api[_-]?key|signature"
_SECRET_QUERY = re.compile(rf"[?&;](?:{_INLINE})=[^&]", re.IGNORECASE)
_SECRET_NAME = re.compile(rf"(?:{_INLINE}|(?:proxy-)?authorization|cookie)", re.IGNORECASE)
_LOOK_AROUND = re.compile(r"\(\?<?[=!]|\\[1-9]|\(\?P=")


def facts(tree: Table) -> Iterator[Fact]:
    """Yield everything wrong with a city's merged table; values of a wrong type are left to the models."""
    return chain.from_iterable(rule(tree) for rule in _RULES)


def _fields(tree: Table) -> Iterator[Fact]:
    for column, field in _table(tree, "fields").items():
        yield from _column(("fields", column))
        if field == "":
            yield ("fields", column), "内容为空", "写本市的字段名；本市没有这个字段就删去这一行"


def _values(tree: Table) -> Iterator[Fact]:
    for column, meanings in _table(tree, "values").items():
        yield from _column(("values", column))
        for sent, ours in meanings.items() if isinstance(meanings, dict) else ():
            yield from _meaning(column, str(sent), ours)


def _column(key: Key) -> Iterator[Fact]:
    name = str(key[-1])
    if name in items.COLUMNS:
        return
    if name in items.HEADINGS:
        yield key, f"{name} 不是标准字段名", f"请写 {items.HEADINGS[name]}（左边是我方字段名，右边是本市的）"
    else:
        yield key, f"{name} 不是标准字段名", did_you_mean(name, items.NAMES, "标准字段名")


def _meaning(column: str, sent: str, ours: object) -> Iterator[Fact]:
    """Refuse a meaning outside the national list: it would reject every row that sends the value."""
    listed = VALUES.get(column)
    if listed is None or not isinstance(ours, str):
        return
    several = items.COLUMNS[column].kind is items.Kind.CHOICES
    strangers = [code for code in (ours.split(",") if several else [ours]) if code not in listed and ours != ""]
    if strangers:
        words = "、".join(f"{code} {label}" for code, label in listed.items())
        yield ("values", column, sent), f"含义 {shown(ours)} 不在国家标准值中", f'可写：{words}；"" 表示空'


def _pattern(tree: Table) -> Iterator[Fact]:
    pattern = _table(tree, "codes").get("pattern")
    if not isinstance(pattern, str):
        return
    try:
        re.compile(pattern)
    except re.error as error:
        yield ("codes", "pattern"), f"正则表达式写法不对：{error}", "如 ^[0-9A-Z]{20}$，用单引号括起"
    if _LOOK_AROUND.search(pattern):
        yield ("codes", "pattern"), "正则表达式用了环视或反向引用", "换成普通写法，如 ^[0-9A-Z]{20}$"


def _bounds(tree: Table) -> Iterator[Fact]:
    expect = _table(tree, "expect")
    least, most = expect.get("min_items"), expect.get("max_items")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield ("expect", "min_items"), f"min_items {least} 大于 max_items {most}", "两者对调或改正其中一个"


def _counties(tree: Table) -> Iterator[Fact]:
    counties = tree.get("counties")
    if isinstance(counties, list):
        for place, code in enumerate(counties):
            if code in counties[:place]:
                yield ("counties", place), f"{shown(code)} 写了两次", "删去其中一个"


def _texts(tree: Table) -> Iterator[Fact]:
    """No line break may slip into a header, a parameter or an address."""
    for key, value in _leaves(tree.get("source"), ("source",)):
        if any(_CONTROL.search(text) for text in (value, str(key[-1]))):
            yield key, "文字中有换行或控制字符", "删去换行和看不见的字符"


def _addresses(tree: Table) -> Iterator[Fact]:
    for key, value in _leaves(tree.get("source"), ("source",)):
        if _PASSWORD.search(value) or ("://" in value and _SECRET_QUERY.search(value)):
            yield key, "地址中写了密码或令牌（内容不显示）", f"密码请用 auth.secret，如 {_AUTH}"
        elif _USER.search(value):
            yield key, "地址中写了用户名", f'用户名请写进 auth，如 {_AUTH[:-2]}, user = "…" }}'


def _inline_secrets(tree: Table) -> Iterator[Fact]:
    for name in ("params", "headers", "body"):
        for key, value in _leaves(_table(tree, "source").get(name), ("source", name)):
            if value and _SECRET_NAME.fullmatch(str(key[-1])):
                yield key, "像是写了密码或令牌（内容不显示）", f"密码请用 auth.secret，如 {_AUTH}"


def _table(tree: Table, name: str) -> Table:
    value = tree.get(name)
    return value if isinstance(value, dict) else {}


def _leaves(value: object, key: Key) -> Iterator[tuple[Key, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*key, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _leaves(inner, (*key, place))


_RULES: tuple[Callable[[Table], Iterator[Fact]], ...] = (
    _fields,
    _values,
    _pattern,
    _bounds,
    _counties,
    _texts,
    _addresses,
    _inline_secrets,
)
