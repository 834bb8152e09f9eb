"""The negative control: the oracle catches the naive reader at every fault that turns into a wrong verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from citysync.simulator.faults.catalogue import FAULTS
from citysync.simulator.faults.fault import Fault
from tests.faults.expected import EXPECTED
from tests.faults.naive import known_of, read_naively, rows_of
from tests.faults.oracle import Case, problems
from tests.faults.world import BYSTANDERS, CITIES, Witness, World, a_plain_world

pytestmark = pytest.mark.xdist_group("naive")

# The gate of the catalogue: what turns into a wrong verdict when it is handled naively. R rows have their own tests.
GATE = (
    *("T05", "T06", "T09", "T11", "T11b", "T21", "T22", "T23", "T24", "T24b"),
    *("P01", "P01b", "P01c", "P02", "P03", "P04", "P05", "P06", "P11", "P11b", "P11c", "P11d", "P11e", "P12"),
    *("S01", "S02", "S03", "S04", "S05", "S06", "S07"),
    *("E01", "E03", "E04", "E11", "E14", "E16", "E21", "E22"),
    *("D06", "D07a", "D07b", "D07c", "D07d", "D07e", "D07f", "D08", "D08b", "D15"),
    *("F01", "F05"),
)
NOT_HERE = {
    "E02": "the rare characters stand in a department's name, on which no verdict rests",
    "S10": "the master catalogue, not a city: tests/faults/test_elsewhere.py",
    "Q01": "needs PostgreSQL, the naive reader reads SQLite: tests/faults/test_elsewhere.py",
    "Q04": "needs a writer between two statements: tests/connectors/test_sql_table.py",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_plain_world(tmp_path_factory.mktemp("naive")) as world:
        yield world


@pytest.fixture(scope="module")
def witness(world: World) -> Iterator[Witness]:
    witness = Witness(world.server.port)
    yield witness
    witness.shutdown()
    witness.server_close()


def host_of(world: World, fault: Fault) -> str:
    cities = world.province.cities
    return next(code for code in CITIES if code not in BYSTANDERS and fault.fits(cities[code].plan.dialect))


def judged(world: World, witness: Witness, code: str, fault: Fault | None) -> list[str]:
    """Return what the oracle says of the naive reader's verdict on a city, with a fault or without."""
    world.put(code)
    known = known_of(rows_of(world, code))
    clean = read_naively(world, code, known)
    if fault is not None:
        world.misput(code, fault)
    visits = witness.visits
    naive = read_naively(world, code, known)
    expected = EXPECTED["T30"] if fault is None else EXPECTED[fault.id]
    honest: dict[str, Any] = {} if naive.error is None else {"state": "in_sync"}
    case = Case(
        expected=expected,
        city=naive.city,
        clean=clean.city,
        others={},
        others_clean={BYSTANDERS[0]: honest} if honest else {},
        before=None,
        after=("snapshot", "digest", "today"),
        day="today",
        exit_code=1 if naive.city["findings"] else 0,
        seconds=naive.seconds,
        elsewhere=witness.visits - visits,
        error=naive.error,
    )
    return problems(case)


@pytest.mark.parametrize("name", GATE)
def test_the_oracle_catches_the_naive_reader(world: World, witness: Witness, name: str) -> None:
    assert judged(world, witness, host_of(world, FAULTS[name]), FAULTS[name]) != []


@pytest.mark.parametrize("code", [code for code in CITIES if code != "442000"])
def test_the_naive_reader_is_right_about_an_honest_city(world: World, witness: Witness, code: str) -> None:
    assert judged(world, witness, code, None) == []


def test_every_fault_of_the_gate_is_run_or_listed_with_its_reason() -> None:
    assert set(GATE) <= set(FAULTS)
    assert set(NOT_HERE) & set(GATE) == set()
