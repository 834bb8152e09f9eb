"""What pydantic found wrong, in words an operator can act on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from citysync.config.places import Key
from citysync.config.problems import did_you_mean, nearest, shown
from citysync.domain.city import City

_TYPES = {  # pydantic's word → what is wanted, and an example of it
    "string_type": ("文字", '加英文双引号，如 "440300"'),
    "int_type": ("整数", "不加引号，如 100"),
    "int_from_float": ("整数", "不带小数，如 100"),
    "int_parsing": ("整数", "如 4"),
    "float_type": ("数字", "不加引号，如 0.01"),
    "bool_type": ("真假", "写作 true 或 false，不加引号"),
    "date_type": ("日期", "写作 2026-12-31，不加引号，不带时间"),
    "tuple_type": ("列表", '写作 ["…", "…"]'),
    "list_type": ("列表", '写作 ["…", "…"]'),
    "dict_type": ("一个表", '写作 { 键 = "值" } 或另起一行 [表名]'),
    "model_type": ("一个表", "写作 { 键 = 值 } 或另起一行 [表名]"),
    "model_attributes_type": ("一个表", "写作 { 键 = 值 } 或另起一行 [表名]"),
}
_PATTERNS = {
    r"^[0-9]{6}$": (" 6 位行政区划代码", '如 "440300"'),
    r"^[0-9A-Z]{12}$": (" 12 位基本编码", '数字和大写字母，如 "440106043001"'),
    r"^[A-Za-z][A-Za-z0-9_]*$": (
        "环境变量名",
        "这里写变量的名字，如 CITYSYNC_SECRET_440300；密码本身放进环境变量或 CITYSYNC_SECRETS_DIR",
    ),
}
_LIMITS = {
    "greater_than_equal": ("ge", "不小于"),
    "greater_than": ("gt", "大于"),
    "less_than_equal": ("le", "不大于"),
    "less_than": ("lt", "小于"),
}


def phrase(error: ErrorDetails, key: Key) -> tuple[str, str]:
    """Return what was seen and the remedy; anything not listed here is told in pydantic's own words."""
    kind, seen = error["type"], shown(error["input"], key)
    facts: Mapping[str, Any] = error.get("ctx", {})
    if kind in _TYPES:
        wanted, remedy = _TYPES[kind]
        return f"应为{wanted}，看到 {seen}", remedy
    if kind in _LIMITS:
        name, word = _LIMITS[kind]
        return f"超出范围，看到 {error['input']}", f"应{word} {facts[name]}"
    if kind == "string_pattern_mismatch" and facts["pattern"] in _PATTERNS:
        wanted, remedy = _PATTERNS[facts["pattern"]]
        return f"应为{wanted}，看到 {seen}", remedy
    if kind == "missing" and isinstance(key[-1], int):
        return f"列表缺少第 {key[-1] + 1} 个值", "请核对列表中应有几个值"
    told = {
        "missing": ("缺少必填的键", f"请加上 {key[-1]} = …"),
        "literal_error": (f"没有这个选项，看到 {seen}", _options(str(facts.get("expected")))),
        "string_too_short": ("内容为空", "请填写，或删去这个键"),
        "too_short": (f"个数不对，看到 {facts.get('actual_length')} 个", "请核对列表中应有几个值"),
        "too_long": (f"个数不对，看到 {facts.get('actual_length')} 个", "请核对列表中应有几个值"),
        "value_error": (f"看到 {seen}", str(facts.get("error"))),
    }
    return told.get(kind, (f"{error['msg']}，看到 {seen}", "请改正"))


def _options(listed: str) -> str:
    return "可选：" + listed.replace(" or ", "、").replace(", ", "、").replace("'", '"')


def unknown_key(model: type[BaseModel], at: Key, inside: Key) -> tuple[str, str]:
    """Return the words for a key the model does not have: the nearest one, or where the key belongs.

    ``at``: where the model stands in the file; ``inside``: the key below that.
    """
    word, table = str(inside[-1]), (*at, *inside)[0]
    known = fields_at(model, inside[:-1])
    if len(at + inside) > 1 and nearest(word, known) is None and word in City.model_fields:
        return "不认识的键", f"{word} 是顶层的键，请移到第一个 [表] 之前，不要写在 [{table}] 之下"
    return "不认识的键", did_you_mean(word, known, "可用的键")


def fields_at(model: type[BaseModel], path: Key) -> tuple[str, ...]:
    """Return the keys a model allows at a path inside it; none where it is no table of fixed keys."""
    for part in path:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = next(_models(field.annotation), None) if field else None
        if inner is None:
            return ()
        model = inner
    return tuple(field.alias or name for name, field in model.model_fields.items())


def real_key(tree: object, location: tuple[str | int, ...], *, missing: bool) -> Key:
    """Return pydantic's location as a path in the file: names of union branches and of validators are left out."""
    key: list[str | int] = []
    for place, part in enumerate(location):
        if _holds(tree, part):
            tree = tree[part]  # type: ignore[index]
        elif not (missing and place == len(location) - 1):
            continue
        key.append(part)
    return tuple(key)


def _holds(tree: object, part: str | int) -> bool:
    if isinstance(tree, list | tuple):
        return isinstance(part, int) and part < len(tree)
    return isinstance(tree, dict) and part in tree


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
