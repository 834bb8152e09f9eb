"""Why a row cannot be compared: one rule per reason, each saying in Chinese what to change where.

A rule sees each element twice, as sent (``sent(name)``) and as typed. Expressions over whole columns only.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from citysync.domain import codes, items
from citysync.domain.city import City
from citysync.domain.divisions import division_name
from citysync.domain.findings import REJECTIONS, no_rejections
from citysync.domain.items import Kind
from citysync.domain.renaming import suspicion
from citysync.domain.successions import told
from citysync.domain.vocabulary import VALUES, meaning
from schemas import casting, cleaning, values
from schemas.looks import Looks, read_whole

SENT = "sent:"
LINE_BROKEN = "line_broken"
WHOLE_CODE = "whole_code"  # the task_code as sent but for its folding: 31 or 33 characters

_COMPARED_TEXTS = ("task_name", "catalog_name", "by_law")
_CATALOG_CODE = "12 位基本编码"
_AS_TEXT = "文本格式的编码：单元格是数值格式，Excel 已丢失末位数字或前导零，请以文本格式重新导出"
_NESTED = r'^\s*(?:\{"|\[\{)'  # an object or a list of objects, as JSON
_TRIAL = r"^[\s\pP]*(?:测试|test|demo)(?:测试|事项|数据|用例?|项目|专用|请?勿删除?|请?勿办理?|[0-9a-z_\s\pP])*$"
_NATIONAL_CODE = "31 位实施编码或 33 位业务办理项编码"
# What a spreadsheet makes of a long code stored as a number. One digit stands before the point: a whole code whose
# eighteenth character is E has seventeen.
_IN_POWERS = r"^[0-9](?:\.[0-9]+)?[eE]\+?[0-9]{1,3}$"


def sent(name: str) -> pl.Expr:
    """Return a column as the city sent it."""
    return pl.col(SENT + name)


@dataclass(frozen=True)
class Rule:
    """One reason to reject a row: ``broken`` says where, ``expected`` what should stand there, ``hint`` what to do."""

    name: str
    field: str
    broken: pl.Expr
    expected: str
    hint: pl.Expr


def rules(
    city: City,
    regions: Sequence[str],
    columns: Sequence[str],
    split: Mapping[str, Sequence[str]],
    looks: Looks,
    unknown: Sequence[str] = (),
) -> tuple[Rule, ...]:
    """Return the rules that rows of a city may break.

    ``regions``: the divisions it answers for, itself first; ``columns``: the canonical columns its source has;
    ``split``: divisions that are no more → the several that followed; ``looks``: what was seen of its rows' columns;
    ``unknown``: its fields nobody mapped.
    """
    strange = values.unlisted(city, looks.distinct)
    found = (
        _broken_line(),
        _missing("task_code", city, WHOLE_CODE, _code_expected(city), strange),
        _malformed(city),
        _missing("task_name", city, "task_name", "事项名称", strange),
        _missing("task_type", city, "task_type", _listed("task_type", city), strange),
        *_unlisted(city, strange),
        _foreign(city, regions, split),
        *_local_rules(city, strange),
        *_damaged(city, columns),
        *_broken_texts(city, columns, looks),
    )
    lacking = {rule.field: _no_column(city, rule.field, unknown) for rule in found if rule.field not in columns}
    return tuple(replace(rule, hint=lacking[rule.field]) if rule.field in lacking else rule for rule in found)


def _no_column(city: City, name: str, unknown: Sequence[str]) -> pl.Expr:
    """Return the hint where the source has no such column at all: a row cannot be blamed for that."""
    theirs = city.fields.get(name, name)
    told = f"来源没有{_named(city, name)}这一列{suspicion(name, theirs, unknown)}"
    return pl.lit(f"{told}；请恢复该字段，或请省级管理员在 cities/{city.code}.toml 的 [fields] 中对应")


def rejections(rows: pl.DataFrame, broken: Sequence[Rule]) -> pl.DataFrame:
    """Return the frame REJECTIONS: one row per rejected row and broken rule, in the order of rows, then rules."""
    some = rows.select(rule.broken.any().alias(str(place)) for place, rule in enumerate(broken)).row(0)
    found = [rule for rule, any_row in zip(broken, some, strict=True) if any_row]
    parts = pl.collect_all([_rejected(rows.lazy().filter(rule.broken), rule) for rule in found])
    return _each_line_once(pl.concat([no_rejections(), *parts])).sort("row_no", "rule", "field")


def _each_line_once(found: pl.DataFrame) -> pl.DataFrame:
    """Return rejections in which a line that could not be read is told once: what else it lacks says nothing."""
    unread = found.filter(pl.col("rule") == LINE_BROKEN).with_columns(task_code=pl.lit(None, pl.String))
    if unread.is_empty():
        return found
    return pl.concat([unread, found.join(unread, on="row_no", how="anti")])


def task_code_pattern(city: City) -> str:
    """Return what the whole of a city's task_code must match."""
    return codes.TASK_CODE_OR_HANDLE_ITEM if city.codes.pattern is None else f"^(?:{city.codes.pattern})$"


