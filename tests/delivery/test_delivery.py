"""Receipts reach a folder, a real HTTP server and a real feedback table, once, and say so when they do not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from citysync.config.settings import Settings
from citysync.delivery import http_post, sql_table
from citysync.domain.delivery import Credentials, PostReceipt, TableReceipt
from citysync.domain.errors import DeliveryError
from flows.delivery import hand_over_due
from tests.builders import an_item
from tests.places import a_folder, write_city
from tests.program import citysync
from tests.servers import mariadb_url, postgresql_url

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
CANARY = "canary-7f3a"
FEEDBACK = """CREATE TABLE dn_audit_abnormal (err_type VARCHAR(50), remark TEXT, table_name VARCHAR(100),
    table_sql_name VARCHAR(100), table_row_guid VARCHAR(50), table_cd_batch VARCHAR(32), table_cd_source VARCHAR(3),
    table_cd_time TIMESTAMP NULL, table_update_time TIMESTAMP NULL, cd_time TIMESTAMP NULL)"""


def a_document(*problems: str, run_id: str = "run-1") -> dict[str, Any]:
    blank = dict.fromkeys(("task_handle_item", "catalog_code", "field", "expected", "hint", "item_name"), "")
    listed = [{**blank, "task_code": "1" * 31, "problem": "不一致", "actual": text} for text in problems]
    return {"city": "440300", "run_id": run_id, "problems": listed}


@dataclass
class Desk:
    """A city's address for receipts: answers as told, and remembers what it was sent."""

    status: int = 200
    said: bytes = b'{"code":0}'
    taken: list[tuple[dict[str, str], Any]] = field(default_factory=list)
    url: str = ""


