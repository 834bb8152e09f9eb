"""An item under another code or name is proposed as the same item; a loss beside a gain is not."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from citysync.domain.identity import UNITS, Change
from citysync.reconciliation.identity import propose
from citysync.reconciliation.identity_names import department, read_name
from tests.reconciliation.identity_world import World, catalogue, changed, units

REAL = Path(os.environ.get("CITYSYNC_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
REAL_FILE = REAL / "gd_portal_items_2021.jsonl"
ONE_TO_ONE = (Change.RECODED.value, Change.REPLACED.value)


def a_unit(
    code: str, name: str, task_type: str = "01", dept_name: str = "深圳市卫生健康委员会", bodies: Iterable[str] = ()
) -> dict[str, Any]:
    return {"code": code, "name": name, "task_type": task_type, "dept_name": dept_name, "bodies": sorted(bodies)}


def became(
    vanished: list[dict[str, Any]], appeared: list[dict[str, Any]], staying: frozenset[str] = frozenset()
) -> list[tuple[str, list[str], list[str]]]:
    found = propose(units(vanished), units(appeared), staying=staying)
    return found.select("change", "before", "after").rows()


def figures(world: World) -> tuple[float, float, str]:
    """Return recall and precision of one-to-one proposals, and a line that says both, and the families'."""
    found = propose(*world.frames(), staying=world.staying_names())
    pairs = found.filter(pl.col("change").is_in(ONE_TO_ONE))
    proposed = {(before[0], after[0]) for before, after in pairs.select("before", "after").rows()}
    right = proposed & set(world.one_to_one.items())
    others = found.filter(~pl.col("change").is_in(ONE_TO_ONE)).select("before", "after").rows()
    families = {(tuple(before), tuple(after)) for before, after in others}
    found_families = len(families & set(world.families))
    recall, precision = len(right) / len(world.one_to_one), len(right) / len(proposed)
    told = (
        f"{len(world.vanished)} vanished, {len(world.appeared)} appeared: one to one recall {recall:.1%}, precision "
        f"{precision:.2%}; splits and mergers {found_families}/{len(world.families)}, {len(families)} proposed"
    )
    return recall, precision, told


@pytest.mark.parametrize("bodies", [True, False], ids=["with bodies", "names and codes only"])
@pytest.mark.parametrize("seed", [1, 7, 2013])
def test_a_re_coded_or_renamed_item_is_found_and_nothing_else_is_taken_for_one(seed: int, *, bodies: bool) -> None:
    world = changed(catalogue(2_000, Random(seed)), seed, bodies=bodies)
    recall, precision, told = figures(world)
    print(told)  # noqa: T201 - the figures are the point
    assert len(world.one_to_one) == 300
    assert recall >= 0.95
    assert precision >= 0.99


def real_items() -> list[dict[str, Any]]:
    items: dict[str, dict[str, Any]] = {}
    for line in REAL_FILE.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        unit = a_unit(row["CATAID"], row["TASK_NAME"], row["TASK_TYPE"], row["DEPT_NAME"], [row["TASK_CODE"][:18]])
        items.setdefault(unit["code"], unit)
    return list(items.values())


@pytest.mark.skipif(not REAL_FILE.is_file(), reason=f"no real data at {REAL_FILE}; set CITYSYNC_REAL_DATA")
@pytest.mark.parametrize("seed", [1, 2])
def test_real_names_of_guangdong_are_told_apart(seed: int) -> None:
    recall, precision, told = figures(changed(real_items(), seed, bodies=False))
    print(told)  # noqa: T201 - the figures are the point
    assert recall >= 0.95
    assert precision >= 0.99


