"""A page of a city's differences as what it says: filters with their counts, chips, rows, pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from urllib.parse import urlencode

from citysync.domain.appeal import words
from citysync.domain.divisions import division_name
from citysync.domain.findings import SEVERITY_LABELS
from citysync.domain.life import REJECTED
from citysync.reports.rows import REJECTED as REJECTED_LABEL
from citysync.reports.rows import county
from citysync.storage import facets
from citysync.web.language import Language
from citysync.web.reading.differences import PER_PAGE, Asked, DifferencesFacts, ShownRow
from citysync.web.views.labels import Say

NAMES = {"areacode": "county", "check": "check", "severity": "severity", "status": "status"}  # in the address
# 实施编码: 信用代码 18, 层级 1, 省 2, 类型 2, 部门 2, 主项 3, 子项 3, 业务办理项 2
_CUTS = (18, 19, 21, 23, 25, 28, 31)
_CATALOG = (2, 4, 6, 9)
_PLAIN = re.compile(r"[0-9A-Za-z]{1,64}")
_AROUND = 2  # pages named to each side of the one shown
_MARKS = {"suspected": "◌", "grace": "◐", "exempted": "◇", "confirmed": "●"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter, with how many it would show."""

    value: str
    label: str
    count: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: its name in the address, its label, its values."""

    name: str
    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on; ``link`` shows the list without it."""

    label: str
    link: str


@dataclass(frozen=True, slots=True)
class Code:
    """A code cut into its parts for the eye; ``bare`` is what is copied."""

    bare: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One difference in words; ``link`` leads to its item, empty where it is the source's as a whole."""

    name: str
    link: str
    code: Code
    county: str
    dept: str
    rule: str
    severity: str
    field: str
    expected: str
    actual: str
    first: str
    days: int
    sign: str
    status: str
    due: str
    appeal: str


@dataclass(frozen=True, slots=True)
class DifferencesPage:
    """What the page shows. ``told``: how many, which ones, for the live region; ``links``: export of the filter."""

    code: str
    name: str
    told: str
    text: str
    filters: tuple[Filter, ...]
    chips: tuple[Chip, ...]
    rows: tuple[Row, ...]
    pages: tuple[tuple[str, str], ...]
    exports: tuple[tuple[str, str], ...]
    on: str


