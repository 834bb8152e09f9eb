"""Faults of the tables that are no city's doing: our environment, the master catalogue, no history, PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from citysync.domain.errors import ConfigError, MasterError
from citysync.simulator.faults.catalogue import FAULTS
from citysync.simulator.faults.fault import Call, Fault, always
from citysync.simulator.protocols import Answer
from flows.master_import import Import, import_master
from tests.faults.expected import EXPECTED
from tests.faults.oracle import Case, problems
from tests.faults.world import FIRST, World, a_plain_world, as_text
from tests.servers import postgresql_url

PLAIN, OTHER, SQL = "442000", "440800", "441700"
pytestmark = pytest.mark.xdist_group("elsewhere")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_plain_world(tmp_path / "world", cities=(PLAIN, OTHER, SQL)) as world:
        yield world


def test_a_first_run_judges_without_a_past(world: World) -> None:
    night = world.night()
    assert {city["state"] for city in night.cities.values()} == {"in_sync"}
    assert night.exit_code == 0


def test_a_proxy_and_a_netrc_of_the_host_are_never_used(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = world.night(PLAIN)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login canary password canary-of-netrc\n", encoding="utf-8")
    (tmp_path / ".netrc").chmod(0o600)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("HOME", str(tmp_path))
    sent: list[str] = []

    def listen(call: Call) -> Answer:
        sent.extend(call.request.headers)
        return call.honest

    world.put(PLAIN, *always(PLAIN, Fault("Z02", "旁听", "listens", answer=listen)))
    assert as_text(world.night(PLAIN).cities) == as_text(clean.cities)
    assert sent
    assert {name for name in sent if "auth" in name or "proxy" in name} == set()


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_master_that_is_empty_or_shrank_is_refused_and_no_city_is_judged_by_it(world: World, share: float) -> None:
    before = world.night()
    lines = (world.folder / "master.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    cut = world.folder / "cut.csv"
    cut.write_text("".join(lines[: 1 + int(share * (len(lines) - 1))]), encoding="utf-8")
    with pytest.raises(MasterError):
        import_master(Import(cut, date(2026, 11, 2)), world.settings, FIRST)
    assert as_text(world.night().cities) == as_text(before.cities)


def test_a_master_that_changes_in_mid_run_is_the_next_runs(world: World) -> None:
    lines = (world.folder / "master.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    other = world.folder / "other.csv"
    other.write_text("".join([*lines[:-1], lines[-1].replace("）", "）改")]), encoding="utf-8")
    clean = world.night(PLAIN, OTHER)

    def change(call: Call) -> Answer:
        if call.number == 1:
            import_master(Import(other, date(2026, 11, 2), version="other"), world.settings, FIRST)
        return call.honest

    world.put(PLAIN, *always(PLAIN, Fault("Z03", "换目录", "imports another master", answer=change)))
    during = world.night(PLAIN, OTHER)
    world.put(PLAIN)
    assert as_text(during.cities) == as_text(clean.cities)
    assert (clean.master, during.master, world.night(PLAIN).master) == (clean.master, clean.master, "other")


def test_an_address_nobody_has_a_driver_for_is_refused_before_anything_is_asked(world: World) -> None:
    world.misput(SQL, FAULTS["Q11"])
    with pytest.raises(ConfigError, match=r"441700\.toml.*dm\+dmPython"):
        world.night()
    assert sum(world.server.requests.values()) == 0


@pytest.mark.postgresql
def test_a_database_that_breaks_off_in_mid_query_is_not_judged(world: World) -> None:
    with postgresql_url() as url:
        world.put(SQL, sql_url=url)
        clean = world.night(SQL)
        before = world.last_good()[SQL]
        world.put(SQL, *always(SQL, FAULTS["Q01"]), sql_url=url)
        night = world.night(SQL)
    case = Case(
        expected=EXPECTED["Q01"],
        city=night.cities[SQL],
        clean=clean.cities[SQL],
        others={},
        others_clean={},
        before=before,
        after=night.last_good[SQL],
        day=night.day,
        exit_code=night.exit_code,
        seconds=night.seconds,
        error=night.error,
    )
    assert clean.cities[SQL]["state"] == "in_sync"
    assert problems(case) == []
