"""What an alert says for every state, side and change, word for word, and that nothing a reader needs is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from citysync.alerts.compose import NOT_THEIRS, Text, Words, compose
from citysync.alerts.watch import KINDS, Watched, watch_text
from citysync.domain.alert import KIND_LABELS, KIND_OF, OURS, Alert, Change, CityNight, Key, Kind, Night, Step
from citysync.domain.verdict import FAULT_LABELS, FLAGGED, Fault, State
from citysync.domain.workdays import calendar
from tests.golden import agreed

WORDS = Words(calendar(), "省平台值班 020-12345678", "https://citysync.example.cn")
OPENED, TONIGHT = date(2026, 11, 23), date(2026, 11, 26)
NOW = datetime(2026, 11, 26, 1, tzinfo=UTC)
STATE_OF = {kind: state for state, kind in KIND_OF.items()}
OF_A_CITY = (*STATE_OF, Kind.FLAPPING)
RUN = "20261125T184000-0a1b2c"
NUMBER = "CS-X-440300-20261123"


def a_city_night(kind: Kind, fault: Fault, change: Change, found: int = 23) -> CityNight:
    state = STATE_OF.get(kind, State.NOT_SYNCED)
    return CityNight(
        code="440300",
        name="深圳市",
        state=State.IN_SYNC if change is Change.RECOVERED else state,
        fault=fault,
        reasons=("市级接口第 37 页读取超时", "另一项"),
        since=NOW,
        states=(State.IN_SYNC, state, State.IN_SYNC, state),
        found=found if state is State.OUT_OF_SYNC else 0,
        found_before=5,
        problems=(("超领", 14), ("漏领", 6), ("不一致", 2), ("重复", 1)),
        regions=(("深圳市", 17), ("福田区", 6)),
        rows=31_207,
        good_on=date(2026, 11, 22),
        good_rows=31_204,
        failed_runs=3,
        contacts=("zwfw@shenzhen.example",),
    )


def said(kind: Kind, fault: Fault, change: Change, **changes: int) -> Text:
    """Return the text of a city's alert, opened on a Monday and told of on the Thursday."""
    city = a_city_night(kind, fault, change, **changes)
    step = Step(change, Alert(NUMBER, Key(city.code, kind, fault), OPENED))
    return compose(step, Night(RUN, TONIGHT, (city,)), WORDS)


def said_of_us(kind: Kind, change: Change) -> Text:
    alert = Alert(NUMBER, Key("", kind, Fault.OURS), OPENED)
    if kind in KINDS:
        return watch_text(Step(change, alert), Watched({kind: "最近一次完成的每晚运行是 11-24 02:40"}), WORDS, NOW)
    cities = [a_city_night(Kind.NOT_SYNCED, Fault.NETWORK, Change.OPENED)]
    failed = "磁盘空间不足" if kind is Kind.RUN_FAILED else None
    return compose(Step(change, alert), Night(RUN, TONIGHT, tuple(cities), failed, frozenset({"440300"})), WORDS)


def every_text() -> Iterator[tuple[str, Text]]:
    for kind in OF_A_CITY:
        for fault in Fault:
            for change in Change:
                yield f"{kind.value} {fault.value} {change.value}", said(kind, fault, change)
    for fault in Fault:
        yield f"out_of_sync {fault.value} opened, no row wrong", said(Kind.OUT_OF_SYNC, fault, Change.OPENED, found=0)
    for kind in sorted(OURS):
        for change in Change:
            yield f"{kind.value} ours {change.value}", said_of_us(kind, change)


def test_every_text_is_as_agreed() -> None:
    told, golden = agreed("alerts", (f"{name} | {' / '.join((t.title, *t.lines))}" for name, t in every_text()))
    assert told == golden


def test_every_flagged_state_and_every_kind_has_texts() -> None:
    assert set(KIND_OF) == FLAGGED
    assert {*OF_A_CITY, *OURS} == set(KIND_LABELS)


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("kind", OF_A_CITY)
@pytest.mark.parametrize("change", [Change.OPENED, Change.REPEATED, Change.ESCALATED])
def test_a_full_text_has_the_five_things_its_reader_needs(kind: Kind, fault: Fault, change: Change) -> None:
    text = said(kind, fault, change)
    whole = "\n".join((text.title, *text.lines))
    assert text.title.lstrip("〔再次提醒升级〕").startswith(f"【{KIND_LABELS[kind]}】深圳市"), (
        "the verdict's word first"
    )
    side = "尚未归责" if kind is Kind.HELD else "不归责" if fault is Fault.NETWORK else FAULT_LABELS[fault]
    assert side in whole
    assert any(number in whole for number in ("23 项", "31,204", "近 4 次")), "how big"
    assert "11月23日（周一）" in whole, "since when"
    assert "请处理：zwfw@shenzhen.example" in whole or "本市无需处理" in whole
    assert (NUMBER in whole, WORDS.contact in whole, "/c/440300" in whole) == (True, True, True)


@pytest.mark.parametrize("kind", OF_A_CITY)
@pytest.mark.parametrize("fault", sorted(NOT_THEIRS))
def test_a_city_that_need_not_act_is_told_so_and_nothing_else(kind: Kind, fault: Fault) -> None:
    whole = "\n".join(said(kind, fault, Change.OPENED).lines)
    assert "本市无需处理" in whole
    assert "请处理" not in whole


@pytest.mark.parametrize("kind", sorted(OURS))
def test_what_is_ours_tells_the_cities_that_they_need_not_act(kind: Kind) -> None:
    assert "各市无需处理" in "\n".join(said_of_us(kind, Change.OPENED).lines)


@pytest.mark.parametrize(
    ("state", "word"), [(State.IN_SYNC, "无需再处理"), (State.LAGGING, "按期更正"), (State.OUT_OF_SYNC, None)]
)
def test_only_a_city_with_nothing_left_to_do_is_told_that_it_is_done(state: State, word: str | None) -> None:
    city = replace(a_city_night(Kind.NOT_SYNCED, Fault.CITY, Change.RECOVERED), state=state)
    step = Step(Change.RECOVERED, Alert(NUMBER, Key(city.code, Kind.NOT_SYNCED, Fault.CITY), OPENED))
    whole = "\n".join(compose(step, Night(RUN, TONIGHT, (city,)), WORDS).lines)
    assert ("无需再处理" in whole, "按期更正" in whole) == (word == "无需再处理", word == "按期更正")


def test_corrected_rows_are_re_checked_and_a_mended_interface_is_pulled_whole() -> None:
    assert "citysync recheck 440300" in "\n".join(said(Kind.OUT_OF_SYNC, Fault.DATA, Change.OPENED).lines)
    assert "citysync sync 440300" in "\n".join(said(Kind.NOT_SYNCED, Fault.CITY, Change.OPENED).lines)