def _rejected(rows: pl.LazyFrame, rule: Rule) -> pl.LazyFrame:
    return rows.select(
        row_no="row_no",
        task_code=WHOLE_CODE,
        field=pl.lit(rule.field),
        rule=pl.lit(rule.name),
        value=sent(rule.field),
        expected=pl.lit(rule.expected),
        hint=rule.hint,
    ).cast(pl.Schema(REJECTIONS))


def _broken_line() -> Rule:
    """Return the rule on a line of a file that is no whole record (``bad_lines = "reject"``)."""
    hint = pl.lit("请市里检查导出程序，使每一行都是一个完整的 JSON 对象后重新导出")
    return Rule(LINE_BROKEN, "task_code", sent("task_code").str.starts_with(items.BROKEN), "完整的一行", hint)


def _missing(field: str, city: City, typed: str, expected: str, strange: Mapping[str, pl.Series]) -> Rule:
    nothing = pl.col(typed).is_null()
    if field in strange:
        nothing &= ~_one_of(field, strange[field])
    hint = pl.format("请在来源系统中为第 {} 行补填{}", "row_no", pl.lit(_named(city, field)))
    return Rule(f"{field}_missing", field, nothing, expected, hint)


def _one_of(field: str, texts: pl.Series) -> pl.Expr:
    return sent(field).is_in(texts.implode()).fill_null(value=False)


def _malformed(city: City) -> Rule:
    code, expected = pl.col(WHOLE_CODE), _code_expected(city)
    unmarked = unicodedata.normalize("NFKC", items.NUMERIC)  # as folding leaves it
    advice = (
        pl.when(code.str.contains(_IN_POWERS))
        .then(pl.lit("：编码已被表格软件改成科学计数法，请把该列设为文本格式、重新填写后导出"))
        .when(code.str.ends_with(unmarked))
        .then(pl.lit("：单元格是数值格式，Excel 已丢失末位数字或前导零，请以文本格式重新导出"))
        .when(code.str.contains("[\u2400-\u2421]"))
        .then(pl.lit("：编码中有控制字符（␀ 等），请在源系统中清除"))
        .when(code.str.contains("[a-z]"))
        .then(pl.lit("：字母须大写"))
        .otherwise(pl.format("，现为 {} 位", code.str.len_chars()))
    )
    hint = pl.concat_str(_change(city, "task_code", expected), advice)
    return Rule("task_code_malformed", "task_code", ~code.str.contains(task_code_pattern(city)), expected, hint)


def _code_expected(city: City) -> str:
    return _NATIONAL_CODE if city.codes.pattern is None else f"符合 {city.codes.pattern} 的实施编码"


def _unlisted(city: City, strange: Mapping[str, pl.Series]) -> Iterator[Rule]:
    for name, texts in strange.items():
        advice = (
            f"下列值之一：{_choices(name, city)}；若该值在本市另有含义，"
            f"请省级管理员在 cities/{city.code}.toml 的 [values.{name}] 中列明"
        )
        yield Rule("value_unlisted", name, _one_of(name, texts), _listed(name, city), _change(city, name, advice))


