"""Front-end databases read by their news: what comes of it is what a whole reading gives, on all three databases."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citysync.domain.city import City
from citysync.domain.memory import LastGood
from citysync.domain.snapshot import INDEX_URL, MERGED, Grade, RawPage, Snapshot, fingerprint
from connectors import pull
from connectors._tape import Player, Recorder
from tests.connectors.doors import NOW, Memory, city_of, code
from tests.connectors.test_sql_table import front_end  # noqa: F401 — a fixture: every database there is

TABLES = ("up_task_general_basic", "up_task_public_basic")
COLUMNS = ("task_code", "task_handle_item", "task_name", "task_type", "cd_operation", "cd_batch")
OLD = datetime(2026, 10, 1, 8)  # noqa: DTZ001 — as a database has it


@dataclass
class FrontEnd:
    """A city's tables of operations, and the province's nights against them."""

    url: str
    city: City
    kept: dict[str, bytes] = field(default_factory=dict)
    base: LastGood | None = None
    days: int = 0
    memory: Memory = field(default_factory=Memory)

    def write(self, *operations: dict[str, Any], table: str = TABLES[0]) -> None:
        self.run(_table(table).insert(), list(operations))

    def run(self, *statement: Any) -> None:
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(*statement)
        engine.dispose()

    def create(self, count: int) -> None:
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        schema = sa.MetaData()
        for name in TABLES:
            _table(name, schema)
        schema.create_all(engine)
        engine.dispose()
        self.write(*(operation(number, "i", OLD, "1") for number in range(1, count + 1)))

    def pull(self, *, adopt: bool = True, **door: Any) -> Snapshot:
        self.days += 1
        snapshot = pull(self.city, replace(self.door(), **door))
        if adopt and snapshot.certificate.grade is Grade.A:
            index = next((page.sha256 for page in snapshot.pages if page.url == INDEX_URL), None)
            self.base = LastGood("run", snapshot.taken_at.date(), snapshot.in_hand, index=index)
        return snapshot

    def whole(self) -> Snapshot:
        return pull(self.city, replace(self.door(), base=None))

    def door(self) -> Any:
        self.memory = Memory()

        def keep(data: bytes, number: int, url: str) -> RawPage:
            page = self.memory.keep(data, number, url)
            self.kept[page.sha256] = data
            return page

        now = NOW + timedelta(days=self.days)
        return replace(self.memory.door(), keep=keep, base=self.base, read=self.kept.__getitem__, now=lambda: now)

    @property
    def rows_read(self) -> int:
        """Return how many rows the last night read."""
        return sum(data.count(b"\n") + 1 for _, url, data in self.memory.kept if "#" in url)


def _table(name: str, schema: sa.MetaData | None = None) -> sa.Table:
    columns = [sa.Column(each, sa.String(200)) for each in COLUMNS]
    return sa.Table(name, schema or sa.MetaData(), *columns, sa.Column("cd_time", sa.DateTime()))


def operation(number: int, kind: str, at: datetime, batch: str | None, **changes: Any) -> dict[str, Any]:
    row = {"task_code": code(number), "task_handle_item": None, "task_name": f"事项{number}", "task_type": "01"}
    return {**row, "cd_operation": kind, "cd_time": at, "cd_batch": batch, **changes}


def a_front_end(url: str, count: int = 60, **changes: Any) -> FrontEnd:
    source = {"connector": "sql_table", "url": url, "tables": list(TABLES), "changes": changes}
    found = FrontEnd(url, city_of(source))
    found.create(count)
    return found


@pytest.fixture
def city(front_end: str) -> FrontEnd:  # noqa: F811 — the fixture
    return a_front_end(front_end, sample_codes=5)


def small(snapshot: Snapshot) -> bool:
    return MERGED in snapshot.certificate.proof and any("增量拉取" in note for note in snapshot.notes)


def same(one: Snapshot, other: Snapshot) -> bool:
    names = ("grade", "declared", "received", "distinct", "problems")
    facts = [(*(getattr(each.certificate, name) for name in names), each.unknown_fields) for each in (one, other)]
    return facts[0] == facts[1] and fingerprint(one.rows) == fingerprint(other.rows)


def at(days: float) -> datetime:
    return datetime(2026, 11, 23, 8) + timedelta(days=days)  # noqa: DTZ001 — as a database has it


def test_only_new_batches_are_read_and_the_whole_is_proved_by_the_server(city: FrontEnd) -> None:
    city.pull()
    assert city.rows_read == 60
    city.write(
        operation(3, "u", at(0), "2", task_name="改了名"),
        operation(4, "d", at(0), "2"),
        operation(99, "i", at(0), "2"),
    )
    city.write(operation(5, "d", at(0), "2"))
    city.write(operation(5, "i", at(0), "2", task_type="20"), table=TABLES[1])
    night = city.pull()
    assert small(night)
    assert city.rows_read < 25
    assert same(night, city.whole())
    assert "数据库自计在用 60 条与合并后一致" in night.certificate.proof
    assert "新增 1 条，修改 2 条，删除 1 条" in night.certificate.proof


def test_a_row_that_lands_late_in_an_old_batch_is_read(city: FrontEnd) -> None:
    city.pull()
    city.write(operation(3, "u", OLD + timedelta(hours=1), "1", task_name="迟到"))
    city.write(operation(4, "d", OLD - timedelta(hours=1), "1"))  # older than the entry: it changes nothing
    night = city.pull()
    assert "上次整体拉取" in night.certificate.proof or "整体读取更省" in str(night.notes)
    assert same(night, city.whole())


def test_an_item_deleted_and_entered_again_is_there_once(city: FrontEnd) -> None:
    city.pull()
    city.write(operation(3, "d", at(0), "2"))
    assert same(city.pull(), city.whole())
    city.write(operation(3, "i", at(1), "3", task_name="又回来了"))
    night = city.pull()
    assert small(night)
    assert same(night, city.whole())


def test_an_operation_rewritten_in_place_is_caught_by_the_sample_or_the_whole_reading(city: FrontEnd) -> None:
    city.pull()
    table = _table(TABLES[0])
    city.run(sa.update(table).where(table.c.task_code == code(23)).values(task_name="悄悄改了"))
    nights = [city.pull() for _ in range(5)]
    assert [small(night) for night in nights] == [True, True, True, True, False]
    assert f"抽查的编码与合并后不符：1 个编码，如 {code(23)}" in str(nights[-1].notes)
    assert f"没有新批次的变化 1 个编码，如 {code(23)}" in str(nights[-1].notes)
    assert same(nights[-1], city.whole())
    assert "上次整体拉取证明增量不可信" in str(city.pull().notes)
    assert small(city.pull())


def test_an_operation_taken_out_of_an_old_batch_is_caught(city: FrontEnd) -> None:
    city.pull()
    table = _table(TABLES[0])
    city.run(sa.delete(table).where(table.c.task_code == code(23)))
    night = city.pull()
    assert not small(night)
    assert f"没有新批次的变化 1 个编码，如 {code(23)}" in str(night.notes)
    assert same(night, city.whole())


def test_batches_that_were_cleared_away_cost_a_whole_reading(city: FrontEnd) -> None:
    city.pull()
    city.run(sa.delete(_table(TABLES[0])))
    city.write(operation(1, "i", at(1), "9"))
    night = city.pull()
    assert f"表 {TABLES[0]} 的批次 1（2026-10-01）等 1 个不见了" in str(night.notes)
    assert same(night, city.whole())


def test_the_count_of_the_server_is_asked_and_believed_before_ours(city: FrontEnd) -> None:
    city.pull()
    city.write(operation(3, "d", at(0), "2", task_code=f" {code(3)}　"))  # one key to us, another to the server
    night = city.pull()
    assert "数据库自计在用 60 条，合并后 59" in str(night.notes)
    assert same(night, city.whole())


def test_a_table_without_operations_is_read_as_a_whole(tmp_path: Path) -> None:
    found = a_front_end(f"sqlite:///{tmp_path / 'city.db'}")
    found.city = found.city.model_copy(update={"fields": {"cd_time": "no_such"}})
    found.pull()
    assert "没有编码、cd_operation 或 cd_time，不能只读新批次" in str(found.pull().notes)


def test_a_night_of_news_is_made_again_from_its_tape_alone(city: FrontEnd) -> None:
    city.pull()
    city.write(operation(3, "u", at(0), "2", task_name="改了名"), operation(4, "d", at(0), "2"))
    base = city.base
    recorder = Recorder(lambda data: city.door().keep(data, 0, "").sha256, lambda: NOW + timedelta(days=2))
    then = city.pull(tape=recorder, now=recorder.now)
    player = Player(recorder.heard, recorder.moments, then.pages, city.kept.__getitem__)
    again = replace(Memory().door(), base=base, tape=player, now=player.now, keep=player.keep)
    now = pull(city.city, again)
    assert small(now)
    assert now.rows.equals(then.rows)
    assert (now.certificate, now.notes, now.pages) == (then.certificate, then.notes, then.pages)


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from("iud"), st.integers(1, 40), st.integers(-30, 30), st.sampled_from(["1", "2", "10", None])
    ),
    max_size=8,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nights=st.lists(OPERATIONS, min_size=1, max_size=3), second=st.booleans())
def test_whatever_is_written_a_night_of_news_gives_what_a_whole_reading_gives(
    tmp_path_factory: pytest.TempPathFactory,
    nights: list[list[tuple[str, int, int, str | None]]],
    second: bool,  # noqa: FBT001 — drawn
) -> None:
    found = a_front_end(f"sqlite:///{tmp_path_factory.mktemp('city') / 'city.db'}", 30, sample_codes=3)
    found.pull()
    for number, written in enumerate(nights):
        for kind, item, days, batch in written:
            table = TABLES[second and item % 2]
            found.write(operation(item, kind, at(days), batch, task_name=f"{number}{kind}"), table=table)
        night = found.pull()
        assert same(night, found.whole())
