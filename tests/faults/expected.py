"""What must become of a city under each fault of the catalogue: the third column of its tables, as data."""

from __future__ import annotations

from citysync.domain.findings import Severity
from citysync.reconciliation.checks import all_checks
from citysync.reconciliation.notes import NOTES
from citysync.simulator.faults.links import FOREIGN
from tests.faults.oracle import Expected

C, D, N, O = "city", "data", "network", "ours"  # noqa: E741 - the letters of the catalogue
Ways = tuple[Expected, ...]
_WHOLE = ("accepted", "rejected", "due", "met", "paired", "missing", "overclaimed", "drifted")
_NOTES = frozenset({*NOTES, *(name for name, check in all_checks().items() if check.SEVERITY is not Severity.ERROR)})
_TOO_MUCH = frozenset({"appeared", "above_max_items"})
_CLOSE = tuple(name for name in _WHOLE if name not in {"met", "paired", "accepted", "rejected", "missing"})


def same(*notes: str) -> Expected:
    """Judged as without the fault; only notes may come besides."""
    return Expected(frozenset({"in_sync"}), checks=_NOTES | frozenset(notes), like=_WHOLE)


def noted(check: str) -> Expected:
    """Judged as without the fault, and told as a note."""
    return Expected(frozenset({"in_sync"}), checks=_NOTES, must=frozenset({check}), like=_WHOLE)


def no(reasons: str, faults: str, *says: str) -> Expected:
    """Not judged, and not ours: the last good snapshot stays. ``reasons`` and ``faults``: words, any of them."""
    return Expected(frozenset({"not_synced"}), frozenset(reasons.split()), frozenset(faults.split()), says)


def held(reasons: str, *says: str) -> Expected:
    """Held by the guard for a person; too much is a matter of the data, too little of the city's endpoint."""
    codes = frozenset(reasons.split())
    return Expected(frozenset({"held"}), codes, frozenset({D if codes <= _TOO_MUCH else C}), says)


def rejected(*rules: str) -> Expected:
    """Only the rows concerned are left out and listed; what they met is suspected missing."""
    return Expected(frozenset({"lagging"}), checks=_NOTES | {"unclaimed"}, rules=frozenset(rules), like=_CLOSE)


def finds(checks: str, *also: str) -> Expected:
    """Judged, and these checks find it; ``also`` may find something too."""
    named = frozenset(checks.split())
    return Expected(frozenset({"out_of_sync"}), checks=named | _NOTES | frozenset(also), must=named)


def stale() -> Expected:
    """Judged and marked as too old."""
    return Expected(frozenset({"out_of_sync"}), frozenset({"stale"}), frozenset({C}), checks=_NOTES, like=_WHOLE)


SUSPECTED = Expected(
    frozenset({"lagging"}), frozenset({"unclaimed"}), checks=_NOTES | {"unclaimed"}, must=frozenset({"unclaimed"})
)
DOUBTED = Expected(frozenset({"lagging"}), frozenset({"absence_unproved"}), frozenset({C}), checks=_NOTES)