def _listed(name: str, city: City) -> str:
    return ",".join(values.table_of(name, city) or ())


def _choices(name: str, city: City) -> str:
    if name not in city.values:
        return "、".join(meaning(name, value) for value in VALUES[name])
    labels = VALUES.get(name, {})
    return "、".join(f"{value}（{labels.get(ours, ours) or '空'}）" for value, ours in city.values[name].items())


def _foreign(city: City, regions: Sequence[str], split: Mapping[str, Sequence[str]]) -> Rule:
    names = "、".join(f"{code}（{city.name if code == city.code else division_name(code)}）" for code in regions)
    broken = ~pl.col("areacode").is_in(list(regions))
    choices = {
        old: f"，请按实际办理地填写其中之一：{told(old)}" for old, parts in split.items() if {*parts} & {*regions}
    }
    division = pl.col("areacode").str.head(6)
    parts = division.replace_strict(choices, default="", return_dtype=pl.String)
    hint = pl.concat_str(_change(city, "areacode", names), parts)
    return Rule("areacode_foreign", "areacode", broken, ",".join(regions), hint)


def _local_rules(city: City, strange: Mapping[str, pl.Series]) -> list[Rule]:
    if city.codes.scheme != "local":
        return []
    code = pl.col("catalog_code")
    zeros = pl.when(code.str.contains("^[0-9]{1,11}$")).then(pl.format("，疑似丢失前导零：{}", code.str.zfill(12)))
    hint = pl.concat_str(_change(city, "catalog_code", _CATALOG_CODE), zeros.otherwise(pl.lit("")))
    return [
        _missing("catalog_code", city, "catalog_code", _CATALOG_CODE, strange),
        Rule("catalog_code_malformed", "catalog_code", ~code.str.contains(codes.CATALOG_CODE), _CATALOG_CODE, hint),
    ]


def _damaged(city: City, columns: Sequence[str]) -> Iterator[Rule]:
    """Yield a rule per code column but the first: what a spreadsheet made a number of is never compared."""
    for name in columns:
        if items.COLUMNS[name].kind is Kind.CODE and name != "task_code":
            broken = sent(name).str.contains(_IN_POWERS) | sent(name).str.ends_with(items.NUMERIC)
            yield Rule("code_damaged", name, broken, "文本格式的编码", _change(city, name, _AS_TEXT))


def _broken_texts(city: City, columns: Sequence[str], looks: Looks) -> Iterator[Rule]:
    """Yield the rules on texts that are compared with the master: read wrongly, built otherwise, or a trial."""
    for name in (each for each in _COMPARED_TEXTS if each in columns):
        advice = _change(city, name, "原文：现为乱码，是在某处按错误的编码读取所致，请统一以 UTF-8 导出")
        stands = read_whole(name, city) and name not in looks.odd
        garbled = cleaning.quietly_garbled if stands else cleaning.garbled
        yield Rule("text_garbled", name, garbled(sent(name)), "可读的文字", advice)
        nested = _change(city, name, "一段文本：现为对象或列表，接口结构可能已变更")
        yield Rule("value_nested", name, sent(name).str.contains(_NESTED), "文本", nested)
    trial = casting.stripped(pl.col("task_name")).str.to_lowercase().str.contains(_TRIAL)
    advice = pl.format("请在来源系统中删除第 {} 行测试数据，或改为正式名称", "row_no")
    yield Rule("test_data", "task_name", trial, "正式事项", advice)


def _change(city: City, field: str, into: str) -> pl.Expr:
    return pl.format("请在来源系统中把第 {} 行{}改为 {}", "row_no", pl.lit(_named(city, field)), pl.lit(into))


def _named(city: City, field: str) -> str:
    theirs = city.fields.get(field, field)
    return f"“{items.label(field)}”" + (f"（字段 {theirs}）" if theirs != field else "")
