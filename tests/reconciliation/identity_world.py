"""A catalogue that changes overnight, with the truth beside it: re-codings, renames, splits, mergers, noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from random import Random
from typing import Any

import polars as pl

from citysync.domain.identity import UNITS
from citysync.reconciliation.identity_names import read_name
from citysync.simulator.names import DEPARTMENTS, body_code

# What items are about, as province-wide lists write it. Each gets one action per type; its cases are sub-items.
_OBJECTS = [
    "固定资产投资项目",
    "政府定价商品价格",
    "粮食收购资格",
    "民办学校办学",
    "校车使用",
    "教师资格",
    "实验动物生产使用",
    "技术合同",
    "民用爆炸物品销售",
    "无线电台(站)设置使用",
    "剧毒化学品购买",
    "保安服务公司设立",
    "社会团体成立登记",
    "公墓建设",
    "养老机构设立",
    "最低生活保障金",
    "律师执业",
    "司法鉴定机构",
    "代理记账业务",
    "人力资源服务",
    "劳务派遣经营",
    "工伤保险待遇",
    "职业培训学校",
    "建设用地使用权",
    "采矿权转让",
    "不动产首次登记",
    "测绘作业证",
    "建设项目环境影响评价文件",
    "排污",
    "危险废物经营",
    "放射性同位素与射线装置安全",
    "建筑工程施工",
    "商品房预售",
    "燃气经营",
    "城市桥梁通行",
    "道路旅客运输经营",
    "港口经营",
    "公路超限运输",
    "水上水下活动",
    "取水",
    "河道管理范围内建设项目工程建设方案",
    "水土保持方案",
    "农药经营",
    "兽药经营",
    "动物防疫条件",
    "渔业捕捞",
    "对外劳务合作经营",
    "成品油零售经营",
    "拍卖企业经营",
    "报废机动车回收企业资格",
    "营业性演出",
    "互联网上网服务营业场所",
    "文物保护单位保护范围内作业",
    "旅行社设立",
    "公共场所卫生",
    "医疗机构执业",
    "医师执业",
    "饮用水供水单位卫生",
    "食品经营",
    "药品零售",
    "第二类医疗器械经营",
    "特种设备使用",
    "种畜禽生产经营",
    "林木种子生产经营",
    "木材运输",
    "烟花爆竹经营",
    "危险化学品经营",
    "娱乐场所设立",
    "印刷企业设立",
    "广播电视节目制作经营",
    "电影放映经营",
    "出版物零售",
    "船舶营运",
    "从业人员职业资格",
]
_KINDS = ("", "外商投资", "跨区域", "农村地区", "个体工商户")
_CASES = ("", "（新证）", "（延续）", "（变更）", "（注销）", "（补证）")
_ACTIONS = {
    "01": ("许可", "审批", "核准"),
    "05": ("补贴",),
    "07": ("确认", "认定"),
    "10": ("备案",),
    "20": ("信息查询",),
}
_WIDER = {"（": "(", "）": ")", "、": "、 ", "·": "•"}
_EXTENSIONS = ("企业", "单位", "项目", "事项", "相关", "工作")


@dataclass
class World:
    """What vanished, what appeared, what stayed; ``one_to_one``: code → code; ``families``: (codes, codes)."""

    vanished: list[dict[str, Any]] = field(default_factory=list)
    appeared: list[dict[str, Any]] = field(default_factory=list)
    staying: list[dict[str, Any]] = field(default_factory=list)
    one_to_one: dict[str, str] = field(default_factory=dict)
    families: list[tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)

    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        return units(self.vanished), units(self.appeared)

    def staying_names(self) -> frozenset[str]:
        return frozenset(read_name(each["name"]).key for each in self.staying)


def units(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=UNITS, orient="row")


def catalogue(size: int, chance: Random) -> list[dict[str, Any]]:
    """Return items as a province lists them: families of near-duplicates (新证, 延续, 变更 …) among them."""
    items = [
        _item(place, f"{kind}{topic}", task_type, f"{main:03d}", case)
        for place, topic in enumerate(_OBJECTS)
        for main, (kind, task_type) in enumerate(product(_KINDS, _ACTIONS), start=1)
        for case in range(len(_CASES))
    ]
    return sorted(chance.sample(items, min(size, len(items))), key=lambda each: str(each["code"]))


def _item(place: int, topic: str, task_type: str, main: str, case: int) -> dict[str, Any]:
    department = DEPARTMENTS[place % len(DEPARTMENTS)]
    actions = _ACTIONS[task_type]
    return {
        "code": f"44{task_type}{department.serial}{int(main) + 30 * (place // len(DEPARTMENTS)):03d}{case:03d}",
        "name": f"{topic}{actions[place % len(actions)]}{_CASES[case]}",
        "task_type": task_type,
        "dept_name": f"深圳市{department.name}",
        "bodies": [body_code("440300", place % len(DEPARTMENTS) + 1)],
    }


def changed(items: Sequence[dict[str, Any]], seed: int, *, bodies: bool) -> World:
    """Return a night in which 10 % are re-coded, 5 % renamed, 1 % split, 1 % merged, 2 % abolished and 2 % added."""
    chance, world = Random(seed), World()
    fresh = _fresh_codes({each["code"] for each in items}, chance)
    names = {each["name"] for each in items}
    cores = {read_name(name).key for name in names}
    rest = list(items)
    chance.shuffle(rest)
    count = len(rest)
    for _ in range(count // 10):
        _replace(world, old := rest.pop(), {**old, "code": next(fresh(old)), "name": _rewritten(old["name"], chance)})
    for _ in range(count // 20):
        old = rest.pop()
        name = _renamed(old["name"], names, cores, chance)
        names.add(name)
        _replace(world, old, {**old, "code": next(fresh(old)), "name": name})
    for _ in range(count // 100):
        _split(world, rest.pop(), fresh, chance)
        _merge(world, rest.pop(), fresh)
        world.vanished += [rest.pop(), rest.pop()]
        world.appeared += [_added(rest.pop(), fresh), _added(rest.pop(), fresh)]
        _false_friends(world, rest.pop(), fresh, chance)
    world.staying = rest
    if not bodies:
        for each in (*world.vanished, *world.appeared):
            each["bodies"] = []
    return world


def _replace(world: World, old: dict[str, Any], new: dict[str, Any]) -> None:
    world.vanished.append(dict(old))
    world.appeared.append(dict(new))
    world.one_to_one[old["code"]] = new["code"]


def _fresh_codes(taken: set[str], chance: Random) -> Any:
    """Return a maker of unused codes: another sub-item number, another main number, or another department's."""

    def fresh(old: dict[str, Any]) -> Iterator[str]:
        code, manner = old["code"], chance.randrange(3)
        while True:
            sub, main = chance.randrange(10, 999), chance.randrange(100, 999)
            department = chance.choice(DEPARTMENTS).serial
            made = (
                f"{code[:9]}{sub:03d}",
                f"{code[:6]}{main:03d}{code[9:]}",
                f"{code[:4]}{department}{main:03d}{code[9:]}",
            )[manner]
            if made not in taken:
                taken.add(made)
                yield made

    return fresh


