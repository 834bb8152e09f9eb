"""At the end of a night: each failure beside what else was seen, by looks at real ports."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from citysync.domain.city import City
from citysync.domain.errors import SourceError, Unreachable
from citysync.domain.run import Run, Trigger
from citysync.domain.verdict import Axis, Counts, Fault, Standing, State, Verdict
from citysync.reconciliation.judge import Facts, judge
from citysync.reconciliation.reach import Link
from citysync.storage.engine import Store
from connectors.http_pages import Source
from flows.blame import settle
from flows.probe import address_of, answers, look
from tests.builders import NOW, TODAY, a_city
from tests.doctor.ours import closed_port

RUN = Run("r1", Trigger.NIGHTLY, TODAY, NOW, "2026-11-20-1")


@pytest.fixture
def open_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def at(code: str, port: int, zone: str | None = None) -> City:
    source = Source(connector="http_pages", url=f"http://127.0.0.1:{port}/items")
    return a_city(code=code, name=f"市{code}", source=source, zone=zone)


def failed(city: City, error: SourceError | None = None) -> Verdict:
    return judge(Facts(city, RUN, NOW, error=error or Unreachable(f"{city.name}（{city.code}）拒绝连接")))


def fine(city: City) -> Verdict:
    axes = dict.fromkeys(Axis, Standing.OK)
    return Verdict(city.code, RUN.run_id, State.IN_SYNC, axes, (), Counts(), NOW, "A")


def settled(verdicts: list[Verdict], cities: list[City], store: Store, probe: str | None = None) -> dict[str, Verdict]:
    by_code = {city.code: city for city in cities}
    return {verdict.city_code: verdict for verdict in settle(verdicts, by_code, lambda: by_code, probe, store)}


def test_one_city_down_while_the_others_answer_is_named_with_the_evidence(store: Store, open_port: int) -> None:
    down, *up = at("440300", closed_port()), at("440400", open_port), at("440500", open_port)
    after = settled([failed(down), *map(fine, up)], [down, *up], store)
    assert list(after) == ["440300"]
    (reason,) = after["440300"].reasons
    assert reason.fault is Fault.CITY
    assert "2/3 个城市有应答" in reason.text
    assert "仍被拒绝连接" in reason.text


def test_two_unrelated_failures_stay_two(store: Store, open_port: int) -> None:
    down, other, up = at("440300", closed_port()), at("440400", closed_port()), at("440500", open_port)
    after = settled([failed(down), failed(other), fine(up)], [down, other, up], store)
    assert {code: verdict.reasons[0].code for code, verdict in after.items()} == {
        "440300": "unreachable",
        "440400": "unreachable",
    }


@pytest.mark.parametrize("zone", ["yuebei", None])
def test_a_whole_zone_or_five_cities_and_our_probe_down_are_one_incident_of_ours(
    zone: str | None, store: Store
) -> None:
    cities = [at(f"44{number:02d}00", closed_port(), zone) for number in range(1, 4 if zone else 6)]
    after = settled([failed(city) for city in cities], cities, store, f"http://127.0.0.1:{closed_port()}/")
    assert {verdict.state for verdict in after.values()} == {State.UNKNOWN}
    assert {verdict.reasons[0].fault for verdict in after.values()} == {Fault.OURS}
    assert len(after) == len(cities)


def test_five_cities_refusing_while_our_probe_is_up_answer_for_themselves(store: Store, open_port: int) -> None:
    cities = [at(f"44{number:02d}00", closed_port()) for number in range(1, 6)]
    after = settled([failed(city) for city in cities], cities, store, f"http://127.0.0.1:{open_port}/")
    assert {verdict.state for verdict in after.values()} == {State.NOT_SYNCED}
    assert all("省平台出口自检正常" in verdict.reasons[0].text for verdict in after.values())


def test_a_city_asked_alone_is_seen_beside_others_that_were_not_asked(store: Store, open_port: int) -> None:
    down, witness = at("440300", closed_port()), at("440400", open_port)
    alone = settled([failed(down)], [down], store)["440300"].reasons[0]
    assert alone.fault is Fault.NETWORK
    assert "先检查省平台网络" in alone.text
    beside = settled([failed(down)], [down, witness], store)["440300"].reasons[0]
    assert (beside.fault, witness.name in beside.text) == (Fault.CITY, True)


def test_a_night_in_which_everybody_answered_changes_nothing(store: Store, open_port: int) -> None:
    up = at("440300", open_port)
    assert settle([fine(up)], {up.code: up}, dict, None, store) == []


def test_looks_tell_refused_nameless_and_open_apart(open_port: int) -> None:
    assert look(("127.0.0.1", open_port)) is Link.OPEN
    assert look(("127.0.0.1", closed_port())) is Link.REFUSED
    assert look(("no-such-host.invalid", 80)) is Link.NAMELESS
    assert look(None) is Link.UNSEEN
    assert answers(f"http://127.0.0.1:{open_port}/")
    assert address_of(a_city()) is None
