"""What a few rows of a source already show: its fields, its codes, its values, whose rows they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Protocol

import polars as pl

from citysync.domain import codes
from citysync.domain.city import City
from citysync.domain.divisions import division_name, regions_of
from citysync.domain.items import COLUMNS, NAMES, label
from citysync.domain.outcome import Validation
from citysync.domain.renaming import suspicion
from citysync.domain.snapshot import Certificate, Grade, Snapshot
from citysync.domain.successions import single_heirs
from connectors._mapping import Plan, in_order, plan_for, stacked, to_frame, unknown_fields, with_headings
from connectors._records import Record
from flows.doctor.outcome import Link, Said, failed, passed, skipped, warned
from schemas.validate import validate

REQUIRED = ("task_code", "task_name", "task_type")
CODE_RULES = ("task_code_missing", "task_code_malformed", "catalog_code_missing")
VALUE_RULES = ("task_name_missing", "task_type_missing", "value_unlisted")
REGION_RULES = ("areacode_foreign",)
_SHOWN = 5
_GARBLED = re.compile("\N{REPLACEMENT CHARACTER}|锟斤拷|烫烫烫|[\u00c0-\u00ff]{2}[\u0080-\u00ff]")
_NO_ROWS = "没有一行可看"


@dataclass(frozen=True)
class Sample:
    """A few rows as the pull would hand them on: ``rows`` as in a Snapshot, ``unknown`` fields nobody mapped."""

    city: City
    rows: pl.DataFrame
    unknown: tuple[str, ...]
    today: date

    @cached_property
    def validation(self) -> Validation:
        """Return the rows as accepted or rejected. Raises ConfigError for a city file that cannot be right."""
        certificate = Certificate(Grade.C, None, self.rows.height, self.rows.height, 1, "体检抽样")
        taken_at = datetime.combine(self.today, datetime.min.time(), UTC)
        return validate(Snapshot(self.city.code, taken_at, self.rows, (), certificate), self.city, self.today)


class Sampled(Protocol):
    """Whatever has a sample of a city's rows."""

    @property
    def sample(self) -> Sample:
        """Return the sample. Raises SourceError where none could be had."""


def sample_of(city: City, records: Sequence[Record], today: date, *, headings: bool = False) -> Sample:
    """Return records as a sample; ``headings``: Chinese headings are understood, as in a file."""
    plan: Plan = plan_for(city, NAMES)
    plan = with_headings(plan, city, records) if headings else plan
    rows = in_order(stacked([to_frame(records, plan, 1)]), NAMES)
    return Sample(city, rows, tuple(sorted(unknown_fields(records, plan))), today)


def schema(facts: Sampled) -> Said:
    """Does the source have the fields we look for, and none that nobody decided about?"""
    sample = facts.sample
    if sample.rows.is_empty():
        return skipped(_NO_ROWS)
    present = set(sample.rows.columns)
    wanted = {*REQUIRED, *(name for name, column in COLUMNS.items() if column.judged), *sample.city.fields}
    lacking = [name for name in NAMES if name in wanted - present]
    told = "；".join(_lacking(name, sample) for name in lacking)
    found = f"认得 {len(present & set(NAMES))} 个字段"
    if set(lacking) & set(REQUIRED):
        return failed(f"{told}（{found}）", "请在城市文件的 [fields] 写明字段名，或请市里恢复该字段")
    unknown = f"未登记字段：{'、'.join(sample.unknown[: _SHOWN * 2])}" if sample.unknown else ""
    if told or unknown:
        text = "；".join(filter(None, (told, unknown, found)))
        return warned(text, "在 [fields] 写明字段名，或列入 ignore；没有的字段只记一次，不逐行报告")
    return passed(f"{found}，没有未登记的")


def _lacking(name: str, sample: Sample) -> str:
    theirs = sample.city.fields.get(name, name)
    return f"缺少字段 {theirs}（{label(name)}）{suspicion(name, theirs, sample.unknown)}"


def garbled(texts: Iterable[str]) -> str | None:
    """Return the first text that was decoded wrongly before it came to us (锟斤拷, U+FFFD, æ·±å³), cut short."""
    found = (text for text in texts if _GARBLED.search(text))
    return next((text[:40] for text in found), None)


