"""What a pull cost is counted where it happens, and of a pull that failed as well."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from citysync.domain.errors import Refused, SourceError, Unreachable
from citysync.domain.snapshot import RawPage
from connectors import pull
from connectors._meter import Meter
from connectors._tape import Player, Recorder
from tests.connectors.doors import PAGES, Memory, city_of, directory
from tests.connectors.sftp_site import SftpSite, served
from tests.connectors.site import Asked, Sent, numbered, sends, site
from tests.connectors.test_auth import token_of
from tests.connectors.test_file_drop import as_csv
from tests.connectors.test_sql_table import OPERATIONS, filled, source_of, sqlite_url

WHOLE = json.dumps({"code": 200, "data": {"list": directory(40), "total": 40}}, ensure_ascii=False).encode()


def metered(source: dict[str, Any], error: type[SourceError] | None = None) -> Meter:
    """Return the counts of a pull that came to its end, or failed as said."""
    door = Memory().door()
    if error is None:
        pull(city_of(source), door)
    else:
        with pytest.raises(error):
            pull(city_of(source), door)
    return door.meter


def test_every_page_is_a_request_and_bytes_are_counted_packed_and_unpacked() -> None:
    packed = gzip.compress(WHOLE)
    with site(lambda _: Sent(packed, headers={"Content-Encoding": "gzip"})) as city:
        meter = metered({**PAGES, "url": city.url})
        asked = len(city.asked)
    assert (meter.requests, meter.retries) == (asked, 0)
    assert (meter.wire, meter.decoded) == (asked * len(packed), asked * len(WHOLE))


def test_a_city_that_is_down_shows_four_requests_three_of_them_retries_and_no_bytes() -> None:
    meter = metered({**PAGES, "url": "http://127.0.0.1:9/api"}, Unreachable)
    assert meter == Meter(meter.told, requests=4, retries=3, wire=0, decoded=0)


def test_a_city_that_refuses_shows_the_one_request() -> None:
    with site(lambda _: Sent(status=403)) as city:
        meter = metered({**PAGES, "url": city.url}, Refused)
    assert (meter.requests, meter.retries) == (1, 0)


def test_what_came_of_a_body_that_was_cut_is_counted_and_so_is_the_retry() -> None:
    packed = gzip.compress(WHOLE)

    def cut_once(asked: Asked) -> Sent:
        return Sent(packed[: 100 if asked.count == 1 else None], headers={"Content-Encoding": "gzip"})

    told: list[str] = []
    with site(cut_once) as city:
        door = replace(Memory().door(), meter=Meter(told.append))
        pull(city_of({**PAGES, "url": city.url}), door)
        asked = len(city.asked)
    assert (door.meter.requests, door.meter.retries) == (asked, 1)
    assert door.meter.wire == 100 + (asked - 1) * len(packed)
    assert [line.partition("，")[0] for line in told] == ["第 1 页第 1 次未成功"]


def test_a_token_is_a_request_too_and_its_renewal_a_retry() -> None:
    good = {"token": "token-1"}

    def answer(asked: Asked) -> Sent:
        if asked.path == "/token":
            return sends({"access_token": good["token"], "expires_in": 60})
        if asked.count == 3:
            good["token"] = "token-2"  # noqa: S105 - of a test
        if asked.headers.get("authorization") != f"Bearer {good['token']}":
            return Sent(status=401)
        return numbered(directory(4))(asked)

    with site(answer) as city:
        meter = metered({**PAGES, "url": city.url, "auth": token_of(city.url)})
        asked = len(city.asked)
    assert (meter.requests, meter.retries) == (asked, 1)


def test_a_database_shows_its_connection_and_queries_and_nobody_sees_its_wire(tmp_path: Path) -> None:
    with sqlite_url(tmp_path) as url:
        filled(url, OPERATIONS)
        meter = metered(source_of(url))
    assert (meter.requests, meter.retries, meter.wire) == (3, 0, None)  # connect, count, read
    assert meter.decoded > 1000


def test_a_drop_shows_the_folder_and_every_file_read(tmp_path: Path) -> None:
    data = as_csv(directory(3)).encode()
    (tmp_path / "items.csv").write_bytes(data)
    meter = metered({"connector": "file_drop", "path": str(tmp_path / "items.csv")})
    assert (meter.requests, meter.retries) == (2, 0)
    assert (meter.wire, meter.decoded) == (len(data), len(data))


def test_a_line_to_an_sftp_server_that_breaks_is_a_retry(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_bytes(as_csv(directory(3)).encode())
    with served(SftpSite(tmp_path, hang_up=1)) as running:
        meter = metered(running.source("items.csv"))
    assert (meter.retries, meter.requests >= 4) == (1, True)


def test_a_replay_asks_nobody_and_hears_the_same() -> None:
    kept: dict[str, bytes] = {}

    def keep(data: bytes) -> str:
        kept[str(len(kept))] = data
        return str(len(kept) - 1)

    taken: list[RawPage] = []

    def page(data: bytes, number: int, url: str) -> RawPage:
        taken.append(memory.keep(data, number, url))
        return taken[-1]

    memory = Memory()
    door = replace(memory.door(), keep=page)
    recorder = Recorder(keep, door.now)
    with site(numbered(directory(4))) as city:
        there = city_of({**PAGES, "url": city.url})
        first = pull(there, replace(door, tape=recorder, now=recorder.now))
    player = Player(recorder.heard, recorder.moments, taken, kept.__getitem__)
    offline = replace(door, tape=player, now=player.now, keep=player.keep, meter=Meter())
    assert pull(there, offline).certificate == first.certificate
    assert offline.meter == Meter(offline.meter.told)
    assert not any("requests" in entry.get("facts", {}) for entry in recorder.heard)
