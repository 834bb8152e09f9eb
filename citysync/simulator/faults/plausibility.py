"""S: a snapshot that is whole and cannot be true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

from citysync.simulator.columns import PLACE, Row, changed
from citysync.simulator.faults import clock
from citysync.simulator.faults.fault import Call, Fault
from citysync.simulator.protocols import Answer
from citysync.simulator.province import Province, SimulatedCity

_NEW = "ABCDEFGHJK"


def _tables(change: Callable[[tuple[Row, ...]], tuple[Row, ...]]) -> Callable[[SimulatedCity, Province], SimulatedCity]:
    return lambda city, _province: replace(city, table=change(city.table))


def _none(_table: tuple[Row, ...]) -> tuple[Row, ...]:
    return ()


def _one_region(table: tuple[Row, ...]) -> tuple[Row, ...]:
    return table[: max(1, len(table) // 10)]


def _threefold(table: tuple[Row, ...]) -> tuple[Row, ...]:
    return (*table, *(_recoded(row, letter) for letter in "AB" for row in table))


def _recoded(row: Row, letter: str) -> Row:
    """Return a row under a code that nobody ever had: other digits in the body's own serial."""
    code, body = row[0] or "", row[PLACE["dept_code"]] or ""
    return changed(
        row,
        {
            "task_code": f"{code[:9]}{letter}{code[10:]}",
            "task_handle_item": None,
            "dept_code": f"{body[:9]}{letter}{body[10:]}",
        },
    )


def _blank(column: str) -> Callable[[tuple[Row, ...]], tuple[Row, ...]]:
    return lambda table: tuple(changed(row, {column: None}) for row in table)


def _half_recoded(table: tuple[Row, ...]) -> tuple[Row, ...]:
    half = len(table) // 2
    return (*(_recoded(row, _NEW[place % len(_NEW)]) for place, row in enumerate(table[:half])), *table[half:])


def _test_rows(table: tuple[Row, ...]) -> tuple[Row, ...]:
    tests = (changed(row, {"task_name": f"测试{place}test"}) for place, row in enumerate(table[:3]))
    return (*tests, *table[3:])


def _neighbour(city: SimulatedCity, province: Province) -> SimulatedCity:
    """Return the city serving another one's directory, of its own coding if another has it."""
    others = [each for code, each in province.cities.items() if code != city.code]
    alike = [each for each in others if each.plan.local is city.plan.local]
    return replace(city, table=(alike or others)[0].table)


def changed_days_ago(days: int) -> Callable[[Call], Answer]:
    """Return an answer that says it last changed so many days ago."""

    def answer(call: Call) -> Answer:
        moment = format_datetime(clock.now() - timedelta(days=days), usegmt=True)
        others = tuple(each for each in call.honest.headers if each[0] != "Last-Modified")
        return replace(call.honest, headers=(*others, ("Last-Modified", moment)))

    return answer


FAULTS: tuple[Fault, ...] = (
    Fault("S01", "清单为空而一切正常", "no rows, total 0, status 200", city=_tables(_none)),
    Fault("S02", "骤减九成", "one row in ten is left", city=_tables(_one_region)),
    Fault("S03", "激增到三倍", "every row three times, under new codes", city=_tables(_threefold)),
    Fault(
        "S04",
        "旧快照重新发布",
        "what came is nine days old, two are allowed",
        answer=changed_days_ago(9),
        expect={"max_age_days": 2},
    ),
    Fault("S05", "更新时间倒退", "what came is older than what came before", answer=changed_days_ago(40)),
    Fault("S06", "一个字段整列变空", "the legal basis of every row is empty", city=_tables(_blank("by_law"))),
    Fault("S07", "发来别的城市的数据", "the rows are another city's", city=_neighbour),
    Fault("S08", "生产库混入测试数据", "three rows are called 测试", city=_tables(_test_rows)),
    Fault("S09", "一半事项批量换码", "half of the rows come under new codes", city=_tables(_half_recoded)),
)