def _rewritten(name: str, chance: Random) -> str:
    return "".join(_WIDER.get(letter, letter) for letter in name) if chance.random() < 0.3 else name


def _renamed(name: str, names: set[str], cores: set[str], chance: Random) -> str:
    """Return a name as a revision would write it; never one that another item bears, or one that says the same."""
    head, _, tail = name.partition("（")
    tail = f"（{tail}" if tail else ""
    middle = chance.randrange(2, max(3, len(head) - 2))
    word = chance.choice(_EXTENSIONS)
    ways = [
        f"{head[:middle]}{word}{head[middle:]}{tail}",
        f"对{head}的办理{tail}",
        f"{head}（含电子证照）{tail}" if not tail else f"{word}{head}{tail}",
        f"{head.removesuffix('许可')}许可证核发{tail}" if head.endswith("许可") else f"{head}服务{tail}",
        f"{head[: middle - 1]}{head[middle:]}{tail}",
    ]
    chance.shuffle(ways)
    return next(
        (each for each in ways if each not in names and read_name(each).key not in cores), f"{head}{word}{tail}"
    )


def _split(world: World, old: dict[str, Any], fresh: Any, chance: Random) -> None:
    whole, kinds = _of_its_own(old), chance.sample(("换证", "遗失补办", "校验", "增项"), 2)
    parts = [{**whole, "code": next(fresh(old)), "name": f"{whole['name']}（{kind}）"} for kind in kinds]
    world.vanished.append(whole)
    world.appeared += parts
    world.families.append(((whole["code"],), tuple(sorted(each["code"] for each in parts))))


def _merge(world: World, old: dict[str, Any], fresh: Any) -> None:
    whole = _of_its_own(old)
    parts = [
        {**whole, "name": f"{whole['name']}（停业）"},
        {**whole, "code": next(fresh(old)), "name": f"{whole['name']}（歇业）"},
    ]
    whole = {**whole, "code": next(fresh(old))}
    world.vanished += parts
    world.appeared.append(whole)
    world.families.append((tuple(sorted(each["code"] for each in parts)), (whole["code"],)))


def _of_its_own(old: dict[str, Any]) -> dict[str, Any]:
    """Return an item whose name no other family has."""
    return {**old, "name": f"第{old['code'][6:9]}号目录{old['name'].partition('（')[0]}{old['code'][9:]}"}


def _false_friends(world: World, old: dict[str, Any], fresh: Any, chance: Random) -> None:
    """One item is abolished and one is new; they differ by one word of their names, and by everything else."""
    topic = old["name"].partition("（")[0]
    one, other = chance.choice(
        (("生产", "经营"), ("进口", "出口"), ("省内", "跨省"), ("（新证）", "（延续）"), ("甲级", "乙级"))
    )
    world.vanished.append({**old, "name": f"{topic}{one}" if one[0] == "（" else f"{one}{topic}"})
    appeared = {**old, "code": next(fresh(old)), "name": f"{topic}{other}" if one[0] == "（" else f"{other}{topic}"}
    world.appeared.append(appeared)


def _added(like: dict[str, Any], fresh: Any) -> dict[str, Any]:
    """Return a truly new item of the kind cities invent: near an existing one, and not it."""
    base = like["name"].partition("（")[0]
    return {**like, "code": next(fresh(like)), "name": f"{base}（迁址）"}