def texts_of(rows: pl.DataFrame) -> Iterator[str]:
    """Yield every text of some rows."""
    for column in rows.select(pl.col(pl.String)).iter_columns():
        yield from column.drop_nulls()


def legible(facts: Sampled) -> Said:
    """Were the texts decoded rightly on their way into the source?"""
    rows = facts.sample.rows
    found = garbled(texts_of(rows))
    if found is not None:
        remedy = "请市里检查数据库连接的字符集（应与库一致，如 utf8mb4）后重新导出"
        return failed(f"有乱码，例如“{found}”：入库或导出前已被错误转码", remedy)
    return skipped(_NO_ROWS) if rows.is_empty() else passed("中文正常，没有乱码")


def codes_right(facts: Sampled) -> Said:
    """Do the codes of the sample parse?"""
    return _by_rules(facts.sample, CODE_RULES, "编码均可解析", "按 [codes] 核对编码规则，或请市里改正编码")


def values_listed(facts: Sampled) -> Said:
    """Are names and types there, and does each coded value stand in its list?"""
    remedy = "在城市文件的 [values.X] 逐一列明含义；程序从不猜测"
    return _by_rules(facts.sample, VALUE_RULES, "取值都在代码表中", remedy)


def region_own(facts: Sampled) -> Said:
    """Are these the city's own rows, not another city's?"""
    sample = facts.sample
    if sample.rows.is_empty():
        return skipped(_NO_ROWS)
    own = [code for code, _ in regions_of(sample.city, sample.today)]
    foreign = _foreign(sample, own)
    if foreign:
        code, count = foreign[0]
        name = f"（{division_name(code)}）" if division_name(code) != code else ""
        text = f"{count}/{sample.rows.height} 行属于 {code}{name}，不是 {sample.city.code}（{sample.city.name}）"
        said = failed if count * 2 > sample.rows.height else warned
        return said(text, "请核对 url、params 里的区划参数，或 counties")
    return passed("都是本市或所辖县区的行")


def _foreign(sample: Sample, own: Sequence[str]) -> list[tuple[str, int]]:
    """Return (division, rows) of rows that are of neither the city nor its counties, the most frequent first.

    By areacode where it is sent; else by the division inside the body's code, and then only where no row is ours.
    """
    if "areacode" in sample.rows.columns:
        division = codes.folded(pl.col("areacode")).str.head(6).replace(single_heirs(sample.today))
        regions = sample.rows.select(division.alias("region"))
        strangers = regions.filter(pl.col("region").is_not_null() & ~pl.col("region").is_in(own))
    else:
        regions = sample.rows.select(codes.division_part(codes.folded(pl.col("task_code"))).alias("region"))
        cities = {code[:4] for code in own}
        ours = regions.filter(pl.col("region").str.head(4).is_in(cities))
        strangers = regions.drop_nulls() if ours.is_empty() else regions.clear()
    counted = strangers.group_by("region").len().sort("len", "region", descending=[True, False])
    return [(str(code), int(count)) for code, count in counted.iter_rows()]


def _by_rules(sample: Sample, rules: Sequence[str], well: str, remedy: str) -> Said:
    if sample.rows.is_empty():
        return skipped(_NO_ROWS)
    broken = sample.validation.rejected.filter(pl.col("rule").is_in(rules))
    rows = broken["row_no"].n_unique()
    if rows == 0:
        return passed(f"{well}（看了 {sample.rows.height} 行）")
    examples = broken.unique(("field", "rule", "value"), keep="first", maintain_order=True).head(_SHOWN)
    told = "；".join(str(hint) for hint in examples["hint"])
    text = f"{rows}/{sample.rows.height} 行会被拒收：{told}"
    beyond = rows / sample.rows.height > sample.city.tolerate.max_rejected_ratio
    return failed(text, remedy) if beyond else warned(text, remedy)


ROWS: tuple[Link[Sampled], ...] = (
    Link("city.legible", legible),
    Link("city.schema", schema, holds=True),
    Link("city.codes", codes_right),
    Link("city.values", values_listed),
    Link("city.region", region_own),
)
