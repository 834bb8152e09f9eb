"""Whose a silence is: a refused connection beside a healthy night is the city's, no route is nobody's yet."""

from __future__ import annotations

from datetime import date

import pytest

from citysync.domain.errors import SourceError, Unreachable, Unreadable
from citysync.domain.memory import LastGood, Memory
from citysync.domain.verdict import Fault, State, Verdict
from citysync.reconciliation.influence import told
from citysync.reconciliation.judge import Facts, judge
from citysync.reconciliation.reach import NOWHERE, Link, Seen, attributed, silent
from tests.builders import NOW, a_city, a_snapshot, an_item
from tests.reconciliation.test_judge import RUN

WELL = "省平台出口自检正常"
YESTERDAY = Memory((1,), LastGood("r", date(2026, 11, 22), a_snapshot([an_item()]).in_hand))


def failing(error: SourceError) -> Verdict:
    return judge(Facts(city=a_city(), run=RUN, judged_at=NOW, error=error))


SILENT = failing(Unreachable("深圳市（440300）第 1 页：10.0.0.1 拒绝连接（端口未监听）"))


@pytest.mark.parametrize(
    ("seen", "fault"),
    [
        (Seen(Link.REFUSED, WELL, failed_before=False), Fault.CITY),
        (Seen(Link.REFUSED, None, failed_before=True), Fault.NETWORK),
        (Seen(Link.SILENT, WELL, failed_before=False), Fault.NETWORK),
        (Seen(Link.SILENT, WELL, failed_before=True), Fault.CITY),
        (Seen(Link.SILENT, None, failed_before=True), Fault.NETWORK),
        (Seen(Link.NAMELESS, WELL, failed_before=False), Fault.NETWORK),
        (Seen(Link.NAMELESS, WELL, failed_before=True), Fault.CITY),
        (Seen(Link.OPEN, WELL, failed_before=True), Fault.NETWORK),
        (Seen(Link.UNSEEN, WELL, failed_before=True), Fault.NETWORK),
    ],
)
def test_whose_a_silence_is(seen: Seen, fault: Fault) -> None:
    after = attributed(SILENT, seen)
    (reason,) = after.reasons
    assert (after.state, reason.fault) == (State.NOT_SYNCED, fault)
    assert SILENT.reasons[0].text in reason.text
    assert (WELL in reason.text) is (seen.own is not None)


@pytest.mark.parametrize("link", list(Link))
@pytest.mark.parametrize("own", [WELL, None])
def test_nothing_is_called_a_fault_of_the_interface_before_a_second_failed_run(link: Link, own: str | None) -> None:
    (reason,) = attributed(SILENT, Seen(link, own, failed_before=False)).reasons
    assert "接口故障" not in reason.text
    if reason.fault is Fault.NETWORK:
        assert reason.text.startswith(NOWHERE)


def test_an_answer_that_is_no_directory_is_no_silence() -> None:
    answered = failing(Unreadable("返回的是网页"))
    assert silent(SILENT)
    assert not silent(answered)
    assert attributed(answered, Seen(Link.OPEN, WELL, failed_before=False)) == answered


@pytest.mark.parametrize(
    ("memory", "follows"),
    [
        (YESTERDAY, "今日未对账，沿用 2026-11-22 的快照"),
        (Memory(), "今日未对账，尚无可沿用的快照"),
        (Memory((1,), None, "快照已损坏"), "今日未对账，上一份快照已无法读取"),
    ],
)
def test_a_city_that_gave_nothing_is_told_what_stays_in_force(memory: Memory, follows: str) -> None:
    (reason,) = told(failing(Unreadable("返回的是网页")), "深圳市", memory).reasons
    assert reason.text == f"深圳市（440300）返回的是网页；请市级按所示之处核实接口与数据；{follows}"


def test_telling_twice_says_it_once() -> None:
    once = told(SILENT, "深圳市", YESTERDAY)
    assert told(once, "深圳市", YESTERDAY) == once
    assert once.reasons[0].text.count("深圳市（440300）") == 1


def test_a_city_that_was_judged_is_told_nothing_of_the_kind() -> None:
    late = Verdict("440300", "r", State.OUT_OF_SYNC, {}, SILENT.reasons, SILENT.counts, NOW)
    assert told(late, "深圳市", YESTERDAY) is late
