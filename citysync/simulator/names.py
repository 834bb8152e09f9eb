"""Plausible names: departments, service items, laws, and bodies with valid 统一社会信用代码.

The department serials are those Guangdong's catalogue codes carry (01 发展改革, 20 卫生健康, 99 其他公共服务 …).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from stdnum.cn.uscc import calc_check_digit


@dataclass(frozen=True, slots=True)
class Department:
    """A line of departments from province to county: catalogue serial, name, what it decides about, its law."""

    serial: str
    name: str
    topics: tuple[str, ...]
    law: str


DEPARTMENTS: tuple[Department, ...] = (
    Department("01", "发展和改革局", ("固定资产投资项目", "政府定价商品", "粮食收购", "招标方案"), "行政许可法"),
    Department("02", "教育局", ("民办学校设立", "校车使用", "教师资格", "中小学地方课程教材"), "教育法"),
    Department("03", "科学技术局", ("实验动物使用", "技术合同", "高新技术企业", "科技成果"), "科学技术进步法"),
    Department("04", "工业和信息化局", ("民用爆炸物品销售", "无线电台设置", "节能评估", "工业产品"), "节约能源法"),
    Department("06", "公安局", ("举行集会游行示威", "剧毒化学品购买", "保安服务公司", "户口迁移"), "居民身份证法"),
    Department("08", "民政局", ("社会团体成立", "公墓建设", "养老机构", "最低生活保障金"), "慈善法"),
    Department("09", "司法局", ("律师执业", "司法鉴定机构", "法律援助", "公证员执业"), "律师法"),
    Department("10", "财政局", ("会计师事务所设立", "代理记账", "政府采购投诉", "非税收入"), "会计法"),
    Department("11", "人力资源和社会保障局", ("人力资源服务", "劳务派遣经营", "工伤", "职业培训学校"), "劳动合同法"),
    Department("12", "自然资源局", ("建设用地", "采矿权", "不动产", "测绘作业"), "土地管理法"),
    Department("13", "生态环境局", ("建设项目环境影响评价", "排污", "危险废物经营", "辐射安全"), "环境保护法"),
    Department("14", "住房和城乡建设局", ("建筑工程施工", "商品房预售", "燃气经营", "城市桥梁"), "建筑法"),
    Department("15", "交通运输局", ("道路旅客运输经营", "港口经营", "公路超限运输", "水上水下活动"), "公路法"),
    Department("16", "水务局", ("取水", "河道管理范围内建设项目", "水土保持方案", "河道采砂"), "水法"),
    Department("17", "农业农村局", ("农药经营", "兽药经营", "动物防疫条件", "渔业捕捞"), "农业法"),
    Department("18", "商务局", ("对外劳务合作经营", "成品油零售经营", "拍卖企业", "报废机动车回收"), "对外贸易法"),
    Department(
        "19", "文化广电旅游体育局", ("营业性演出", "互联网上网服务", "文物保护单位", "旅行社设立"), "文物保护法"
    ),
    Department(
        "20",
        "卫生健康局",
        ("公共场所卫生", "医疗机构执业", "医师执业", "饮用水供水单位卫生"),
        "基本医疗卫生与健康促进法",
    ),
    Department(
        "99", "政务服务数据管理局", ("馆藏书目", "公共信用信息", "政务服务热线", "开放数据"), "政府信息公开条例"
    ),
)

# What is done, by 事项类型; the first two are the common ones.
_ACTIONS: dict[str, tuple[str, ...]] = {
    "01": ("许可", "审批", "核准", "资格认定", "延期审批"),
    "05": ("补贴给付", "补助发放", "救助金给付"),
    "07": ("确认", "登记", "鉴定", "认定"),
    "08": ("奖励", "表彰"),
    "09": ("争议裁决", "纠纷裁决"),
    "10": ("备案", "年度检验", "审查", "事项告知"),
    "20": ("信息查询", "政策咨询", "证明开具"),
}
TASK_TYPES = tuple(_ACTIONS)
TYPE_WEIGHTS = (45, 8, 14, 4, 2, 17, 10)
_SCOPES = ("（首次申请）", "", "（变更）", "（延续）", "（注销）", "（补发）")
_HANDLE_KINDS = ("新办", "变更", "延续", "补证", "注销", "简易程序", "告知承诺", "跨域通办")


def dice(*parts: object) -> Random:
    """Return a generator that depends on nothing but its parts: same parts, same numbers, in every process."""
    return Random("/".join(map(str, parts)))  # noqa: S311 - reproducible make-believe, no secret


def item_name(department: Department, task_type: str, serial: int) -> str:
    """Return the n-th name of a department and type; no two serials give the same name."""
    actions = _ACTIONS[task_type]
    serial, topic = divmod(serial, len(department.topics))
    serial, action = divmod(serial, len(actions))
    round_, scope = divmod(serial, len(_SCOPES))
    again = f"（第{round_ + 1}类）" if round_ else ""
    return f"{department.topics[topic]}{actions[action]}{again}{_SCOPES[scope]}"


def handle_item_name(name: str, serial: int) -> str:
    """Return the own name of a 业务办理项, which differs from its item's name."""
    return f"{name}—{_HANDLE_KINDS[serial % len(_HANDLE_KINDS)]}"


def legal_basis(department: Department, article: int) -> str:
    """Return a 设定依据 that names law and article."""
    return f"《中华人民共和国{department.law}》第{article}条"


def body_code(division: str, organisation: int, *, kind: str = "11") -> str:
    """Return a valid 统一社会信用代码: registrar and kind, division, nine of the organisation, check character."""
    stem = f"{kind}{division}{organisation:09d}"
    return stem + str(calc_check_digit(stem))
