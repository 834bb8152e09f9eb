"""The receipt (回执) a city acts on: XLSX for people, CSV and JSON for programs, each written whole or not at all."""

from __future__ import annotations

import json
import os
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from citysync.domain.errors import StorageError
from citysync.domain.showing import in_json, local
from citysync.domain.verdict import (
    AXIS_LABELS,
    COUNT_LABELS,
    FAULT_LABELS,
    STANDING_LABELS,
    STATE_LABELS,
    Fault,
    Standing,
    State,
    not_counted,
)
from citysync.reports.rows import HEADINGS, REJECTED, ReceiptRow, receipt_rows
from citysync.reports.sheets import MAX_ROWS, Sheet, sheet_names, to_csv, to_xlsx

__all__ = ["HEADINGS", "LIST", "REJECTED_SHEET", "ReceiptRow", "receipt_document", "receipt_rows", "write_receipt"]

_FACTS = ("run_id", "master_version", "state", "since", "fix_by", "grade", "axes", "reasons", "counts", "notes")
Summary = Mapping[str, object]  # a city's entry in the JSON of `status`; run_id and master_version beside it if known

GRADE_LABELS = {"A": "A 已证实完整", "B": "B 稳定", "C": "C 未证实", "X": "X 不完整"}
_WIDTHS = (6, 12, 30, 34, 36, 15, 8, 14, 8, 26, 30, 30, 40, 12, 12, 24, 24)
_NAME_LENGTH = 20
LIST = "问题清单"  # the list of a city without problems, and of problems of no county
REJECTED_SHEET = "拒收"
_ABOUT = (
    ("本回执", "列出本次核对中的每一个问题，一行一个，按县区分表；拒收的行单列一表。序号全册连续。"),
    ("级别", "拒收：该行缺少可核对的要素，未参加核对。错误：影响同步状态。提示、书写差异：不影响状态，建议改正。"),
    ("应为、现为", "数据原样，空白表示没有值；代码的含义写在备注里。"),
    ("改哪里", "在本市事项系统中改什么；改好后随下一次取数自动复核，不必回传本表。"),
    ("改正期限", "见“汇总”。急需确认是否改好的，在本市网页上按“立即复核”，或请省平台复核。"),
    ("来源行号", "拒收的行在本市所送数据中的行号，从 1 起。"),
    (
        "首次发现、截止",
        "首次发现是最早看到该问题的核对日期；截止日之前为宽限期，空白表示没有宽限，（估算）表示该年日历尚未公布。",
    ),
    ("申诉说明", "认为结论有误的，请在最后一列选择或填写理由，并回传本表。"),
    ("编码", "各种编码都是文本，请勿转成数字，否则末位会丢失。另附的 CSV 请导入为文本，不要双击打开。"),
    ("CSV", "以 = + - @ 或单引号开头的内容前面加了一个单引号，程序读取时请去掉一个。"),
)


def write_receipt(
    folder: Path,
    city_code: str,
    city_name: str,
    business_date: date,
    rows: Sequence[ReceiptRow],
    summary: Summary,
    *,
    sheet_rows: int = MAX_ROWS,
) -> list[Path]:
    """Write ``440300_深圳市_问题清单_20261123.xlsx``, ``.csv`` and ``.json`` into a folder and return their paths.

    ``summary``: ``state``, ``since``, ``grade``, ``axes``, ``reasons``, ``counts`` as in the JSON of ``status``, and
    ``run_id``, ``master_version``, ``fix_by`` (until when to put it right), ``notes`` (what was odd about the pull).
    Without any row, one row without a number says why there is none. Rows beyond ``sheet_rows`` continue on further
    sheets. Raises ``StorageError``; a file already there is then unchanged.
    """
    listed = list(rows) or [_why_none(summary)]
    about = Sheet("说明", _ABOUT, (16, 100))
    facts = [*_told(city_code, city_name, business_date, summary), *_tallies(rows)]
    book = to_xlsx([about, Sheet("汇总", facts, (22, 80)), *_lists(listed, sheet_rows)], business_date)
    name = "_".join(
        part for part in (_safe(city_code), _safe(city_name), "问题清单", f"{business_date:%Y%m%d}") if part
    )
    contents = {
        ".xlsx": book,
        ".csv": to_csv([tuple(HEADINGS.values()), *(row.cells() for row in listed)]),
        ".json": to_json(receipt_document(city_code, city_name, business_date, rows, summary)),
    }
    return [_written(folder, f"{name}{suffix}", content) for suffix, content in contents.items()]


def receipt_document(
    city_code: str, city_name: str, business_date: date, rows: Sequence[ReceiptRow], summary: Summary
) -> dict[str, object]:
    """Return the receipt for programs: what the sheets say, the values as they are, and what would settle each."""
    return {
        "schema_version": 1,
        "city": city_code,
        "name": city_name,
        "business_date": business_date.isoformat(),
        **{key: summary.get(key) for key in _FACTS},
        **({"chosen_by": summary["chosen_by"]} if "chosen_by" in summary else {}),
        "problems": [{**row.as_dict(), "correction": row.correction} for row in rows],
    }


