"""What is counted of a city, by region and department, agrees with the rows and with the findings."""

from __future__ import annotations

import polars as pl
import pytest

from citysync.domain.figures import figure
from citysync.domain.tallies import COUNTS
from citysync.reconciliation.tally import NO_DEPARTMENT, tally
from tests.builders import CATALOG_CODE, TASK_CODE, a_city, a_master, a_master_item, an_item
from tests.reconciliation.cast import Walk, a_code, tuned, walk

HEALTH = "省卫生健康委员会"


def counts(found: Walk, areacode: str = "440300", department: str = HEALTH) -> dict[str, int]:
    rows = found.reconciliation.tallies.filter(areacode=areacode, department=department)
    assert rows.height == 1
    return {name: rows.item(0, name) for name in COUNTS}


def one(row: dict[str, str | None] | None = None, **master: object) -> dict[str, int]:
    item = a_master_item(**{"dept_name": HEALTH, **master})
    return counts(walk([row or an_item()], a_master(item)))


def test_one_row_in_sync_is_due_met_and_agreed() -> None:
    found = one()
    assert {name for name, count in found.items() if count} == {
        *("due", "met", "rows", "visits_1", "within_cap", "online", "days_comparable", "days_promised", "days_legal"),
        *("paired", "agreed"),
    }
    assert (found["days_promised"], found["days_legal"]) == (10, 20)


@pytest.mark.parametrize(
    ("sent", "count", "capped"),
    [
        ("0", "visits_0", 1),
        ("2", "visits_2", 1),
        ("3", "visits_3", 1),
        ("4", "visits_over_3", 0),
        (None, "visits_unknown", 0),
    ],
)
def test_each_number_of_visits_is_counted_once_and_an_unknown_one_is_not_within_the_cap(
    sent: str | None, count: str, capped: int
) -> None:
    found = one(an_item(limit_scene_num=sent))
    assert (found[count], found["within_cap"], found["visits_1"]) == (1, capped, 0)


def test_a_lower_cap_of_the_master_counts() -> None:
    assert one(an_item(limit_scene_num="1"), limit_scene_num=0)["within_cap"] == 0


@pytest.mark.parametrize(
    ("own", "target", "comparable", "met"),
    [("二级", "二级", 1, 1), ("一级", "二级", 1, 0), ("Ⅳ级", "二级", 0, 0), (None, "二级", 0, 0), ("二级", None, 0, 0)],
)
def test_depth_is_counted_within_one_scale_and_against_a_target_only(
    own: str | None, target: str | None, comparable: int, met: int
) -> None:
    found = one(an_item(online_handle_depth=own), online_handle_depth=target)
    assert (found["depth_comparable"], found["depth_met"]) == (comparable, met)


@pytest.mark.parametrize(
    ("changes", "comparable", "not_comparable", "over"),
    [
        ({"promise_type": "2"}, 0, 1, 0),
        ({"promise_type": None}, 0, 1, 0),
        ({"promise_day": None}, 0, 0, 0),
        ({"promise_day": "21"}, 1, 0, 1),
        ({"promise_day": "20"}, 1, 0, 0),
    ],
)
def test_days_of_different_units_are_counted_apart(
    changes: dict[str, str | None], comparable: int, not_comparable: int, over: int
) -> None:
    found = one(an_item(**changes))
    seen = (found["days_comparable"], found["days_not_comparable"], found["days_over_legal"])
    assert seen == (comparable, not_comparable, over)


@pytest.mark.parametrize("changes", [{"task_name": "另一个名称"}, {"task_type": "05"}, {"by_law": "别的依据"}])
def test_a_row_that_differs_in_an_element_is_not_agreed(changes: dict[str, str]) -> None:
    assert one(an_item(**changes))["agreed"] == 0


def test_a_cosmetic_difference_still_agrees() -> None:
    assert one(an_item(task_name="公共场所卫生许可 "))["agreed"] == 1


def test_obligations_count_by_region_and_department_of_the_master() -> None:
    items = [
        a_master_item(dept_name=HEALTH, use_level=["3", "4"]),
        a_master_item(catalog_code="440106043009", dept_name="省公安厅"),
        a_master_item(catalog_code="440106043008"),
    ]
    found = walk(None, a_master(*items), a_city(counties=("440305",)))
    due = found.reconciliation.tallies.select("areacode", "department", "due", "met").rows()
    assert due == [
        ("440300", "省公安厅", 1, 0),
        ("440300", HEALTH, 1, 1),
        ("440300", NO_DEPARTMENT, 1, 0),
        ("440305", HEALTH, 1, 0),
    ]


def test_july_2013_by_department() -> None:
    """52 departments, 1,637 items due, 1,584 on board (96.76 %), 31 departments complete."""
    sizes = [32] * 31 + [31] * 10 + [30] * 10 + [35]
    on_board = [32] * 31 + [28] * 10 + [28] * 10 + [32]
    items, rows = [], []
    for department, (due, met) in enumerate(zip(sizes, on_board, strict=True)):
        for serial in range(due):
            code = f"4401{department:02d}{serial:03d}000"
            items.append(a_master_item(catalog_code=code, dept_name=f"部门{department:02d}", use_level=["2"]))
            rows += [an_item(task_code=a_code(code, level="2"), areacode="440000")] if serial < met else []
    province = a_city(code="440000", name="广东省", level=2)
    tallies = walk(rows, a_master(*items), province, city_code="440000").reconciliation.tallies
    departments = [figure("onboard", row) for row in tallies.to_dicts()]
    total = figure("onboard", {name: int(tallies[name].sum()) for name in COUNTS})
    assert (len(departments), sum(each.complete for each in departments)) == (52, 31)
    assert (total.above, total.below, total.percent) == (1_584, 1_637, "96.76%")


def test_tallies_add_up_to_the_verdicts_counts() -> None:
    rows = [*tuned(task_handle_item=f"{TASK_CODE}01"), *tuned(), an_item(task_code=a_code("440106049001"))]
    found = walk(rows, a_master(a_master_item(), a_master_item(catalog_code="440106043009")))
    summed = found.reconciliation.tallies.sum()
    counted = (summed.item(0, "due"), summed.item(0, "met"), summed.item(0, "paired"), summed.item(0, "rows"))
    whole = found.reconciliation
    assert counted == (whole.due, whole.met, whole.paired, found.match.judged.height)
    again = tally(found.match, found.findings.sample(fraction=1.0, shuffle=True, seed=1))
    assert again.equals(whole.tallies)
    assert CATALOG_CODE in found.match.duties["catalog_code"].to_list()
    assert found.reconciliation.tallies.schema == pl.Schema(whole.tallies.schema)