@contextmanager
def a_desk(status: int = 200, said: bytes = b'{"code":0}') -> Iterator[Desk]:
    desk = Desk(status, said)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            desk.taken.append((dict(self.headers.items()), json.loads(body)))
            self.send_response(desk.status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", str(len(desk.said)))
            self.end_headers()
            self.wfile.write(desk.said)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own signature
            del format, args

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    desk.url = f"http://127.0.0.1:{server.server_address[1]}/receipts"
    try:
        yield desk
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def to(desk: Desk, kind: Any = "bearer") -> PostReceipt:
    auth = Credentials(kind=kind, secret="CITYSYNC_SECRET_440300", header="X-Api-Key", user="gd")  # noqa: S106 - a name
    return PostReceipt(url=f"{desk.url}?token=x", auth=auth)


@pytest.mark.parametrize(
    ("kind", "header", "value"),
    [
        ("bearer", "Authorization", f"Bearer {CANARY}"),
        ("header", "X-Api-Key", CANARY),
        ("basic", "Authorization", "Basic Z2Q6Y2FuYXJ5LTdmM2E="),
    ],
)
def test_a_receipt_is_posted_whole_with_a_key_for_repeats(kind: str, header: str, value: str) -> None:
    with a_desk() as desk:
        target = http_post.deliver(a_document("甲", "乙"), to(desk, kind), CANARY)
    [(headers, body)] = desk.taken
    assert (target, body) == (desk.url, a_document("甲", "乙"))
    assert (headers[header], headers["Idempotency-Key"]) == (value, "440300-run-1")


@pytest.mark.parametrize(("status", "permanent"), [(400, True), (403, True), (429, False), (500, False), (302, False)])
def test_what_was_not_taken_is_said_without_the_secret(status: int, permanent: bool) -> None:  # noqa: FBT001
    with a_desk(status, f"denied {CANARY}".encode()) as desk, pytest.raises(DeliveryError) as caught:
        http_post.deliver(a_document("甲"), to(desk), CANARY)
    assert caught.value.permanent is permanent
    assert f"对方答复 {status}" in str(caught.value)
    assert CANARY not in str(caught.value)
    assert "token" not in str(caught.value)
    assert len(desk.taken) == 1, "a redirect is never followed"


def test_an_address_where_nobody_listens_is_told() -> None:
    nobody = PostReceipt(url="http://127.0.0.1:1/x")
    with pytest.raises(DeliveryError, match="连接不上对方"):
        http_post.deliver(a_document("甲"), nobody, None)


@contextmanager
def sqlite_url(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / 'front.db'}"


SERVERS = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@pytest.fixture(params=SERVERS)
def front_end(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of a front-end database with an empty feedback table."""
    make: dict[str, Callable[[], AbstractContextManager[str]]] = {
        "sqlite": lambda: sqlite_url(tmp_path),
        "postgresql": postgresql_url,
        "mariadb": mariadb_url,
    }
    with make[request.param]() as url:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text(FEEDBACK))
        yield url
        engine.dispose()


def told_in(url: str) -> list[tuple[str, str]]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT err_type, remark FROM dn_audit_abnormal ORDER BY remark"))
        return [(row[0], row[1]) for row in rows]


def test_each_problem_is_a_row_of_the_feedback_table_and_a_repeat_replaces_it(front_end: str) -> None:
    table = TableReceipt(url=front_end)
    secret = sa.make_url(front_end).password
    for problems in (("甲", "乙", "丙"), ("甲", "100%_")):
        sql_table.deliver(a_document(*problems), table, secret, NOW)
    sql_table.deliver(a_document("别的运行", run_id="run-2"), table, secret, NOW)
    remarks = [remark for _, remark in told_in(front_end)]
    assert sorted(remark.partition("现为：")[2].split(" ")[0] for remark in remarks) == ["100%_", "别的运行", "甲"]
    assert {kind for kind, _ in told_in(front_end)} == {"不一致"}


@pytest.mark.parametrize(
    ("table", "said"), [("dn_other", "没有这个表"), ("half", "表中没有列 remark、table_name")], ids=["table", "columns"]
)
def test_a_table_that_does_not_fit_is_refused_and_nothing_changes(table: str, said: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'front.db'}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE half (err_type TEXT)"))
    engine.dispose()
    with pytest.raises(DeliveryError, match=said) as caught:
        sql_table.deliver(a_document("甲"), TableReceipt(url=url, table=table), None, NOW)
    assert caught.value.permanent


@pytest.mark.postgresql
def test_a_database_that_refuses_is_told_without_the_password() -> None:
    with postgresql_url() as url:
        place = sa.make_url(url).set(username="nobody_here", password=None).render_as_string()
        table = TableReceipt(url=place, auth=Credentials(kind="basic", secret="X", user="nobody_here"))  # noqa: S106
        with pytest.raises(DeliveryError, match="回执没有写入") as caught:
            sql_table.deliver(a_document("甲"), table, CANARY, NOW)
    assert CANARY not in str(caught.value)


def undelivered(folder: Path) -> list[tuple[str, int, str | None]]:
    said = citysync("receipt", "--sent", "--json", folder=folder)
    return [(row["way"], row["attempts"], row["outcome"]) for row in said.json()["undelivered"]]


def test_every_run_hands_its_receipts_over_once_and_what_did_not_arrive_is_tried_again(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, an_item(limit_scene_num="4"))
    settings = Settings(data_dir=folder / "data", cities_dir=folder / "cities")
    with a_desk() as desk:
        more = f'[receipt]\nfolder = "../out"\n[receipt.post]\nurl = "{desk.url}"\n'
        write_city(folder, [an_item(limit_scene_num="4")], more=more)
        night = citysync("sync", "--json", "--business-date", "2026-11-23", folder=folder)
        assert (night.code, night.err.count("回执")) == (1, 0), night.err
        assert [body["run_id"] for _, body in desk.taken] == [night.json()["run_id"]]
        corrections = [problem["correction"] for problem in desk.taken[0][1]["problems"]]
        assert {"do": "lower", "field": "limit_scene_num", "value": "3"} in corrections
        assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == [".csv", ".json", ".xlsx"]
        desk.status = 500
        again = citysync("sync", "--json", "--business-date", "2026-11-24", folder=folder)
        told = again.json()["cities"][0]
        assert (again.code, told["state"], told["axes"]) == (1, "out_of_sync", night.json()["cities"][0]["axes"])
        assert "回执未送达，结论不受影响" in again.err
        assert undelivered(folder) == [("post", 1, None)]
        desk.status = 200
        assert hand_over_due(settings, datetime.now(UTC)) == [], "not before its time"
        later = datetime.now(UTC) + timedelta(minutes=2)
        assert [(each.way, each.delivered) for each in hand_over_due(settings, later)] == [("post", True)]
        assert hand_over_due(settings, later + timedelta(days=1)) == []
        assert undelivered(folder) == []
    assert [body["run_id"] for _, body in desk.taken] == [night.json()["run_id"], *[again.json()["run_id"]] * 2]
    by_hand = citysync("receipt", "--deliver", "--json", folder=folder)
    assert by_hand.code == 3
    assert [(each["way"], each["delivered"]) for each in by_hand.json()["deliveries"]] == [
        ("folder", True),
        ("post", False),
    ]
