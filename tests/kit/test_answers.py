"""What the kit answers: the protocol, its limits, and nothing that changes anything."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from citysync.domain.digests import line_of, range_digest, row_hash, whole_digest
from citysync.kit.openapi import DOCUMENT
from tests.connectors.doors import code, directory
from tests.connectors.kits import Kit, running

ROOT = "/citysync/v1"


def ask(
    kit: Kit, target: str, body: object = None, method: str | None = None, **headers: str
) -> tuple[int, list[bytes]]:
    """Return the status and the lines of an answer."""
    connection = http.client.HTTPConnection(kit.url.removeprefix("http://"), timeout=5)
    try:
        sent = None if body is None else json.dumps(body)
        connection.request(method or ("GET" if body is None else "POST"), target, sent, headers)
        response = connection.getresponse()
        return response.status, response.read().splitlines()
    finally:
        connection.close()


def manifest(kit: Kit) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ask(kit, f"{ROOT}/manifest")[1][0])
    return document


def test_the_manifest_speaks_of_the_rows_there_are() -> None:
    with running(100) as kit:
        said = manifest(kit)
        _, lines = ask(kit, f"{ROOT}/snapshots/{said['snapshot']}/bulk")
    assert json.loads(lines.pop()) == {"end": True, "rows": 100, "more": False}
    assert said["count"] == 100
    assert said["digest"] == whole_digest(said["fields"], map(row_hash, lines))
    assert [json.loads(line)[0] for line in lines] == [code(number) for number in range(1, 101)]


def test_pages_are_of_one_snapshot_and_a_newer_one_never_changes_them() -> None:
    with running(5, keep=2) as kit:
        first = manifest(kit)
        target = f"{ROOT}/snapshots/{first['snapshot']}/rows?limit=2"
        page = ask(kit, target)
        assert json.loads(page[1][-1]) == {"end": True, "rows": 2, "more": True}
        kit.origin.rows[0]["task_name"] = "新名"
        second = manifest(kit)
        assert ask(kit, target) == page
        assert second["kept"] == [second["snapshot"], first["snapshot"]]
        changed = ask(kit, f"{ROOT}/snapshots/{second['snapshot']}/changes?since={first['snapshot']}")[1]
        assert ["新名" in line.decode() for line in changed] == [True, False]
        del kit.origin.rows[1]
        manifest(kit)
        assert ask(kit, target)[0] == 410
        assert ask(kit, f"{ROOT}/snapshots/{second['snapshot']}/changes?since={first['snapshot']}")[0] == 410


def test_the_tree_is_of_the_rows() -> None:
    with running(130) as kit:
        target = f"{ROOT}/snapshots/{manifest(kit)['snapshot']}"
        hashes = [row_hash(line) for line in ask(kit, f"{target}/bulk")[1][:-1]]
        answer = json.loads(ask(kit, f"{target}/tree", {"nodes": [[0, 130], [3, 5], [4, 4]]})[1][0])["nodes"]
    top, pair, nothing = answer
    assert (len(top), sum(count for _, count, _ in top), nothing) == (64, 130, [])
    assert top[0] == [code(1), 2, range_digest(hashes[:2])]
    assert pair == [[code(4), 1, range_digest(hashes[3:4])], [code(5), 1, range_digest(hashes[4:5])]]


def test_the_tree_has_as_many_parts_and_digits_as_are_asked_for() -> None:
    with running(130) as kit:
        target = f"{ROOT}/snapshots/{manifest(kit)['snapshot']}/tree"
        (asked,) = json.loads(ask(kit, target, {"nodes": [[0, 130]], "parts": 3, "digits": 6})[1][0])["nodes"]
        (usual,) = json.loads(ask(kit, target, {"nodes": [[0, 43]]})[1][0])["nodes"]
        (rows,) = json.loads(ask(kit, target, {"nodes": [[0, 130]], "parts": 200, "more": None})[1][0])["nodes"]
    assert [(key, count, len(digest)) for key, count, digest in asked] == [
        (code(1), 43, 6),
        (code(44), 43, 6),
        (code(87), 44, 6),
    ]
    assert [count for _, count, _ in usual] == [1] * 43
    assert [count for _, count, _ in rows] == [1] * 130


def test_a_tree_of_more_parts_than_an_answer_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("citysync.kit.answers.MOST_ANSWERED", 9)
    with running(6) as kit:
        target = f"{ROOT}/snapshots/{manifest(kit)['snapshot']}/tree"
        assert ask(kit, target, {"nodes": [[0, 6], [0, 3]]})[0] == 200
        assert ask(kit, target, {"nodes": [[0, 6], [0, 4]]})[0] == 400
        assert ask(kit, target, {"nodes": [[0, 6], [0, 6]], "parts": 4})[0] == 200


def test_rows_of_keys_are_those_there_are_each_once() -> None:
    with running(9) as kit:
        target = f"{ROOT}/snapshots/{manifest(kit)['snapshot']}/rows"
        _, lines = ask(kit, target, {"keys": [code(5), "none", code(2), code(5)]})
    assert [json.loads(line)[0] for line in lines[:-1]] == [code(2), code(5)]


@pytest.mark.parametrize(
    ("status", "target", "method", "body"),
    [
        (404, "/", "GET", None),
        (404, f"{ROOT}/snapshots/x", "GET", None),
        (404, f"{ROOT}/snapshots/a/b/rows", "GET", None),
        (404, f"{ROOT}/../../etc/passwd", "GET", None),
        (404, f"{ROOT}/rows", "GET", None),
        (405, f"{ROOT}/manifest", "POST", {}),
        (405, f"{ROOT}/manifest", "DELETE", None),
        (405, f"{ROOT}/snapshots/{{id}}/bulk", "PUT", {}),
        (410, f"{ROOT}/snapshots/none/bulk", "GET", None),
        (400, f"{ROOT}/snapshots/{{id}}/rows?limit=0", "GET", None),
        (400, f"{ROOT}/snapshots/{{id}}/rows?limit=99999999999", "GET", None),
        (400, f"{ROOT}/snapshots/{{id}}/rows?limit=-1", "GET", None),
        (400, f"{ROOT}/snapshots/{{id}}/rows", "POST", {"keys": "x"}),
        (400, f"{ROOT}/snapshots/{{id}}/rows", "POST", {"keys": [1]}),
        (400, f"{ROOT}/snapshots/{{id}}/tree", "POST", {"nodes": [[0, 99]]}),
        (400, f"{ROOT}/snapshots/{{id}}/tree", "POST", {"nodes": [[True, 1]]}),
        (400, f"{ROOT}/snapshots/{{id}}/tree", "POST", {"nodes": [[0, 1]] * 4_097}),
        (400, f"{ROOT}/snapshots/{{id}}/tree", "POST", {"nodes": [[0, 1]], "parts": 1}),
        (400, f"{ROOT}/snapshots/{{id}}/tree", "POST", {"nodes": [[0, 1]], "parts": 4_097}),
        (400, f"{ROOT}/snapshots/{{id}}/tree", "POST", {"nodes": [[0, 1]], "digits": 5}),
        (400, f"{ROOT}/snapshots/{{id}}/tree", "POST", {"nodes": [[0, 1]], "digits": "6"}),
        (400, f"{ROOT}/snapshots/{{id}}/tree", "POST", ["nodes"]),
        (414, f"{ROOT}/manifest?x={'x' * 5_000}", "GET", None),
    ],
)
def test_what_cannot_be_answered_is_refused(status: int, target: str, method: str, body: object) -> None:
    with running(3) as kit:
        where = target.replace("{id}", manifest(kit)["snapshot"])
        assert ask(kit, where, body, method)[0] == status


def test_a_body_above_the_limit_is_refused_unread() -> None:
    with running(3) as kit:
        target = f"{ROOT}/snapshots/{manifest(kit)['snapshot']}/rows"
        assert ask(kit, target, None, "POST", **{"Content-Length": str(5 * 2**20)})[0] == 413
        assert ask(kit, target, None, "POST", **{"Content-Length": "-1"})[0] == 413
        assert ask(kit, target, None, "POST", **{"Content-Length": "0" * 12 + "9" * 9})[0] == 413


def test_every_request_needs_the_token_where_there_is_one() -> None:
    with running(3, token="a-token-of-the-province") as kit:  # noqa: S106
        for target in (f"{ROOT}/manifest", f"{ROOT}/openapi.json", "/"):
            assert ask(kit, target)[0] == 401
            assert ask(kit, target, Authorization="Bearer a-token-of-the-provinc")[0] == 401
        assert ask(kit, f"{ROOT}/manifest", Authorization="Bearer a-token-of-the-province")[0] == 200


def test_the_openapi_document_is_served_and_names_every_way() -> None:
    with running(3) as kit:
        served = json.loads(ask(kit, f"{ROOT}/openapi.json")[1][0])
    assert served == DOCUMENT
    assert {f"{method} {path.rpartition('/')[2]}" for path, ways in served["paths"].items() for method in ways} == {
        "get manifest",
        "get openapi.json",
        "get rows",
        "post rows",
        "get bulk",
        "get changes",
        "post tree",
    }


def test_a_row_that_only_differs_in_blanks_is_the_same_row() -> None:
    rows = directory(1)
    with running([{**rows[0], "note": " "}]) as kit:
        snapshot = manifest(kit)["snapshot"]
        kit.origin.rows[0]["note"] = None
        assert manifest(kit)["snapshot"] == snapshot
    assert line_of("k", [None]) == b'["k",null]'
