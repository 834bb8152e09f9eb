"""A city misbehaves as asked: by whom, in which request, at the socket where the fault lies below HTTP."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path

import pytest

from citysync.domain.errors import ConfigError
from citysync.simulator.faults import misbehaving
from citysync.simulator.faults.catalogue import FAULTS
from citysync.simulator.faults.fault import chosen
from citysync.simulator.province import build_province
from citysync.simulator.server import Server, serve
from citysync.simulator.simulate import write_province

CITY, FILE = "442000", "440800"  # pages by Link header without credentials; a CSV


def statuses(server: Server, many: int) -> list[int]:
    found = []
    for _ in range(many):
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", f"/{CITY}/items")
        found.append(connection.getresponse().status)
        connection.close()
    return found


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (f"{CITY}=T19b", [502, 502, 502, 502]),
        (f"{CITY}=T19b@2", [200, 502, 200, 200]),
        (f"{CITY}=T19b@3-", [200, 200, 502, 502]),
        (f"{CITY}=T19b@2-3", [200, 502, 502, 200]),
        (f"{CITY}=T15", [429, 429, 200, 200]),
        (f"{CITY}=T21", [200, 401, 401, 401]),
    ],
)
def test_a_fault_hits_the_requests_it_was_asked_for(asked: str, expected: list[int]) -> None:
    province = misbehaving(build_province(1, 20, cities=[CITY], differences="none"), [asked])
    with serve(province) as server:
        assert statuses(server, 4) == expected


def test_half_a_body_and_a_reset_arrive_as_such() -> None:
    province = misbehaving(build_province(1, 20, cities=[CITY], differences="none"), [f"{CITY}=T07"])
    with serve(province) as server, socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"GET /{CITY}/items HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        received: list[bytes] = []
        with pytest.raises(ConnectionResetError):
            received.extend(iter(lambda: connection.recv(65_536), b""))
    head, _, body = b"".join(received).partition(b"\r\n\r\n")
    assert b"Content-Length" in head
    assert len(body) < int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])


def test_two_faults_of_one_city_work_together() -> None:
    asked = [f"{CITY}=S01", f"{CITY}=T19b@1"]
    with serve(misbehaving(build_province(1, 20, cities=[CITY], differences="none"), asked)) as server:
        assert statuses(server, 2) == [502, 200]
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", f"/{CITY}/items")
        assert json.loads(connection.getresponse().read()) == []
        connection.close()


def test_a_file_is_spoiled_where_it_is_dropped(tmp_path: Path) -> None:
    built = build_province(1, 20, cities=[FILE], differences="none")
    whole = write_province(built, tmp_path / "whole", "")
    empty = write_province(misbehaving(built, [f"{FILE}=F02"]), tmp_path / "empty", "")
    sizes = [next((each.folder / "drop" / FILE).iterdir()).stat().st_size for each in (whole, empty)]
    assert sizes[0] > 0
    assert sizes[1] == 0


@pytest.mark.parametrize("asked", ["440300", "440300=T99", "44=T01", "440300=T01@", "440300=T01@x", "T01"])
def test_a_fault_nobody_knows_is_refused(asked: str) -> None:
    with pytest.raises(ConfigError, match="--fault"):
        chosen(asked, FAULTS)


@pytest.mark.parametrize("asked", [f"{FILE}=T05", f"{CITY}=F05", "440300=T05"])
def test_a_fault_a_city_cannot_have_is_refused(asked: str) -> None:
    with pytest.raises(ConfigError, match="--fault"):
        misbehaving(build_province(1, 20, cities=[CITY, FILE], differences="none"), [asked])
