"""The rows of a receipt (回执): every finding and every rejected row, once, in a city's own terms."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from citysync.domain import items
from citysync.domain.appeal import words
from citysync.domain.divisions import division_name
from citysync.domain.findings import SEVERITY_LABELS, Severity
from citysync.domain.vocabulary import VALUES
from citysync.reports.corrections import Correction, correction_of, correction_of_rejection

Record = Mapping[str, object]

REJECTED = "拒收"
_LEVELS = {label: place for place, label in enumerate((REJECTED, *SEVERITY_LABELS.values()))}


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """One problem; every value is text as people read it, empty where there is none.

    ``expected`` and ``actual`` are the values themselves; what a coded value means stands in ``note``. ``correction``
    is for programs (``reports.corrections``) and no cell.
    """

    number: str
    county: str
    item_name: str
    task_code: str
    task_handle_item: str
    catalog_code: str
    row_no: str
    problem: str
    severity: str
    field: str
    expected: str
    actual: str
    hint: str
    found_on: str
    due_on: str
    note: str
    appeal: str = ""
    correction: Correction | None = dataclasses.field(default=None, compare=False, kw_only=True)

    def cells(self) -> tuple[str, ...]:
        """Return the values in the order of ``HEADINGS``."""
        return tuple(getattr(self, name) for name in HEADINGS)

    def as_dict(self) -> dict[str, str]:
        """Return the values by name."""
        return {name: getattr(self, name) for name in HEADINGS}


HEADINGS: dict[str, str] = {
    "number": "序号",
    "county": "县区",
    "item_name": "事项名称",
    "task_code": "实施编码",
    "task_handle_item": "业务办理项编码",
    "catalog_code": "基本编码",
    "row_no": "来源行号",
    "problem": "问题",
    "severity": "级别",
    "field": "字段",
    "expected": "应为",
    "actual": "现为",
    "hint": "改哪里",
    "found_on": "首次发现",
    "due_on": "截止",
    "note": "备注",
    "appeal": "申诉说明",
}


def receipt_rows(
    city_code: str,
    findings: Iterable[Record],
    rejections: Iterable[Record],
    *,
    found_on: date,
    labels: Mapping[str, str],
    names: Mapping[str, str] | None = None,
) -> list[ReceiptRow]:
    """Return one row per finding and per rejection: rejected rows first, then errors, warnings, cosmetic ones.

    ``findings``, ``rejections``: rows with the columns of ``domain.findings``. ``labels``: Chinese word of each check
    and rule; one without a word is shown by its name. ``names``: item name by task_handle_item, task_code or
    catalog_code. ``found_on``: the run's business date, for a row without ``first_seen_on``. The order of the arguments
    changes nothing.
    """
    found = [
        *(_of_finding(row, city_code, labels, names or {}, found_on) for row in findings),
        *(_of_rejection(row, labels, names or {}, found_on) for row in rejections),
    ]
    found.sort(key=_order)
    return [replace(row, number=str(number)) for number, row in enumerate(found, start=1)]


def _order(row: ReceiptRow) -> tuple[object, ...]:
    return (_LEVELS.get(row.severity, len(_LEVELS)), row.row_no.zfill(12), row.cells())


def _of_finding(
    row: Record, city_code: str, labels: Mapping[str, str], names: Mapping[str, str], found_on: date
) -> ReceiptRow:
    place = {name: _text(row.get(name)) for name in ("task_code", "task_handle_item", "catalog_code", "field")}
    expected, actual = _text(row.get("expected")), _text(row.get("actual"))
    severity = _text(row.get("severity"))
    return ReceiptRow(
        number="",
        county=county(_text(row.get("areacode")), city_code),
        item_name=_name(place, names),
        task_code=place["task_code"],
        task_handle_item=place["task_handle_item"],
        catalog_code=place["catalog_code"],
        row_no="",
        problem=labels.get(_text(row.get("check")), _text(row.get("check"))),
        severity=SEVERITY_LABELS[Severity(severity)] if severity in list(Severity) else severity,
        field=field_label(place["field"]),
        expected=expected,
        actual=actual,
        hint=_text(row.get("hint")),
        found_on=_text(row.get("first_seen_on")) or found_on.isoformat(),
        due_on=_text(row.get("due_on")),
        note="；".join(_notes(row, meanings(place["field"], expected, actual))),
        correction=correction_of(row),
    )


def _of_rejection(row: Record, labels: Mapping[str, str], names: Mapping[str, str], found_on: date) -> ReceiptRow:
    place = {"task_code": _text(row.get("task_code"))}
    return ReceiptRow(
        number="",
        county="",  # a rejected row is not trusted to say where it belongs
        item_name=_name(place, names),
        task_code=place["task_code"],
        task_handle_item="",
        catalog_code="",
        row_no=_text(row.get("row_no")),
        problem=labels.get(_text(row.get("rule")), _text(row.get("rule"))),
        severity=REJECTED,
        field=field_label(_text(row.get("field"))),
        expected=_text(row.get("expected")),
        actual=_text(row.get("value")),
        hint=_text(row.get("hint")),
        found_on=_text(row.get("first_seen_on")) or found_on.isoformat(),
        due_on="",
        note="该行未参加核对",
        correction=correction_of_rejection(row),
    )


def county(areacode: str, city_code: str) -> str:
    """Return the region a problem belongs to: 市本级 (省本级) for the source's own, else the division's name."""
    if areacode != city_code:
        return division_name(areacode)
    if areacode.endswith("0000"):
        return "省本级"
    return "市本级" if areacode.endswith("00") else division_name(areacode)


def field_label(name: str) -> str:
    """Return a column as people know it: ``事项类型（task_type）``; a name that is no column stays as it is."""
    label = items.label(name)
    return name if label == name else f"{label}（{name}）"


def meanings(field: str, *values: str) -> str:
    """Return what the coded values mean: ``01＝行政许可；05＝行政给付``."""
    listed = VALUES.get(field, {})
    codes = dict.fromkeys(code.strip() for value in values for code in value.split(","))
    return "；".join(f"{code}＝{listed[code]}" for code in codes if code in listed)


def _notes(row: Record, meaning: str) -> Iterable[str]:
    if row.get("suspected"):
        yield "疑似，再次核对后确认"
    if reason := _text(row.get("exempt_reason")):
        yield reason
    if row.get("due_on") is not None:
        yield "宽限期内"
    appeal = row.get("appeal")
    if isinstance(appeal, Mapping):
        yield words(appeal)
    if meaning:
        yield meaning


def _name(place: Mapping[str, str], names: Mapping[str, str]) -> str:
    codes = (place.get(key, "") for key in ("task_handle_item", "task_code", "catalog_code"))
    return next((names[code] for code in codes if code in names), "")


def _text(value: object) -> str:
    return "" if value is None else str(value)
