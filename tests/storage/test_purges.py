"""What the ledger names as evidence, and what it says once that was removed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from citysync.domain.approval import Held
from citysync.domain.errors import StorageError
from citysync.domain.recheck import LOOKED_UP
from citysync.domain.retention import Kind, Part
from citysync.domain.verdict import State
from citysync.storage.approvals import Ceiling, approve
from citysync.storage.audit import Deed, verify
from citysync.storage.changes import rests_on
from citysync.storage.engine import Store
from citysync.storage.kept import files_of, open_snapshot
from citysync.storage.leases import Busy
from citysync.storage.ledger import publish
from citysync.storage.purges import held, mark, names_of, purged, refuse_purged, undisturbed
from citysync.storage.reading import snapshot_of
from citysync.storage.runs import finish_run, start_run
from tests.builders import NOW, TODAY, a_snapshot, an_item
from tests.storage.cast import CITIES, a_city_run, a_night, a_run

CITY = "440300"
PAGE = f"pages/ab/{'ab' * 32}"


def nights(store: Store, folder: Path, *received: int) -> None:
    for serial, count in enumerate(received, start=1):
        a_night(store, folder, serial, State.IN_SYNC if count else State.NOT_SYNCED, received=count)
        finish_run(store, a_run(serial).run_id, NOW + timedelta(days=serial - 1, hours=1))


def test_evidence_is_told_by_run_with_its_latest_moment(store: Store, tmp_path: Path) -> None:
    nights(store, tmp_path, 1, 0, 1)
    found = held(store, TODAY)
    assert [(each.seq, each.adopted, sorted(each.has)) for each in found.evidence] == [
        (1, True, [Kind.PAGES, Kind.SNAPSHOTS]),
        (2, False, []),
        (3, True, [Kind.PAGES, Kind.SNAPSHOTS]),
    ]
    assert found.seq == 3
    assert found.evidence[0].at == NOW + timedelta(hours=1)


def test_a_re_check_is_told_by_its_proof(store: Store, tmp_path: Path) -> None:
    run = a_run()
    start_run(store, run, CITIES)
    night = a_city_run(run)
    assert night.snapshot is not None
    proof = replace(night.snapshot.certificate, proof=f"以 2026-11-22 的快照为底，{LOOKED_UP} 1 个编码")
    publish(store, run, replace(night, snapshot=replace(night.snapshot, certificate=proof)), tmp_path)
    assert [each.whole for each in held(store, TODAY).evidence] == [False]
    finish_run(store, run.run_id, NOW)
    a_night(store, tmp_path, 2, State.IN_SYNC)
    assert [each.whole for each in held(store, TODAY).evidence] == [False, True]


def test_a_page_two_nights_name_is_past_only_when_both_are(store: Store, tmp_path: Path) -> None:
    nights(store, tmp_path, 1, 1)
    first, second = (Part(seq, CITY, Kind.PAGES) for seq in (1, 2))
    assert [PAGE in names for names in names_of(store, [first])] == [True, False]
    assert [PAGE in names for names in names_of(store, [first, second])] == [False, True]


def test_a_whole_snapshot_stays_as_long_as_a_night_of_changes_rests_on_it(store: Store, tmp_path: Path) -> None:
    rows, last, paths = [an_item(task_name=f"事项{number}") for number in range(9)], None, []
    for serial in (1, 2):
        run = a_run(serial, on=TODAY + timedelta(days=serial - 1))
        start_run(store, run, CITIES)
        night = replace(a_city_run(run), snapshot=a_snapshot([*rows, an_item(task_name=f"夜{serial}")]))
        publish(store, run, night, tmp_path, last=last)
        kept = snapshot_of(store, CITY, run.run_id)
        assert kept is not None
        paths.append(str(kept["path"]))
        last = open_snapshot(tmp_path / paths[-1])
    assert rests_on(paths[1]) == paths[0]
    first, second = (Part(seq, CITY, Kind.SNAPSHOTS) for seq in (1, 2))
    assert {*paths, *files_of(paths[0])} <= names_of(store, [first])[0], "the second night still needs all of them"
    assert paths[1] in names_of(store, [second])[1]
    assert paths[0] in names_of(store, [second])[0]
    assert {*paths, *files_of(paths[0])} <= names_of(store, [first, second])[1]


def test_what_was_marked_says_so_in_words_and_is_not_told_again(store: Store, tmp_path: Path) -> None:
    nights(store, tmp_path, 1, 1)
    parts, run_id = [Part(seq, CITY, Kind.SNAPSHOTS) for seq in (1, 2)], a_run(1).run_id
    refuse_purged(store, CITY, run_id, Kind.SNAPSHOTS)
    with undisturbed(store, 2) as connection:
        mark(connection, parts, 90, NOW, Deed("wang", "purge", "evidence"))
    assert purged(store, CITY, run_id) == {Kind.SNAPSHOTS: "快照已于 2026-11-24 按保留 90 天的规定清除"}
    assert purged(store, "440100", run_id) == {}
    with pytest.raises(StorageError, match="快照已于"):
        refuse_purged(store, CITY, run_id, Kind.SNAPSHOTS)
    assert held(store, TODAY).evidence[0].has == {Kind.PAGES}
    assert names_of(store, ())[1], "a file only marked rows name goes whenever it is met"
    assert verify(store).entries == 1


def test_an_approval_that_holds_waits_for_what_the_person_saw(store: Store, tmp_path: Path) -> None:
    nights(store, tmp_path, 1, 1)
    approve(store, CITY, [], TODAY, "无", "wang", NOW)
    assert held(store, TODAY).waited_for == set()
    approve(store, CITY, [Ceiling(Held.EMPTY, 0)], TODAY, "迁移", "wang", NOW)
    assert held(store, TODAY).waited_for == {(2, CITY)}
    assert held(store, TODAY + timedelta(days=1)).waited_for == set()


def test_a_run_under_way_or_a_newer_one_is_not_disturbed(store: Store, tmp_path: Path) -> None:
    nights(store, tmp_path, 1)
    with pytest.raises(Busy, match="有新的运行"), undisturbed(store, 0):
        raise AssertionError
    a_night(store, tmp_path, 2, State.IN_SYNC)
    with pytest.raises(Busy, match="正在进行"), undisturbed(store, 2):
        raise AssertionError
