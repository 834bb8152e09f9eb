"""docs/faults.md is held equal to the declarations of the faults."""

from __future__ import annotations

import pytest

from citysync.simulator.faults.catalogue import FAULTS, NOT_HERE, TABLES, table_of
from citysync.simulator.faults.fault import Fault
from tests.house.pages import page, rows, section

HOOKS = ("answer", "city", "records", "body", "drop", "database", "source")


@pytest.mark.parametrize("letter", TABLES)
def test_every_fault_stands_in_the_docs_as_it_is_declared(letter: str) -> None:
    title, faults = TABLES[letter]
    assert table_of(faults) in section(page("faults.md"), f"{letter} {title}")


def test_every_fault_that_is_not_there_is_listed_with_its_reason() -> None:
    assert dict(rows(section(page("faults.md"), "Not in the simulator"))) == NOT_HERE
    assert set(NOT_HERE) & set(FAULTS) == set()


def test_every_fault_is_put_somewhere_and_says_what_it_does() -> None:
    assert [fault.id for fault in FAULTS.values() if not any(getattr(fault, hook) for hook in HOOKS)] == []
    assert [fault.id for fault in FAULTS.values() if not fault.does or not fault.seams] == []
    assert table_of((Fault("T99", "无", "nothing"),)) not in page("faults.md")
