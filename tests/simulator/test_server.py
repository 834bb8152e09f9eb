"""The simulated interfaces are a real HTTP server: kept alive, compressed when asked, in a process of its own."""

from __future__ import annotations

import gzip
import http.client
import json
import urllib.request
from pathlib import Path

import pytest

from citysync.simulator.province import build_province
from citysync.simulator.server import Server, serve
from citysync.simulator.simulate import apart, write_province

CITY = "442000"  # pages by Link header, no credentials


def asked(server: Server, *targets: str, **headers: str) -> list[tuple[http.client.HTTPResponse, bytes]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    answers = []
    for target in targets:
        connection.request("GET", target, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answers.append((answer, answer.read()))
    connection.close()
    return answers


def test_one_connection_serves_page_after_page() -> None:
    with serve(build_province(1, 130, cities=[CITY], differences="none")) as server:
        (first, page), (second, rest) = asked(server, f"/{CITY}/items", f"/{CITY}/items?page=2")
        assert first.headers["Link"] == f'</{CITY}/items?page=2>; rel="next"'
        assert second.headers["Link"] is None
        assert (first.version, len(json.loads(page))) == (11, 100)
        assert json.loads(rest)


def test_an_answer_is_compressed_only_for_who_accepts_it() -> None:
    with serve(build_province(1, 60, cities=[CITY], differences="none")) as server:
        ((plain, page),) = asked(server, f"/{CITY}/items")
        ((packed, data),) = asked(server, f"/{CITY}/items", Accept_Encoding="gzip")
        assert plain.headers["Content-Encoding"] is None
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(data) == page


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/", 404),
        ("/440300", 404),
        ("/999999/items", 404),
        (f"/{CITY}/items?page=0", 400),
        (f"/{CITY}/items?page=x", 400),
    ],
)
def test_a_strange_request_gets_a_plain_refusal(target: str, status: int) -> None:
    with serve(build_province(1, 60, cities=[CITY], differences="none")) as server:
        assert [answer.status for answer, _ in asked(server, target)] == [status]


def test_a_body_that_is_no_json_is_refused() -> None:
    with serve(build_province(1, 60, cities=["440300"], differences="none")) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("POST", "/440300/items", b"{", {"Content-Type": "application/json"})
        assert connection.getresponse().status == 400
        connection.close()


def test_a_province_can_be_served_by_a_process_of_its_own(tmp_path: Path) -> None:
    with apart(1, 60, tmp_path, cities=[CITY], differences="none") as served:
        with urllib.request.urlopen(f"{served.base_url}/{CITY}/items") as answer:  # noqa: S310 - our own address
            assert len(json.load(answer)) > 0
        assert (served.layout.cities / f"{CITY}.toml").exists()


def test_writing_says_where_everything_is(tmp_path: Path) -> None:
    province = build_province(1, 60, cities=[CITY, "441200"])
    with serve(province) as server:
        layout = write_province(province, tmp_path / "out", server.base_url, truth=tmp_path / "truth.json")
    assert sorted(path.name for path in layout.cities.iterdir()) == ["441200.toml", "442000.toml"]
    assert set(layout.secrets) == {"CITYSYNC_SECRET_441200"}
    assert layout.master.read_text(encoding="utf-8").startswith("catalog_code,task_name,task_type,use_level")
    assert set(json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))["cities"]) == {CITY, "441200"}
    assert not layout.truth.exists()
