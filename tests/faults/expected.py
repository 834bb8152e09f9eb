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
_CLOSE = tuple(name for name in _WHOLE if name not in {"met", "paired", "accepted", "rejected", "missing"})


def same(*notes: str) -> Expected:
    """Judged as without the fault; only notes may come besides."""
    return Expected(frozenset({"in_sync"}), checks=_NOTES | frozenset(notes), like=_WHOLE)


def no(reasons: str, faults: str, *says: str) -> Expected:
    """Not judged, and not ours: the last good snapshot stays. ``reasons`` and ``faults``: words, any of them."""
    return Expected(frozenset({"not_synced"}), frozenset(reasons.split()), frozenset(faults.split()), says)


def held(reasons: str, *says: str) -> Expected:
    """Held by the guard for a person."""
    return Expected(frozenset({"held"}), frozenset(reasons.split()), frozenset({C, D}), says)


def rejected(*rules: str) -> Expected:
    """Only the rows concerned are left out and listed; what they met may be suspected or found missing."""
    states = frozenset({"in_sync", "lagging", "out_of_sync"})
    return Expected(states, checks=_NOTES | {"unclaimed"}, rules=frozenset(rules), like=_CLOSE)


def finds(checks: str, *also: str) -> Expected:
    """Judged, and these checks find it; ``also`` may find something too."""
    named = frozenset(checks.split())
    return Expected(frozenset({"out_of_sync"}), checks=named | _NOTES | frozenset(also), must=named)


def stale() -> Expected:
    """Judged and marked as too old."""
    return Expected(
        frozenset({"out_of_sync"}), frozenset({"stale", "served_again"}), frozenset({C}), checks=_NOTES, like=_WHOLE
    )


SUSPECTED = Expected(
    frozenset({"lagging"}), frozenset({"unclaimed"}), checks=_NOTES | {"unclaimed"}, must=frozenset({"unclaimed"})
)
DOUBTED = Expected(
    frozenset({"lagging", "in_sync"}), frozenset({"unproved", "absence_unproved"}), frozenset({C}), checks=_NOTES
)
CUT = "unreadable unreachable incomplete"