def differences_page(
    facts: DifferencesFacts, asked: Asked, labels: Mapping[str, str], language: Language
) -> DifferencesPage:
    """Return what the page says. ``labels``: the word of each check and rule."""
    shown = replace(asked, page=facts.page)
    code, query = facts.city.code, address(replace(asked, page=1))
    return DifferencesPage(
        code=code,
        name=facts.city.name,
        told=_told(facts, language.say),
        text=asked.text,
        filters=tuple(_filters(facts, asked, labels, language.say)),
        chips=tuple(_chips(facts, asked, labels, language.say)),
        rows=tuple(_row(each, code, language.say) for each in facts.rows),
        pages=tuple(_pages(shown, -(-facts.total // PER_PAGE), language.say)),
        exports=tuple((kind.upper(), f"/c/{code}/differences.{kind}{query}") for kind in ("xlsx", "csv", "json")),
        on="" if facts.verdict is None else str(facts.verdict["business_date"]),
    )


def address(asked: Asked) -> str:
    """Return what of the address says all this, empty for everything: ``?county=440904&page=2``."""
    said = {
        "q": asked.text,
        **{NAMES[name]: value for name, value in asked.chosen.items()},
        "first": asked.first,
        "sort": "" if asked.order == "weight" else asked.order,
        "page": "" if asked.page == 1 else str(asked.page),
    }
    query = urlencode({name: value for name, value in said.items() if value})
    return f"?{query}" if query else ""


def in_words(facts_city: str, asked: Asked, labels: Mapping[str, str], say: Say) -> str:
    """Return the filter as one line, for whoever reads the exported list."""
    told = [
        f"{filter_labels(say)[name]} {_value(name, value, facts_city, labels, say)}"
        for name, value in asked.chosen.items()
    ]
    told += [f"{say('首次发现')} {first_labels(say)[asked.first]}"] if asked.first else []
    has = say("含")
    told += [f"{has}“{asked.text}”"] if asked.text else []
    return "，".join(told)


def filter_labels(say: Say) -> dict[str, str]:
    """Return the name of each filter."""
    return {"areacode": say("县区"), "check": say("规则"), "severity": say("级别"), "status": say("状态")}


def first_labels(say: Say) -> dict[str, str]:
    """Return what each span of first appearance is called."""
    return {"new": say("本次新增"), "week": say("近 7 天"), "month": say("近 30 天"), "older": say("30 天以前")}


def order_labels(say: Say) -> dict[str, str]:
    """Return what each order is called."""
    return {
        "weight": say("最重的在前"),
        "first": say("最久的在前"),
        "county": say("按县区"),
        "check": say("按规则"),
        "code": say("按编码"),
    }


def status_labels(say: Say) -> dict[str, str]:
    """Return what each status of a difference is called."""
    return {
        "suspected": say("疑似"),
        "grace": say("宽限期内"),
        "exempted": say("豁免已到期"),
        "confirmed": say("已确认"),
    }


def cut(code: str) -> Code:
    """Return a code in its parts; one of another length is left whole."""
    cuts = _CATALOG if len(code) == _CUTS[-1] - _CUTS[1] else _CUTS if len(code) in {31, 33} else ()
    places = (0, *(place for place in cuts if place < len(code)), len(code))
    return Code(code, tuple(code[start:end] for start, end in pairwise(places)))


def _told(facts: DifferencesFacts, say: Say) -> str:
    if facts.verdict is None:
        return say("还没有采用过本市的快照，没有对过账：有没有差异，现在不知道。")
    if not facts.total:
        return say("没有符合条件的差异。")
    start = (facts.page - 1) * PER_PAGE
    return say("共 %(total)s 条，显示第 %(first)s–%(last)s 条") % {
        "total": f"{facts.total:,}",
        "first": f"{start + 1:,}",
        "last": f"{start + len(facts.rows):,}",
    }


def _filters(facts: DifferencesFacts, asked: Asked, labels: Mapping[str, str], say: Say) -> Iterator[Filter]:
    for name in facets.NAMES:
        counts: Counter[str | None] = facts.counted.get(name, Counter())
        values = {value: count for value, count in counts.most_common() if value is not None}
        values |= {value: 0 for value in [asked.chosen.get(name)] if value and value not in values}
        choices = tuple(
            Choice(
                value, _value(name, value, facts.city.code, labels, say), f"{count:,}", asked.chosen.get(name) == value
            )
            for value, count in values.items()
        )
        yield Filter(NAMES[name], filter_labels(say)[name], (Choice("", say("全部"), "", chosen=False), *choices))
    first = {"": say("全部"), **first_labels(say)}
    spans = tuple(Choice(value, label, "", value == asked.first) for value, label in first.items())
    yield Filter("first", say("首次发现"), spans)
    orders = tuple(Choice(value, label, "", value == asked.order) for value, label in order_labels(say).items())
    yield Filter("sort", say("排序"), orders)


def _chips(facts: DifferencesFacts, asked: Asked, labels: Mapping[str, str], say: Say) -> Iterator[Chip]:
    start = replace(asked, page=1)
    base = f"/c/{facts.city.code}/differences"
    if asked.text:
        yield Chip(f"“{asked.text}”", f"{base}{address(replace(start, text=''))}")
    for name, value in asked.chosen.items():
        rest = {other: kept for other, kept in asked.chosen.items() if other != name}
        label = f"{filter_labels(say)[name]} {_value(name, value, facts.city.code, labels, say)}"
        yield Chip(label, f"{base}{address(replace(start, chosen=rest))}")
    if asked.first:
        label = f"{say('首次发现')} {first_labels(say)[asked.first]}"
        yield Chip(label, f"{base}{address(replace(start, first=''))}")


def _value(name: str, value: str, city_code: str, labels: Mapping[str, str], say: Say) -> str:
    if name == "areacode":
        return county(value, city_code) if value == city_code else division_name(value)
    if name == "severity":
        words = {REJECTED: REJECTED_LABEL, **{key.value: label for key, label in SEVERITY_LABELS.items()}}
        return say(words.get(value, value))
    return status_labels(say).get(value, value) if name == "status" else say(labels.get(value, value))


def _row(shown: ShownRow, city_code: str, say: Say) -> Row:
    receipt = shown.receipt
    code = receipt.task_handle_item or receipt.task_code or receipt.catalog_code
    place = code if _PLAIN.fullmatch(code) else f"row-{receipt.row_no}" if receipt.row_no else ""
    return Row(
        name=receipt.item_name
        or (say("来源第 %(row)s 行") % {"row": receipt.row_no} if receipt.row_no else say("来源整体")),
        link=f"/c/{city_code}/items/{place}" if place else "",
        code=cut(code),
        county=receipt.county,
        dept=shown.dept_name,
        rule=say(receipt.problem),
        severity=say(receipt.severity),
        field=say(receipt.field),
        expected=receipt.expected,
        actual=receipt.actual,
        first=receipt.found_on,
        days=shown.days,
        sign=_MARKS[shown.status],
        status=status_labels(say)[shown.status],
        due=receipt.due_on,
        appeal="" if shown.appeal is None else words(shown.appeal, say),
    )


def _pages(asked: Asked, last: int, say: Say) -> Iterator[tuple[str, str]]:
    """Yield the pages one can go to: label and address, empty for the one that is shown."""
    if last <= 1:
        return
    near = range(asked.page - _AROUND, asked.page + _AROUND + 1)
    named = sorted({1, last, *(page for page in near if 1 <= page <= last)})
    if asked.page > 1:
        yield say("上一页"), address(replace(asked, page=asked.page - 1)) or "?"
    for page in named:
        yield f"{page:,}", "" if page == asked.page else address(replace(asked, page=page)) or "?"
    if asked.page < last:
        yield say("下一页"), address(replace(asked, page=asked.page + 1))
