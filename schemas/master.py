"""The pandera model of the master catalogue (基本目录), and the way into it from a file's records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter

import pandera.polars as pa
import polars as pl

from citysync.domain import codes
from citysync.domain.catalogue import MASTER
from citysync.domain.errors import MasterError
from citysync.domain.vocabulary import VALUES, meaning
from schemas import casting
from schemas.headings import REQUIRED, Column, columns_of, master_label, text_of
from schemas.proof import prove, refuse_blind_pandera

SHOWN = 20  # errors told in one message; the rest are counted

_CODES = ("catalog_code", "parent_code")
_NUMBERS = ("limit_scene_num", "task_version")
_DATES = ("plan_effective_date", "plan_cancel_date")
_LISTS = {"use_level": "^[1-6]$", "applies_to": codes.DIVISION}
_BRACKETS = r"[\[\]\"'\s]"  # of a JSON list written as text
_ROW = "row_no"
_LONG = 60

_TYPES = "、".join(meaning("task_type", value) for value in VALUES["task_type"])
_REMEDIES = {
    "catalog_code": "请改为 12 位数字或大写字母的基本编码；若被表格软件改成科学计数法，请把该列设为文本格式",
    "parent_code": "请改为主项的 12 位基本编码，或留空",
    "task_type": f"请改为 {_TYPES} 之一",
    "use_level": "请写成 2,3,4 的样子（1 国家级 … 6 村级），并把该列设为文本格式",
    "applies_to": "请写 6 位行政区划代码，多个以逗号分隔；适用全省则留空",
    "limit_scene_num": "请改为 0 或正整数，或留空",
    "task_version": "请改为整数，或留空",
    "plan_effective_date": "请写成 2026-01-31 的样子，或留空",
    "plan_cancel_date": "请写成 2026-01-31 的样子，或留空",
}


def _each(pattern: str, name: str) -> pa.Check:
    def listed(data: pa.PolarsData) -> pl.LazyFrame:
        members = pl.col(data.key)
        known = members.list.eval(pl.element().str.contains(pattern)).list.all()
        return data.lazyframe.select(known & (members.list.unique().list.sort() == members))

    return pa.Check(listed, name=name)


_CHECKS = {
    "catalog_code": pa.Check.str_matches(codes.CATALOG_CODE),
    "parent_code": pa.Check.str_matches(codes.CATALOG_CODE),
    "task_type": pa.Check.isin(list(VALUES["task_type"])),
    "limit_scene_num": pa.Check.ge(0),
    "task_version": pa.Check.ge(0),
    **{name: _each(pattern, "each_member") for name, pattern in _LISTS.items()},
}

Master = pa.DataFrameSchema(
    {
        name: pa.Column(
            dtype, _CHECKS.get(name), nullable=name not in (*REQUIRED, *_LISTS), unique=name == "catalog_code"
        )
        for name, dtype in MASTER.items()
    },
    name="Master",
    strict=True,
    ordered=True,
)


def typed_master(records: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Return the frame MASTER, in the order of codes, from a file's records.

    Headings are canonical names or Chinese labels. Lists are sorted and each member stands once; an item that names
    itself as its parent has none. Raises MasterError, naming up to 20 places with what to change, if the catalogue is
    empty, lacks a column, has one nobody knows, a value nobody can read, or a code twice with different content.
    """
    refuse_blind_pandera()
    rows = _as_text(records, columns_of(records)) if _any_value(records) else pl.DataFrame()
    if rows.is_empty():
        raise MasterError("基本目录为空：没有任何事项；请检查文件或接口是否导出完整，不会以空目录核对各市")
    typed = rows.select(_ROW, *(_typed(name) for name in MASTER)).with_columns(_own_parent_is_none())
    _refuse(list(_problems(rows, typed)))
    once = typed.unique(list(MASTER), keep="first", maintain_order=True)
    _refuse(list(_contradictions(once)))
    return prove(once.select(list(MASTER)).sort("catalog_code"), Master)


def master_changes(before: pl.DataFrame, after: pl.DataFrame) -> frozenset[str]:
    """Return the codes added, altered in any column, or dropped between two MASTER frames.

    The order of a list's members says nothing, and a null list is an empty one.
    """
    there, here = _comparable(before), _comparable(after)
    both = there.join(here, on="catalog_code", how="full", suffix="_after", coalesce=True, validate="1:1")
    differs = [pl.col(name).ne_missing(pl.col(f"{name}_after")) for name in there.columns if name != "catalog_code"]
    return frozenset(both.filter(pl.any_horizontal(differs))["catalog_code"])


def _comparable(items: pl.DataFrame) -> pl.DataFrame:
    """Return a MASTER frame with lists as texts, and a mark by which a row that is there differs from none."""
    lists = [pl.col(name).list.unique().list.sort().list.join(",").fill_null("") for name in _LISTS]
    return items.select(list(MASTER)).with_columns(*lists, there=pl.lit(True))