EXPECTED: dict[str, Ways] = {
    "T01": (no("unreachable", N, "无法解析", "simulated.invalid"),),
    "T02": (no("unreachable", f"{C} {N}", "拒绝连接"),),
    "T03": (no("unreachable", N, "未能连接"),),
    "T04": (no("unreachable", f"{C} {N}", "秒内无响应"),),
    "T05": (no("unreachable", f"{C} {N}", "第 1 页"),),
    "T06": (no("over_budget", C, "秒"),),
    "T07": (no("unreachable", N, "第 1 页"),),
    "T08": (no("unreachable", f"{C} {N}", "不完整"),),
    "T09": (no("unreadable", C, "第 1 页", "不完整"),),
    "T10": (no(CUT, f"{C} {N}", "不完整"),),
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
    "T19b": (no("unreachable", f"{C} {N}", "502"),),
    "T20": (no("refused", C, "凭据被拒绝（401）", "CITYSYNC_SECRET_"),),
    "T20b": (no("refused", C, "403"),),
    "T21": (no("refused", C, "第 2 页", "401"),),
    "T22": (no("unreadable", C, "返回的是网页", "登录"),),
    "T23": (no("unreadable", C, "系统繁忙"),),
    "T24": (no("unreadable", C, "空响应"),),
    "T24b": (no("unreadable", C, "空响应"),),
    "T25": (no("unreadable", C, "跳转", "302"),),
    "T26": (no("unreachable unreadable", f"{C} {N}", "该端口不是 HTTPS"),),
    "T27": (no("unreachable unreadable", f"{C} {N}"),),
    "T27b": (no("unreachable unreadable", f"{C} {N}"),),
    "T30": (same(),),
    "T30b": (same(), no(CUT, f"{C} {N}")),
    "P01": (same(),),
    "P01b": (SUSPECTED,),
    "P01c": (same(),),
    "P02": (finds("overclaimed codes_disagree"),),
    "P03": (no("incomplete", C, "内容相同"),),
    "P04": (no("over_budget incomplete", C), held("above_max_items")),
    "P05": (no("incomplete", C), no("over_budget", C)),
    "P05b": (no("incomplete", C),),
    "P06": (no("unreadable", C, "未登记主机"),),
    **{f"P07{chr(ord('a') + place)}": (no("unreadable", C, "未登记主机"),) for place in range(len(FOREIGN) - 1)},
    "P08": (same(),),
    "P09": (same(),),
    "P10": (no("incomplete", C, "声明总数"),),
    "P11": (same(),),
    "P11b": (same(),),
    "P11c": (same(), no("incomplete unreadable", C)),
    "P11d": (no("incomplete", C, "声明总数"),),
    "P11e": (no("incomplete", C, "声明总数"),),
    "P12": (same(), no("incomplete", C)),
    "P13": (no("unreadable incomplete", C),),
    "P14": (no("incomplete", C),),
    "P15": (no("unreadable", C, "410"),),
    "P15b": (no("unreadable", C, "游标失效"),),
    "P16": (DOUBTED, same(), SUSPECTED),
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
    "S07": (no("other_city", f"{C} {D}"),),
    "S08": (finds("elements_drift"), rejected("test_data")),
    "S09": (held("vanished"),),
    "E01": (same(),),
    "E02": (same(),),
    "E03": (no("unreadable", C, "编码"),),
    "E04": (no("unreadable too_many_rejected", f"{C} {D}"), rejected("text_garbled")),
    "E05": (same(),),
    "E06": (same(),),
    "E07": (rejected("task_code_malformed"), rejected("control_character")),
    "E07b": (same(),),
    "E08": (rejected("text_garbled"), finds("elements_drift"), no("unreadable", C)),
    "E09": (same(),),
    "E10": (no("unreadable", C, "第 3 行"),),
    "E11": (no("unreadable", C, "第 3 行"),),
    "E11b": (no("unreadable", C, "第 3 行"),),
    "E12": (no("unreadable", C, "表头重复"),),
    "E13": (same(), no("unreadable", C)),
    "E13b": (same(), no("unreadable too_many_rejected", f"{C} {D}")),
    "E14": (rejected("task_code_malformed"), rejected("excel_damaged")),
    "E16": (same(), no("too_many_rejected", D), rejected("value_unlisted"), held("vanished field_shift")),
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
    "E23b": (rejected("task_code_malformed"), no("unreadable", C)),
    "E24": (no("unreadable", C, "行"),),
    "E25": (no("unreadable", C),),
    "E26": (same(),),
    "E27": (same(),),
    "D01": (same(),),
    "D02": (no("too_many_rejected unreadable", f"{C} {D}"), held("vanished field_shift")),
    "D03": (no("too_many_rejected unreadable", f"{C} {D}"), held("vanished field_shift")),
    "D04": (same(),),
    "D04b": (same(),),
    "D05": (same(), rejected("value_unlisted")),
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
    "D20": (same(), rejected("value_unlisted")),
    "D21": (finds("codes_disagree overclaimed", "unclaimed"), rejected("task_code_malformed")),
    "D22": (finds("overclaimed", "unclaimed"),),
    "D23": (finds("elements_drift"),),
    "D24": (same(),),
    "Q01": (no("unreachable", f"{C} {N}"),),
    "Q01b": (no("unreadable unreachable", f"{C} {N}"),),
    "Q03": (no("over_budget", C),),
    "Q05": (no("unreadable", C, "没有表"),),
    "Q07": (no("unreadable", C, "没有表"),),
    "Q07b": (no("unreadable too_many_rejected", f"{C} {D}"), held("vanished field_shift")),
    "Q08": (no("unreadable too_many_rejected", f"{C} {D}"), rejected("text_garbled")),
    "Q09": (same(),),
    "F01": (no("unreachable unreadable", f"{C} {N}"),),
    "F02": (no("unreadable", C, "0 字节"),),
    "F02b": (held("zero_items"),),
    "F03": (stale(),),
    "F03b": (same(), no("unreadable unreachable", C)),
    "F04": (same(),),
    "F05": (no("incomplete", C, "缺少第 3/4 个文件"),),
    "F06": (no("incomplete", C, "SHA-256"), held("zero_items")),
    "F06b": (no("incomplete", C, "行"),),
    "F09": (no("unreadable", C, "文件名"),),
    "F09b": (no("unreachable unreadable incomplete", f"{C} {N}"), held("zero_items")),
    "F09c": (no("unreachable unreadable incomplete", f"{C} {N}"), held("zero_items")),
    "F10": (no("over_budget", C, "超过上限"),),
    "F11": (no("unreadable", C),),
    "F12": (no("unreachable unreadable incomplete", f"{C} {N}"), held("zero_items")),
}
