"""What is counted of a city in one run, by region and department: the numbers every figure is made of.

Figures are quotients of sums of these counts; no rate is ever averaged. No frame library is imported here.
"""

from __future__ import annotations

PLACE = ("areacode", "department")  # division code; 主管部门 of the master, the row's own 实施主体 where it has none

# Each count by name, with what it counts. Rows are those in use, one per key, without conflicts of version.
COUNTS: dict[str, str] = {
    "due": "应进驻的事项（应领）",
    "met": "已进驻的事项（已领）",
    "rows": "在用的事项",
    "visits_0": "到现场 0 次的事项",
    "visits_1": "到现场 1 次的事项",
    "visits_2": "到现场 2 次的事项",
    "visits_3": "到现场 3 次的事项",
    "visits_over_3": "到现场超过 3 次的事项",
    "visits_unknown": "没有填到现场次数的事项",
    "within_cap": "到现场次数不超过上限的事项",
    "online": "可网上办理的事项",
    "online_unknown": "没有填是否网办的事项",
    "depth_comparable": "有深度目标、深度属于同一标准的事项",
    "depth_met": "其中达到深度目标的事项",
    "days_comparable": "承诺与法定时限单位相同、可比的事项",
    "days_not_comparable": "两个时限都有、但单位不同或不明的事项",
    "days_over_legal": "承诺时限超过法定时限的事项",
    "days_promised": "可比事项的承诺时限之和（天）",
    "days_legal": "可比事项的法定时限之和（天）",
    "paired": "基本目录里有的事项",
    "agreed": "其中六个要素都与基本目录一致的事项",
}
