"""The national value lists (GB/T 39554 as the exchange tables implement it), each value with its label.

The same number means other things in other places (national 20 = 公共服务, Guangdong 20 = 其他行政权力), so a city
whose list differs says so in its file; a value nobody listed rejects the row and is never guessed.
"""

from __future__ import annotations

_YES_NO = {"1": "是", "0": "否"}

VALUES: dict[str, dict[str, str]] = {
    "task_type": {
        "01": "行政许可",
        "02": "行政处罚",
        "03": "行政强制",
        "04": "行政征收",
        "05": "行政给付",
        "06": "行政检查",
        "07": "行政确认",
        "08": "行政奖励",
        "09": "行政裁决",
        "10": "其他行政权力",
        "20": "公共服务",
    },
    "use_level": {
        "1": "国家级",
        "2": "省级",
        "3": "市级",
        "4": "县级",
        "5": "镇（乡、街道）级",
        "6": "村（社区）级",
    },
    "task_state": {"1": "在用", "2": "暂停", "3": "取消"},
    "project_type": {"1": "即办件", "2": "承诺件"},
    "handle_type": {"1": "窗口办理", "2": "网上办理", "3": "快递申请"},
    "server_type": {
        "1": "自然人",
        "2": "企业法人",
        "3": "事业法人",
        "4": "社会组织法人",
        "5": "非法人企业",
        "6": "行政机关",
        "9": "其他组织",
    },
    "dept_type": {"1": "法定机关", "2": "授权组织", "3": "受委托组织"},
    "power_source": {
        "1": "法定本级行使",
        "2": "上级下放",
        "3": "上级授权",
        "4": "同级授权",
        "5": "上级委托",
        "6": "同级委托",
    },
    "handle_area": {"1": "全国", "2": "全省", "3": "全市", "4": "全县", "5": "全镇", "6": "跨村（社区）"},
    "anticipate_type": {"1": "工作日", "2": "自然日"},
    "promise_type": {"1": "工作日", "2": "自然日"},
    "result_type": {"10": "证照", "20": "批文", "30": "其他", "99": "其他"},
    "is_fee": _YES_NO,
    "is_online": _YES_NO,
    "is_entry_center": _YES_NO,
    "is_express": _YES_NO,
    "is_pay_online": _YES_NO,
    "is_schedule": _YES_NO,
}

IN_USE = "1"  # task_state; null counts as in use, since list interfaces often leave it out
WITHDRAWN = "3"  # task_state: the city itself says that it withdrew the item
DAY_UNITS = {"工作日": "1", "自然日": "2", "日历日": "2"}
DAY_UNIT_COLUMN = {"anticipate_day": "anticipate_type", "promise_day": "promise_type"}


def meaning(column: str, value: str | None) -> str:
    """Return a value with its label, as people read it: ``01（行政许可）``."""
    if value is None:
        return "空"
    text = VALUES.get(column, {}).get(value)
    return f"{value}（{text}）" if text else value
