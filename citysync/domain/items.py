"""The columns of a service-item directory (实施清单), each with its Chinese label, once.

Names are those of the national exchange tables (``up_task_general_basic``, ``up_task_general_extend``,
``up_task_public_basic``). ``areacode`` and ``catalog_name`` are what provincial portals add to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a column's text becomes a typed value."""

    TEXT = "text"  # as sent
    CODE = "code"  # width-folded, without blanks or invisible characters
    CHOICE = "choice"  # one code of the national list
    CHOICES = "choices"  # several codes of the national list, any order
    INTEGER = "integer"  # a whole number
    DAYS = "days"  # a whole number, perhaps with its unit: 30(工作日)
    DATE = "date"  # a calendar day, never an instant


@dataclass(frozen=True, slots=True)
class Column:
    """One element of the directory.

    ``judged``: some check reads it, so a source that lacks the column is told so once (``column_absent``).
    ``null_words``: the words that mean "nothing" in this column, and in no other.
    """

    name: str
    label: str
    kind: Kind = Kind.TEXT
    judged: bool = False
    null_words: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()  # other headings seen in cities' files


# What a connector puts behind a number that stood where a code should: never a code again.
NUMERIC = "（数值）"
BROKEN = "（残行）"

_NO_DAYS = ("无", "/", "-", "—")

DIRECTORY: tuple[Column, ...] = (
    Column("row_guid", "记录唯一标识"),
    Column("task_code", "实施编码", Kind.CODE, aliases=("事项编码", "实施清单编码")),
    Column("task_handle_item", "业务办理项编码", Kind.CODE),
    Column("local_task_code", "地方实施编码"),
    Column("catalog_code", "基本编码", Kind.CODE, aliases=("目录编码", "基本目录编码")),
    Column("local_catalog_code", "地方基本编码"),
    Column("catalog_name", "基本目录名称", aliases=("目录名称", "基本目录事项名称")),
    Column("task_name", "事项名称", judged=True, aliases=("实施事项名称",)),
    Column("task_type", "事项类型", Kind.CHOICE, judged=True, aliases=("权力类别", "事项性质", "权力类型", "职权类型")),
    Column("by_law", "设定依据", judged=True, aliases=("设定和实施依据", "法律依据")),
    Column("power_source", "权力来源", Kind.CHOICE),
    Column("use_level", "行使层级", Kind.CHOICE),
    Column("task_state", "事项状态", Kind.CHOICE, judged=True),
    Column("task_version", "事项版本", Kind.INTEGER, judged=True),
    Column(
        "dept_name",
        "实施主体",
        aliases=("审批部门", "实施机构", "办理部门", "受理机构", "部门名称", "实施部门"),
    ),
    Column("dept_code", "实施主体编码", Kind.CODE),
    Column("dept_type", "实施主体性质", Kind.CHOICE),
    Column("entrust_name", "委托部门"),
    Column("areacode", "行政区划代码", Kind.CODE, aliases=("区划代码", "行政区划编码")),
    Column(
        "anticipate_day",
        "法定办结时限",
        Kind.DAYS,
        judged=True,
        null_words=_NO_DAYS,
        aliases=("法定办理时限", "法定时限", "法定期限"),
    ),
    Column("anticipate_type", "法定办结时限单位", Kind.CHOICE),
    Column("anticipate_explain", "法定办结时限说明"),
    Column(
        "promise_day",
        "承诺办结时限",
        Kind.DAYS,
        judged=True,
        null_words=_NO_DAYS,
        aliases=("承诺办理时限", "承诺时限", "承诺期限"),
    ),
    Column("promise_type", "承诺办结时限单位", Kind.CHOICE),
    Column("promise_explain", "承诺办结时限说明"),
    Column("accept_condition", "受理条件"),
    Column("handle_flow", "办理流程"),
    Column("special_procedure", "特别程序"),
    Column("is_fee", "是否收费", Kind.CHOICE, judged=True, aliases=("许可收费", "审批收费", "收费情况")),
    Column("fee_basis", "收费依据", judged=True),
    Column("server_type", "服务对象", Kind.CHOICES),
    Column("project_type", "办件类型", Kind.CHOICE),
    Column("handle_type", "办理形式", Kind.CHOICES, judged=True, aliases=("办理方式",)),
    Column(
        "limit_scene_num",
        "到办事现场次数",
        Kind.INTEGER,
        judged=True,
        aliases=("到现场次数", "到办理现场次数", "到现场窗口次数", "到现场办理的次数"),
    ),
    Column("limit_scene_explain", "必须现场办理原因说明", judged=True),
    Column("transact_addr", "办理地点"),
    Column("transact_time", "办理时间"),
    Column("link_way", "咨询方式", judged=True, aliases=("咨询电话",)),
    Column("supervise_way", "监督投诉方式", judged=True, aliases=("投诉电话", "监督电话")),
    Column("plan_effective_date", "计划生效日期", Kind.DATE),
    Column("plan_cancel_date", "计划取消日期", Kind.DATE),
    Column("is_online", "是否网办", Kind.CHOICE, judged=True, aliases=("是否可以在线申报",)),
    Column("online_handle_depth", "网上办理深度", judged=True, aliases=("网办深度",)),
    Column("is_entry_center", "是否进驻政务大厅", Kind.CHOICE),
    Column("handle_area", "通办范围", Kind.CHOICE),
    Column("is_express", "是否支持物流快递", Kind.CHOICE),
    Column("is_pay_online", "是否支持网上支付", Kind.CHOICE),
    Column("is_schedule", "是否支持预约办理", Kind.CHOICE),
    Column("result_name", "审批结果名称"),
    Column("result_type", "审批结果类型", Kind.CHOICE),
    Column("result_guid", "审批结果样本"),
    Column("cd_batch", "批次号"),
    Column("cd_operation", "同步类型"),
    Column("cd_time", "同步时间"),
    Column("data_source", "数据来源"),
)

COLUMNS: dict[str, Column] = {column.name: column for column in DIRECTORY}
NAMES: tuple[str, ...] = tuple(COLUMNS)

# The columns by which rows are paired, merged and judged; a source need not send those derived from the code.
KEY = ("task_code", "task_handle_item")
DERIVED_FROM_TASK_CODE = {"dept_code": slice(0, 18), "use_level": slice(18, 19), "catalog_code": slice(19, 31)}


def label(name: str) -> str:
    """Return the Chinese label of a directory or master column; a name that is no column is its own label."""
    return COLUMNS[name].label if name in COLUMNS else MASTER_LABELS.get(name, name)


# What the master catalogue (基本目录) adds to, or calls differently from, the directory.
MASTER_LABELS: dict[str, str] = {
    "dept_name": "主管部门",
    "use_level": "行使层级",
    "parent_code": "主项编码",
    "limit_scene_num": "到办事现场次数上限",
    "online_handle_depth": "网上办理深度目标",
    "applies_to": "适用地区",
}

HEADINGS: dict[str, str] = {
    heading: column.name for column in DIRECTORY for heading in (column.name, column.label, *column.aliases)
}