def to_json(document: Mapping[str, object]) -> bytes:
    """Return a document as UTF-8; characters that could act, or that UTF-8 cannot hold, are written as escapes."""
    return in_json(json.dumps(document, ensure_ascii=False, indent=1)).encode()


def _lists(listed: Sequence[ReceiptRow], sheet_rows: int) -> Iterator[Sheet]:
    """Yield one sheet per county, as many as its rows need; rejected rows, which no county is trusted with, apart."""
    by_sheet: dict[str, list[tuple[str, ...]]] = {}
    for row in listed:
        by_sheet.setdefault(_sheet_of(row), []).append(row.cells())
    names = sheet_names(by_sheet, {title: -(-len(rows) // sheet_rows) for title, rows in by_sheet.items()})
    for title, rows in by_sheet.items():
        for place, name in enumerate(names[title]):
            part = rows[place * sheet_rows : (place + 1) * sheet_rows]
            yield Sheet(name, [tuple(HEADINGS.values()), *part], _WIDTHS, heading=True, choices=len(HEADINGS) - 1)


def _sheet_of(row: ReceiptRow) -> str:
    return REJECTED_SHEET if row.severity == REJECTED else row.county or LIST


def _why_none(summary: Summary) -> ReceiptRow:
    """Return the one row of a receipt without problems: an empty list must never read as a clean one."""
    if summary.get("chosen_by"):
        return ReceiptRow(*{**dict.fromkeys(HEADINGS, ""), "problem": "没有符合筛选条件的问题"}.values())
    state = str(summary.get("state") or "")
    told = {State.IN_SYNC: "没有问题", State.LAGGING: "没有逐条问题", State.UNKNOWN: "本次未判定"}
    problem = next((text for known, text in told.items() if known == state), "未取得可核对的数据，没有逐条问题")
    note = "原因不在贵市，无需处理" if state == State.UNKNOWN else ""
    empty = dict.fromkeys(HEADINGS, "")
    row = {**empty, "problem": problem, "hint": "；".join(_reasons(summary)), "note": note}
    return ReceiptRow(*row.values())


def _reasons(summary: Summary) -> Iterator[str]:
    reasons = summary.get("reasons")
    for reason in reasons if isinstance(reasons, list | tuple) else ():
        side = _label(FAULT_LABELS, reason.get("fault"))
        yield f"{reason.get('text') or reason.get('code')}（{side}）"


def _told(city_code: str, city_name: str, on: date, summary: Summary) -> Iterator[tuple[str, str]]:
    yield "城市", f"{city_name}（{city_code}）"
    yield "核对日期", on.isoformat()
    if summary.get("chosen_by"):
        yield "筛选", f"{summary['chosen_by']}（其余问题见完整的问题清单）"
    yield "状态", _label(STATE_LABELS, summary.get("state"))
    yield "完整性等级", GRADE_LABELS.get(str(summary.get("grade")), "没有取得数据")
    if summary.get("fix_by"):
        yield "改正期限", f"{summary['fix_by']} 下班前"
    yield "自", local(summary.get("since"))
    for key, label in {"run_id": "运行", "master_version": "基本目录版本"}.items():
        yield label, str(summary.get(key) or "—")
    for reason in _reasons(summary):
        yield "原因", reason
    notes = summary.get("notes")
    for note in notes if isinstance(notes, list | tuple) else ():
        yield "取数说明", str(note)
    axes = summary.get("axes")
    words = {standing.word: label for standing, label in STANDING_LABELS.items()}
    for axis, label in AXIS_LABELS.items():
        word = axes.get(axis.value) if isinstance(axes, Mapping) else None
        yield label, words.get(str(word), words[Standing.UNKNOWN.word])
    counts = summary.get("counts")
    counted = counts if isinstance(counts, Mapping) and not not_counted(summary.get("state"), counts) else {}
    for name, label in COUNT_LABELS.items():
        yield label, str(counted.get(name, "—"))


def _tallies(rows: Sequence[ReceiptRow]) -> Iterator[tuple[str, str]]:
    yield "本回执共", f"{len(rows)} 行"
    for title, column in {"按级别": "severity", "按问题": "problem", "按县区": "county"}.items():
        tally = Counter(getattr(row, column) for row in rows)
        for word, count in sorted(tally.items(), key=lambda pair: (-pair[1], pair[0])):
            yield f"{title}：{word or '（未分）'}", str(count)


def _label(labels: Mapping[Fault, str] | Mapping[State, str], word: object) -> str:
    return {str(known): label for known, label in labels.items()}.get(str(word), str(word or "—"))


def _safe(name: str) -> str:
    """Return what of a name may stand in a file name: letters and digits of any script, not many."""
    return "".join(letter for letter in name if letter.isalnum())[:_NAME_LENGTH]


def _written(folder: Path, name: str, content: bytes) -> Path:
    """Write a file so that its name only ever shows the whole of it: temp, fsync, rename."""
    path, temporary = folder / name, folder / f".{uuid.uuid4().hex}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"回执 {path} 没有写成：{error.strerror}；检查磁盘空间和文件夹权限后重试") from error
    return path
