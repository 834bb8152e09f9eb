"""Every rule a finding or a rejection can rest on: what it asks, where it is written down, where it comes from."""

from __future__ import annotations

from citysync.domain.findings import RULE_LABELS, Severity
from citysync.reconciliation.checks import all_checks
from citysync.reconciliation.notes import NOTES, labels

_SAME_AT_EVERY_LEVEL = "国发〔2018〕27号：四级四同，同一事项在各级名称、编码、依据、类型相同"
_CODES = "GB/T 39554.1-2020：编码由主体代码、行使层级、基本编码组成"
_VISITS = "省政府 2013 年 7 月督查要求：到办事现场不超过 3 次"
_DEPTH = "广东省网上办事大厅建设规范（2013）：网上办理深度与到现场次数"
_EXCHANGE = "国家政务服务事项数据交换表：必填项与代码表"
_CHECKERS = "地市事项库通行的核查规则（如温州）：跑动、收费、电话等要素之间不得矛盾"
_OURS = "本系统的约定：只提示，不影响状态"

SOURCES: dict[str, str] = {
    "unclaimed": "省级基本目录：适用地区、行使层级与生效日期决定谁应领；" + _SAME_AT_EVERY_LEVEL,
    "overclaimed": _SAME_AT_EVERY_LEVEL,
    "claimed_parent": "省级基本目录：有子项的主项只通过子项认领",
    "elements_drift": _SAME_AT_EVERY_LEVEL,
    "text_cosmetic": _SAME_AT_EVERY_LEVEL,
    "level_mismatch": "省级基本目录：行使层级",
    "withdrawn": "省级基本目录：计划取消日期",
    "outdated": "省级基本目录：事项版本",
    "visits_over_cap": _VISITS,
    "depth_and_visits": _DEPTH,
    "depth_below_target": "省级基本目录：网上办理深度目标",
    "promise_over_legal": "行政许可法：承诺办结时限不得长于法定办结时限",
    "codes_disagree": _CODES,
    "recoded": "经人确认的换码、拆分、合并（citysync identity）；" + _CODES,
    "duplicated": _EXCHANGE,
    "uscc_invalid": "GB 32100-2015：统一社会信用代码的校验位",
    **dict.fromkeys(("phones_equal", "phone_missing", "visits_unexplained", "zero_visits_explained"), _CHECKERS),
    **dict.fromkeys(("zero_visits_need_post", "fee_without_basis", "pay_without_fee"), _CHECKERS),
    **dict.fromkeys(("unknown_field", "column_absent"), _OURS),
    "value_unreadable": _EXCHANGE,
    "code_cleaned": _CODES,
    "areacode_succeeded": "民政部历年行政区划代码：撤销、更名、合并的县区以承接者为准",
    "task_code_missing": _CODES,
    "task_code_malformed": _CODES,
    "catalog_code_missing": _CODES,
    "task_name_missing": _EXCHANGE,
    "task_type_missing": _EXCHANGE,
    "value_unlisted": _EXCHANGE,
    "areacode_foreign": "统计局行政区划代码表：一个来源只含本市与所辖县区",
}
_SECTIONS = {
    Severity.ERROR: "docs/checks.md#errors",
    Severity.WARNING: "docs/checks.md#warnings",
    Severity.COSMETIC: "docs/checks.md#differences-of-writing",
}
_REJECTIONS = "docs/checks.md#rejection-rules"


def rule_of(name: str) -> dict[str, str | None]:
    """Return a check's or a rejection rule's label, question, place in the docs and source; unknown ones say so."""
    checks = all_checks()
    if name in checks:
        check = checks[name]
        asks, section = (check.__doc__ or "").strip().splitlines()[0], _SECTIONS[check.SEVERITY]
    elif name in NOTES:
        asks, section = NOTES[name].REMEDY, _SECTIONS[NOTES[name].SEVERITY]
    else:
        asks, section = RULE_LABELS.get(name, name), _REJECTIONS
    label = (labels() | RULE_LABELS).get(name, name)
    return {"name": name, "label": label, "asks": asks, "documented": section, "source": SOURCES.get(name, _EXCHANGE)}