def test_ten_thousand_against_ten_thousand_of_which_none_kept_its_name() -> None:
    gone = units(catalogue(10_000, Random(3)))
    come = gone.with_columns(code="9" + pl.col("code").str.tail(11), name=pl.col("name") + "服务")
    found = propose(gone, come)
    right = found.filter(pl.col("before").list.first().str.tail(11) == pl.col("after").list.first().str.tail(11))
    assert right.height / found.height >= 0.99


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("公共场所卫生许可（新证）", "公共场所卫生许可（延续）"),
        ("公共场所卫生许可（变更）", "公共场所卫生许可"),
        ("危险化学品生产许可", "危险化学品经营许可"),
        ("建筑业企业一级资质认定", "建筑业企业二级资质认定"),
        ("乙级测绘资质审批", "甲级测绘资质审批"),
        ("A类辐射安全许可", "B类辐射安全许可"),
        ("公共场所卫生许可", "户口迁移"),
    ],
)
def test_near_duplicates_are_two_items(old: str, new: str) -> None:
    assert became([a_unit("440120043001", old)], [a_unit("440120099009", new)]) == []


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("公共场所卫生许可（新证）", "公共场所卫生许可(新证)", "recoded"),
        ("公共场所卫生许可", "公共场所卫生许可", "recoded"),
        ("公共场所衛生许可", "公共场所卫生许可", "recoded"),
        ("公共场所卫生许可", "公共场所卫生许可证核发", "replaced"),
        ("对公共场所的卫生许可", "公共场所卫生许可（含试营业）", "replaced"),
        ("公共场所卫生许可（延续）", "营业性公共场所卫生许可（延续）", "replaced"),
    ],
)
def test_another_code_or_another_wording_is_one_item(old: str, new: str, change: str) -> None:
    one = ([a_unit("440120043001", old)], [a_unit("440120099001", new)])
    assert became(*one) == [(change, ["440120043001"], ["440120099001"])]


def test_a_rename_that_says_what_a_staying_item_says_is_not_proposed() -> None:
    gone, come = [a_unit("440120043001", "公共场所卫生许可")], [a_unit("440120099001", "公共场所卫生许可证核发")]
    assert became(gone, come, frozenset({read_name("公共场所卫生审批").key})) == []


def test_two_that_are_equally_near_are_left_to_people() -> None:
    gone = [a_unit("440120043001", "公共场所卫生许可")]
    come = [a_unit("440120099002", "公共场所甲卫生许可"), a_unit("440120099003", "公共场所乙卫生许可")]
    assert became(gone, come) == []


def test_one_item_against_its_cases_is_a_split_and_the_other_way_round_a_merger() -> None:
    whole = [a_unit("440120043000", "公共场所卫生许可")]
    cases = [a_unit("440120043001", "公共场所卫生许可（新证）"), a_unit("440120043002", "公共场所卫生许可（延续）")]
    assert became(whole, cases) == [("split", ["440120043000"], ["440120043001", "440120043002"])]
    assert became(cases, whole) == [("merged", ["440120043001", "440120043002"], ["440120043000"])]


def test_the_evidence_stands_in_words() -> None:
    body = ["11440300007542098E"]
    found = propose(
        units([a_unit("440120043001", "公共场所卫生许可", bodies=body)]),
        units([a_unit("440120099001", "公共场所卫生许可", bodies=body)]),
    )
    assert found.row(0, named=True)["evidence"] == "名称、类型、主体都相同；同一实施主体；同一部门；子项号相同"
    assert found.row(0, named=True)["score"] == 0.99


def test_the_order_of_items_changes_nothing() -> None:
    world = changed(catalogue(400, Random(5)), 5, bodies=True)
    gone, come = world.frames()
    assert propose(gone.reverse(), come.reverse()).equals(propose(gone, come))


def test_nothing_against_nothing_is_nothing() -> None:
    empty = pl.DataFrame(schema=UNITS)
    assert propose(empty, empty).is_empty()
    assert became([a_unit("440120043001", "")], [a_unit("440120099001", "")]) == []


@pytest.mark.parametrize(
    ("name", "line"),
    [("深圳市卫生健康委员会", "卫生健康"), ("广东省卫生健康委员会", "卫生健康"), ("南山区教育局", "教育"), (None, "")],
)
def test_a_department_is_compared_without_its_place_and_rank(name: str | None, line: str) -> None:
    assert department(name) == line