EXPECTED: dict[str, Ways] = {
    "T01": (no("unreachable", N, "无法解析", "simulated.invalid"),),
    "T02": (no("unreachable", C, "拒绝连接", "没有运行或端口有变"),),
    "T03": (no("unreachable", N, "未能连接"),),
    "T04": (no("unreachable", C, "秒内无响应"),),
    "T05": (no("unreachable", C, "第 1 页", "秒内无响应"),),
    "T06": (no("over_budget", C, "秒"),),
    "T07": (no("unreachable", N, "第 1 页"),),
    "T08": (no("unreachable", C, "响应不完整"),),
    "T09": (no("unreadable", C, "第 1 页", "不完整"),),
    "T10": (no("unreachable", C, "响应不完整"),),
    "T11": (no("unreadable", C, "gzip 流不完整", "结束标记"),),
    "T11b": (no("unreadable", C, "gzip 流不完整", "结束标记"),),
    "T12": (no("unreadable", C, "gzip"),),
    "T12b": (no("unreadable", C, "gzip"),),
    "T13": (no("over_budget", C, "解压后超过上限"),),
    "T14": (no("over_budget", C, "超过上限"),),
    "T15": (same(),),
    "T16": (same(),),
    "T17": (no("throttled", C, "要求等待", "999999999"),),
    "T17b": (no("throttled", C, "要求等待", "2099"),),
    "T18": (same(),),
    "T18b": (same(),),
    "T19": (same(),),
    "T19b": (no("unreachable", C, "502"),),
    "T20": (no("refused", C, "凭据被拒绝（401）", "CITYSYNC_SECRET_"),),
    "T20b": (no("refused", C, "403"),),
    "T21": (no("refused", C, "第 2 页", "401"),),
    "T22": (no("unreadable", C, "返回的是网页", "登录"),),
    "T23": (no("unreadable", C, "系统繁忙"),),
    "T24": (no("unreadable", C, "空响应"),),
    "T24b": (no("unreadable", C, "空响应"),),
    "T25": (no("unreadable", C, "跳转", "302"),),
    "T26": (no("unreachable", C, "该端口不是 HTTPS"),),
    "T27": (no("unreachable", C, "响应头超过 100 个"),),
    "T27b": (no("unreachable", C, "响应头或状态行过长"),),
    "T30": (same(),),
    "T30b": (same(),),
    "P01": (same(),),
    "P01b": (SUSPECTED,),
    "P01c": (same(),),
    "P02": (finds("overclaimed codes_disagree"),),
    "P03": (no("incomplete", C, "内容相同"),),
    "P04": (no("over_budget", C, "仍未结束"),),
    "P05": (no("incomplete", C, "内容相同"),),
    "P05b": (no("incomplete", C),),
    "P06": (no("unreadable", C, "未登记主机"),),
    **{f"P07{chr(ord('a') + place)}": (no("unreadable", C, "未登记主机"),) for place in range(len(FOREIGN) - 1)},
    "P08": (same(),),
    "P09": (same(),),
    "P10": (no("incomplete", C, "声明总数"),),
    "P11": (same(),),
    "P11b": (same(),),
    "P11c": (same(),),
    "P11d": (no("incomplete", C, "声明总数"),),
    "P11e": (no("incomplete", C, "声明总数"),),
    "P12": (no("incomplete", C, "声明总数"),),
    "P13": (no("unreadable", C, "没有结束码"),),
    "P14": (no("incomplete", C),),
    "P15": (no("unreadable", C, "410"),),
    "P15b": (no("unreadable", C, "游标失效"),),
    "P16": (DOUBTED,),
    "P17": (no("incomplete", C, "内容相同"),),
    "P18": (no("unreadable", C, "404"),),
    "P18b": (no("unreadable", C, "301"),),
    "P19": (same(),),
    "P20": (same(),),
    "S01": (held("zero_items", "清空保护"),),
    "S02": (held("vanished"),),
    "S03": (held("appeared"),),
    "S04": (stale(),),
    "S05": (
        Expected(frozenset({"in_sync"}), frozenset({"time_backwards"}), frozenset({C}), checks=_NOTES, like=_WHOLE),
    ),
    "S06": (held("field_shift", "设定依据"),),
    "S07": (no("other_city", C, "数据属于"),),
    "S08": (finds("elements_drift"), rejected("test_data")),
    "S09": (held("vanished"),),
    "E01": (same(),),
    "E02": (same(),),
    "E03": (no("unreadable", C, "编码"),),
    "E04": (rejected("text_garbled"),),
    "E05": (same(),),
    "E06": (same(),),
    "E07": (rejected("task_code_malformed"),),
    "E07b": (same(),),
    "E08": (rejected("text_garbled"),),
    "E09": (same(),),
    "E10": (no("unreadable", C, "第 3 行"),),
    "E11": (no("unreadable", C, "第 3 行"),),
    "E11b": (no("unreadable", C, "第 3 行"),),
    "E12": (no("unreadable", C, "表头重复"),),
    "E13": (same(),),
    "E13b": (same(),),
    "E14": (rejected("task_code_malformed"),),
    "E16": (held("field_shift", "事项类型"),),
    "E17": (same(),),
    "E17b": (same(),),
    "E18": (no("unreadable", C, "HTML"),),
    "E18b": (no("unreadable", C, "加密"),),
    "E19": (no("over_budget", C, "超过上限"),),
    "E20": (no("unreadable", C, "不完整"),),
    "E20b": (no("unreadable", C, "不完整"),),
    "E21": (same(),),
    "E21b": (no("unreadable", C, "NaN"),),
    "E21c": (rejected("task_code_malformed"),),
    "E22": (no("unreadable", C, "键重复"),),
    "E23": (no("unreadable", C, "嵌套过深"),),
    "E23b": (rejected("task_code_malformed"),),
    "E24": (no("unreadable", C, "行"),),
    "E25": (no("unreadable", C),),
    "E26": (same(),),
    "E27": (same(),),
    "D01": (same(),),
    "D02": (held("field_shift", "事项名称", "空值率"),),
    "D03": (held("field_shift", "事项名称", "如 “"),),
    "D04": (noted("number_decimal"),),
    "D04b": (same(),),  # numbers that its dialect sends as texts stay texts
    "D05": (rejected("value_unlisted"),),
    "D06": (same(),),
    **{f"D07{letter}": (same(),) for letter in "abcdef"},
    "D08": (same(),),
    "D08b": (finds("duplicated"),),
    "D09": (rejected("task_code_missing"),),
    "D09b": (rejected("task_code_malformed"),),
    "D10": (same(),),
    "D11": (rejected("areacode_foreign"),),
    "D12": (same(),),
    "D13": (finds("elements_drift"),),
    "D15": (same(),),
    "D17": (same(),),
    "D18": (same(),),
    "D19": (same(),),
    "D20": (rejected("value_unlisted"),),
    "D21": (finds("codes_disagree"),),
    "D22": (finds("overclaimed", "unclaimed"),),
    "D23": (finds("elements_drift"),),
    "D24": (same(),),
    "Q01": (no("unreachable", f"{C} {N}"),),
    "Q01b": (no("unreadable", C, "malformed"),),
    "Q03": (no("over_budget", C),),
    "Q05": (no("unreadable", C, "没有表"),),
    "Q07": (no("unreadable", C, "没有表"),),
    "Q07b": (held("vanished", "骤减保护"),),
    "Q08": (rejected("text_garbled"),),
    "Q09": (same(),),
    "F01": (no("unreachable", C, "上传未完成"),),
    "F02": (no("unreadable", C, "0 字节"),),
    "F02b": (held("zero_items"),),
    "F03": (stale(),),
    "F03b": (no("unreadable", C, "晚于今天"),),
    "F04": (same(),),
    "F05": (no("incomplete", C, "缺少第 3/4 个文件"),),
    "F06": (no("incomplete", C, "SHA-256"),),
    "F06b": (no("incomplete", C, "行"),),
    "F09": (no("unreadable", C, "文件名"),),
    "F09b": (no("incomplete", C, "缺少第 1/1 个文件"),),
    "F09c": (no("incomplete", C, "缺少第 1/1 个文件"),),
    "F10": (no("over_budget", C, "超过上限"),),
    "F11": (no("unreadable", C),),
    "F12": (no("incomplete", C, "缺少第 1/1 个文件"),),
}
