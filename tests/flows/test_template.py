"""Children are forked from one process that has everything imported and nothing begun; its loss costs no city."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from citysync.config.settings import load_settings
from citysync.domain.errors import CitySyncError
from citysync.domain.run import Trigger
from citysync.domain.verdict import State, Verdict
from flows import crew as crew_module
from flows import template
from flows.crew import Child, Crew, Lost, crew_of
from flows.night import Asked, Night, begin, closing_well
from flows.nursery import Nursery
from tests.flows.servers import until
from tests.flows.slow import children_of, is_alive
from tests.places import a_folder

# What starts with the frame library itself: it sleeps until memory is spilled or freed. A pool of its own comes with
# the first query, and a fork would lack its threads.
IDLE_THREADS = {"python", "jemalloc_bg_thd", "polars-ooc-clea"}


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    folder = a_folder(tmp_path)
    begun = begin(
        Asked(Trigger.ON_DEMAND), load_settings(data_dir=folder / "data", cities_dir=folder / "cities"), now()
    )
    with closing_well(begun, now):
        yield begun


def walked(night: Night, crew: Crew) -> Verdict:
    """Walk 深圳市 as many times as asked: the first walk publishes, the others find that it has."""
    answer = crew.ask(night._job(night.cities["440300"]), lambda _text: None)
    assert isinstance(answer, Verdict), answer
    night.verdicts[answer.city_code] = answer
    return answer


def template_of(crew: Crew) -> int:
    return crew._nursery._process.pid


def killed(pid: int, process: Child | Nursery) -> None:
    """Kill a process and wait until all of its threads are over, and with them its sockets."""
    os.kill(pid, signal.SIGKILL)
    until(lambda: not process.alive, 100)


def threads_of(pid: int) -> list[str]:
    return [(task / "comm").read_text(encoding="utf-8").strip() for task in Path(f"/proc/{pid}/task").iterdir()]


def test_what_children_are_forked_from_has_no_thread_a_child_would_miss(night: Night) -> None:
    with crew_of(1) as crew:
        walked(night, crew)
        threads = threads_of(template_of(crew))
        (child,) = crew._all
        assert set(threads) <= IDLE_THREADS, threads
        assert threads.count("python") == 1, threads
        assert set(threads_of(child.pid)) > {"python"}, "a query has run in the child, so that the list means something"


def test_a_child_in_the_place_of_a_killed_one_comes_from_the_same_process(night: Night) -> None:
    with crew_of(1) as crew:
        assert walked(night, crew).state is State.IN_SYNC
        (first,), template = crew._all, template_of(crew)
        killed(first.pid, first)
        assert walked(night, crew).state is State.IN_SYNC
        (second,) = crew._all
        assert (second.pid != first.pid, template_of(crew)) == (True, template)
        assert children_of(template) == [second.pid]
        assert os.getpgid(second.pid) == second.pid, "a group of its own: Ctrl-C does not reach it"
        assert first.stop() == -signal.SIGKILL, "how it ended is still known"


def test_a_crew_whose_template_was_killed_goes_on_with_a_new_one(night: Night) -> None:
    with crew_of(1) as crew:
        walked(night, crew)
        (first,), template = crew._all, template_of(crew)
        killed(template, crew._nursery)
        assert walked(night, crew).state is State.IN_SYNC, "a child that lives needs it for nothing"
        killed(first.pid, first)
        assert walked(night, crew).state is State.IN_SYNC
        (second,) = crew._all
        assert template_of(crew) != template
    assert [pid for pid in (first.pid, second.pid, template_of(crew)) if is_alive(pid)] == []


class StunnedFirst(Nursery):
    """A nursery whose first children are stopped in the moment they are forked, as by a lock nobody opens."""

    def __init__(self, stunned: int) -> None:
        super().__init__()
        self.left, self.lost = stunned, list[int]()

    def fork(self, theirs: socket.socket) -> int:
        if self.left == 0:
            return super().fork(theirs)
        self.left -= 1
        mute, other = socket.socketpair()
        with mute, other:  # the child hears nothing and says nothing over the socket that is listened to
            other.detach()
            pid = super().fork(mute)
        self.lost.append(pid)
        return pid


def test_a_child_that_hangs_as_it_is_forked_is_ended_and_the_city_walked_by_another(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew_module, "GREETING_SECONDS", 1.0)
    with crew_of(1) as crew:
        crew._nursery.close(0.0)
        crew._nursery = nursery = StunnedFirst(2)
        assert walked(night, crew).state is State.IN_SYNC
        (child,) = crew._all
        assert len(nursery.lost) == 2
        assert child.pid not in nursery.lost
        assert children_of(template_of(crew)) == [child.pid]


def test_where_every_fork_hangs_the_city_is_told_as_ours(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew_module, "GREETING_SECONDS", 0.1)
    with crew_of(1) as crew:
        crew._nursery.close(0.0)
        crew._nursery = StunnedFirst(99)
        answer = crew.ask(night._job(night.cities["440300"]), lambda _text: None)
        assert answer == Lost("crashed", "处理进程未能启动")
        assert children_of(template_of(crew)) == []
    night.verdicts["440300"] = night._ours("440300", answer, lambda _text: None, now())


def test_a_crew_that_is_closed_at_once_leaves_nothing_and_walks_nothing(night: Night) -> None:
    with crew_of(2) as crew:
        begun = template_of(crew)
    assert not is_alive(begun)
    answer = crew.ask(night._job(night.cities["440300"]), lambda _text: None)
    assert not isinstance(answer, Verdict | CitySyncError), answer
    night.verdicts["440300"] = night._ours("440300", answer, lambda _text: None, now())


def test_where_nobody_can_tell_whether_threads_sleep_a_fork_waits_its_full_patience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template, "_THREADS", tmp_path / "no proc")
    assert template._at_work()
