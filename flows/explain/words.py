"""The same document as lines for people: page, row, mapping, rule, finding, verdict. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from citysync.domain.approval import HELD_LABELS, Held
from citysync.domain.items import COLUMNS, label
from citysync.domain.showing import local
from citysync.domain.verdict import (
    AXIS_LABELS,
    FAULT_LABELS,
    FLAGGED,
    STANDING_LABELS,
    STATE_LABELS,
    Axis,
    Fault,
    State,
)
from flows.explain.rows import FATES

Row = dict[str, Any]
_STANDINGS = {standing.word: label for standing, label in STANDING_LABELS.items()}
_PAGES_SHOWN = 5
_HASH_SHOWN = 12


def lines(document: Row) -> Iterator[str]:
    """Yield the document line by line; what hangs on a line above is indented."""
    state = STATE_LABELS[State(document["state"])]
    yield f"{document['name']}（{document['city']}） {state}，自 {local(document['since'])}"
    yield (
        f"运行 {document['run_id']} · 业务日期 {document['business_date']} · 基本目录 {document['master_version']}"
        f" · 规则 {document['rules_version'] or '—'}"
    )
    if "task" not in document:
        yield from _city(document)
        return
    yield from _task(document["task"], document)


def _city(document: Row) -> Iterator[str]:
    yield "为什么："
    for reason in document["reasons"]:
        axis, standing = AXIS_LABELS[Axis(reason["axis"])], _STANDINGS[reason["standing"]]
        fault = FAULT_LABELS[Fault(reason["fault"])]
        yield f"  {axis}·{standing} [{fault}] {reason['text']}（{reason['code']}，{reason['documented']}）"
    if not document["reasons"]:
        yield "  五项都正常，没有需要说明的原因"
    yield from _evidence(document)
    for title, key in (("发现", "findings"), ("拒收", "rejections")):
        told = "、".join(f"{name} {count:,}" for name, count in document[key].items())
        yield f"{title}：{told or _none(document)}"
    for finding in document["about_source"]:
        yield from _finding(finding)
    good = document["last_good"]
    if good is None:
        yield "最近一次采用的快照：还没有"
    else:
        taken = f"运行 {good['run_id']}（{good['business_date']}），{good['rows']:,} 行"
        yield f"最近一次采用的快照：{taken}，{good['path']}"
        if good["run_id"] != document["run_id"]:
            yield from _approvals(good["approvals"])
    for each in document["follows"]:
        yield (
            f"已提前跟进：基本目录 {each['changed_on']} 的变更（涉及 {each['codes']} 项，宽限至 {each['due_on']}），"
            f"自 {each['followed_on']}"
        )
    code = document["city"]
    if document["findings"] or document["rejections"]:
        yield f"下一步：citysync findings {code}；citysync rejects {code}；citysync explain {code} 编码"
    elif State(document["state"]) in FLAGGED:
        yield f"下一步：citysync doctor {code} 逐项检查来源"


def _none(document: Row) -> str:
    """Return what it means that nothing is listed: nothing was found, or nobody could look."""
    unseen = State(document["state"]) in {State.HELD, State.NOT_SYNCED, State.UNKNOWN}
    return "本次没有对账，不知道有没有" if unseen else "无"


def _evidence(document: Row) -> Iterator[str]:
    certificate = document["certificate"]
    if certificate is None:
        yield "完整性：没有取得快照"
    else:
        problems = "；".join(certificate["problems"])
        told = f"声明 {_count(certificate['declared'])}，收到 {_count(certificate['received'])}"
        yield f"完整性 {document['grade']}：{certificate['proof']}（{told}）" + (
            f"；问题：{problems}" if problems else ""
        )
    for note in document["evidence"]["notes"]:
        yield f"  取数说明：{note}"
    snapshot = document["evidence"]["snapshot"]
    if snapshot is not None:
        there, adopted = _there(snapshot["on_disk"]), "已采用" if snapshot["adopted"] else "未采用"
        yield f"快照：{snapshot['path']}（{snapshot['rows']:,} 行，{adopted}，{there}）"
    yield from _approvals(document["approvals"])
    pages = document["evidence"]["pages"]
    yield f"原始页：{len(pages)} 页，{sum(page['on_disk'] for page in pages)} 页在盘上且与指纹相符"
    for told in document["evidence"]["purged"]:
        yield f"  {told}"
    for page in pages[:_PAGES_SHOWN]:
        yield f"  {_page(page)}"
    if len(pages) > _PAGES_SHOWN:
        yield f"  其余 {len(pages) - _PAGES_SHOWN} 页见 --json"


def _approvals(used: list[Row]) -> Iterator[str]:
    """Say by whose leave a snapshot was adopted that the guard would have held."""
    for each in used:
        what = HELD_LABELS[Held(each["kind"])] + (f" {label(each['field'])}" if each["field"] else "")
        much = f"{each['amount']:,} 项，上限 {each['ceiling']:,} 项，" if each["ceiling"] else ""
        whose = f"有效到 {each['until']}，{each['approved_by']}：{each['reason']}"
        yield f"  按批准 {each['serial']} 放行（{what}）：{much}{whose}"


def _task(task: Row, document: Row) -> Iterator[str]:
    if task["run_id"] != document["run_id"]:
        yield f"注意：最近一次运行没有核对该市的行；以下是更早的运行 {task['run_id']}（{task['business_date']}）"
    yield task["searched"]
    for row in task["rows"]:
        yield from _row(row)
    master = task["master"]
    if master is None:
        yield "基本目录：没有这个基本编码"
    else:
        yield f"基本目录：{master['catalog_code']} {master['task_name']}（{document['master_version']}）"
    yield from _obliged(task)
    for absence in task["absences"]:
        yield from _absence(absence)
    yield from _proof(task["absences"])
    for finding in task["findings"]:
        yield from _finding(finding)
    if not task["findings"] and not any(row["rejections"] for row in task["rows"]):
        yield "没有发现，没有拒收"
    part = "、".join(task["weighs"])
    state = STATE_LABELS[State(document["state"])]
    told = f"以上是其原因 {part}" if part else "以上不是其原因"
    yield f"结论：{state}；{told}（全部原因：citysync explain {document['city']}）"


def _row(row: Row) -> Iterator[str]:
    yield f"第 {row['row_no']:,} 行：{FATES[row['fate']]}"
    page = row["page"]
    if page is not None:
        at = "" if row["byte_offset"] is None else f"，第 {row['line']:,} 行第 {row['byte_offset']:,} 字节起"
        yield f"  原始页：{_page(page)}；该页第 {row['page_row']:,} 条{at}"
    for field in row["fields"]:
        yield f"  {_field(field, was_read=row['fate'] not in {'rejected', 'merged', 'unknown'})}"
    for rejection in row["rejections"]:
        rule = rejection["rule"]
        yield f"  拒收：{rule['label']}（{rule['name']}）{_shown(rejection['value'])}；{rejection['hint']}"
        yield f"    规则：{rule['documented']}；来源：{rule['source']}"


def _field(field: Row, *, was_read: bool) -> str:
    named = field["label"] + (f"（字段 {field['field']}）" if field["field"] != field["column"] else "")
    told = f"{named}：送来 {_shown(field['sent'])}"
    if was_read and field["read_as"] != field["sent"]:
        told += f"，读作 {_shown(field['read_as'])}"
    if field["master"] is None:
        return told
    same = field["normalised"] == field["master_normalised"] or field["read_as"] == field["master"]
    return f"{told}；基本目录 {_shown(field['master'])}" + ("（规范化后相同）" if same else "")


def _obliged(task: Row) -> Iterator[str]:
    """Say who must have the item; an item nobody must have is not missing."""
    if task["master"] is not None and task["obliged"] is not None:
        yield f"应领的地区：{'、'.join(task['obliged']) or '本市没有地区应领这一项'}"


def _absence(absence: Row) -> Iterator[str]:
    yield f"缺失：{absence['areacode']} {absence['area_name']} 应领而未见到；找的是{absence['looked_for']}"
    since = absence["since"]
    if since is not None:
        yield f"  自 {since['business_date']}（运行 {since['run_id']}）起连续 {since['runs']} 次运行未见到"
    if absence["suspected"]:
        yield "  目前为疑似，待下一次完整的运行确认"


def _proof(absences: list[Row]) -> Iterator[str]:
    """Say where the absences were looked for, once: they share the run's snapshot."""
    snapshot = absences[0]["snapshot"] if absences else None
    if snapshot is not None:
        yield f"  找过的快照：{snapshot['path']}（{snapshot['rows']:,} 行，{_there(snapshot['on_disk'])}）"
        yield f"  完整性 {absences[0]['grade']}：{absences[0]['proof']}"