def _any_value(records: Sequence[Mapping[str, object]]) -> bool:
    return any((text_of(cell) or "").strip() for record in records for cell in record.values())


def _as_text(records: Sequence[Mapping[str, object]], columns: Sequence[Column]) -> pl.DataFrame:
    """Return every MASTER column as text, rows numbered as in the file; rows without any value left out."""
    found = {column.name: column.heading for column in columns}
    texts = {name: [text_of(row.get(found[name])) for row in records] for name in found}
    nothing = [None] * len(records)
    frame = pl.DataFrame(
        {_ROW: range(1, len(records) + 1), **{name: texts.get(name, nothing) for name in MASTER}},
        schema={_ROW: pl.Int64(), **dict.fromkeys(MASTER, pl.String())},
    )
    return frame.filter(pl.any_horizontal(casting.stripped(pl.col(name)).is_not_null() for name in MASTER))


def _typed(name: str) -> pl.Expr:
    text = casting.stripped(pl.col(name))
    if name in _LISTS:
        return _members(text).list.unique().list.sort().alias(name)
    if name in _CODES:
        return casting.code(text).alias(name)
    if name in _NUMBERS:
        return casting.integer(text).alias(name)
    return (casting.day(text) if name in _DATES else text).alias(name)


def _members(text: pl.Expr) -> pl.Expr:
    plain = text.str.replace_all(_BRACKETS, "").str.replace_all(casting.SEPARATORS, ",")
    return plain.fill_null("").str.split(",").list.eval(pl.element().filter(pl.element() != ""))


def _own_parent_is_none() -> pl.Expr:
    own = pl.col("parent_code").eq_missing(pl.col("catalog_code"))
    return pl.when(~own).then("parent_code").alias("parent_code")


def _problems(rows: pl.DataFrame, typed: pl.DataFrame) -> Iterator[tuple[int, str]]:
    """Yield (row, what is wrong) of every value that is missing or cannot be read."""
    both = rows.select(_ROW, pl.exclude(_ROW).name.prefix("sent:")).join(typed, on=_ROW)
    for name in MASTER:
        sent = pl.col(f"sent:{name}")
        if name in REQUIRED:
            for (row,) in both.filter(casting.stripped(sent).is_null()).select(_ROW).iter_rows():
                yield row, f"第 {row} 行“{master_label(name)}”为空，请补填"
        for row, value in both.filter(_unread(name, casting.stripped(sent))).select(_ROW, sent).iter_rows():
            yield row, f"第 {row} 行“{master_label(name)}”的值“{_cut(value)}”无法识别，{_remedy(name, value.strip())}"


def _unread(name: str, text: pl.Expr) -> pl.Expr:
    if name in _LISTS:
        return ~pl.col(name).list.eval(pl.element().str.contains(_LISTS[name])).list.all()
    if name in _CODES:
        return ~pl.col(name).str.contains(codes.CATALOG_CODE)
    if name == "task_type":
        return ~pl.col(name).is_in(list(VALUES["task_type"]))
    if name in _DATES:
        return text.is_not_null() & pl.col(name).is_null() & ~casting.is_no_day(text).fill_null(value=False)
    return text.is_not_null() & pl.col(name).is_null()


def _remedy(name: str, value: str) -> str:
    if name == "task_type":
        likely = {text: code for code, text in VALUES[name].items()} | {code.lstrip("0"): code for code in VALUES[name]}
        if value in likely:
            return f"是否应为 {meaning(name, likely[value])}？请改为代码本身，并把该列设为文本格式"
    return _REMEDIES[name]


def _cut(value: str) -> str:
    return value if len(value) <= _LONG else value[:_LONG] + "…"


def _contradictions(once: pl.DataFrame) -> Iterator[tuple[int, str]]:
    """Yield (row, what is wrong) of every code that stands in rows which differ."""
    twice = once.group_by("catalog_code").agg(pl.all()).filter(pl.col(_ROW).list.len() > 1).sort("catalog_code")
    for one in twice.iter_rows(named=True):
        rows = "、".join(str(row) for row in one[_ROW])
        fields = "、".join(
            f"“{master_label(name)}”"
            for name in MASTER
            if name != "catalog_code" and any(v != one[name][0] for v in one[name])
        )
        yield (
            one[_ROW][0],
            f"基本编码 {one['catalog_code']} 在第 {rows} 行重复且内容不同（{fields}），请只保留正确的一行",
        )


def _refuse(problems: list[tuple[int, str]]) -> None:
    if not problems:
        return
    told = [text for _, text in sorted(problems, key=itemgetter(0))]
    more = f"\n另有 {len(told) - SHOWN} 处" if len(told) > SHOWN else ""
    raise MasterError(
        f"基本目录有 {len(told)} 处错误，未导入（行号从 1 数起，不含表头）：\n" + "\n".join(told[:SHOWN]) + more
    )