def _finding(finding: Row) -> Iterator[str]:
    rule = finding["rule"]
    yield f"发现：{rule['label']}（{finding['check']}）{finding['hint'] or ''}{_named(finding['field'])}"
    yield f"  {rule['asks']} 规则：{rule['documented']}；来源：{rule['source']}"
    if finding["expected"] is not None or finding["actual"] is not None:
        yield f"  应为 {_shown(finding['expected'])}，现为 {_shown(finding['actual'])}" + _sides(finding)
    if finding["due_on"]:
        yield f"  宽限到 {finding['due_on']}"


def _named(column: str | None) -> str:
    """Return which field a finding is about, by its name in the exchange table and its label."""
    if column is None:
        return ""
    return f"；字段 {column}" + (f"（{COLUMNS[column].label}）" if column in COLUMNS else "")


def _sides(finding: Row) -> str:
    sides = [(finding[side], finding[f"{side}_normalised"]) for side in ("expected", "actual")]
    if all(raw == normal for raw, normal in sides):
        return ""
    expected, actual = (_shown(normal) for _, normal in sides)
    return f"；规范化后 {expected} 与 {actual}"


def _page(page: Row) -> str:
    kept = f"{page['sha256'][:_HASH_SHOWN]}…（{page['path']}，{_there(page['on_disk'])}）"
    return f"第 {page['number']} 页 {kept}{page['url']}"


def _there(on_disk: object) -> str:
    return "在盘上" if on_disk else "已不在盘上"


def _shown(value: object) -> str:
    return "空" if value is None else f"“{value}”"


def _count(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "—"
