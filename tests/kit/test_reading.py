"""Where the kit reads: files as strictly as the province reads a drop, tables and views, and what it never does."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
import xlsxwriter

from citysync.domain.errors import Unreachable, Unreadable
from citysync.kit.__main__ import main
from citysync.kit.reading import Files, Table
from tests.connectors.doors import code
from tests.servers import mariadb_url, postgresql_url

TODAY = date(2026, 11, 23)
CSV = f"task_code,task_name\n{code(1)},办证\n{code(2)},年检\n"


def test_the_newest_file_of_a_folder_is_read_in_its_own_encoding(tmp_path: Path) -> None:
    (tmp_path / "items-20261121.csv").write_text(CSV.replace("办证", "旧"), encoding="utf-8")
    (tmp_path / "items-20261122.csv").write_bytes(CSV.encode("gb18030"))
    (tmp_path / "说明.txt").write_text("不是数据", encoding="utf-8")
    found = Files(tmp_path, ("task_code",)).read(TODAY)
    assert found.rows == [{"task_code": code(1), "task_name": "办证"}, {"task_code": code(2), "task_name": "年检"}]
    assert found.changed_at is not None


def test_json_with_objects_inside_becomes_dotted_names(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        f'{{"list": [{{"task_code": "{code(1)}", "AUDIT": {{"name": "办证", "n": 1}}}}]}}', encoding="utf-8"
    )
    rows = Files(path, ("task_code",), items="list").read(TODAY).rows
    assert rows == [{"task_code": code(1), "AUDIT.name": "办证", "AUDIT.n": "1"}]


def test_a_code_column_of_numbers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["task_code", "task_name"])
        sheet.write_row(1, 0, [1144030000, "办证"])
    with pytest.raises(Unreadable, match="task_code 列是数字格式"):
        Files(path, ("task_code",)).read(TODAY)


def test_an_empty_folder_and_a_broken_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="没有 csv、xlsx、json、jsonl 文件"):
        Files(tmp_path, ()).read(TODAY)
    (tmp_path / "a.csv").write_text(CSV + '"', encoding="utf-8")
    with pytest.raises(Unreadable, match="引号未闭合"):
        Files(tmp_path, ()).read(TODAY)


def test_a_table_or_view_is_read_as_texts(tmp_path: Path) -> None:
    path = tmp_path / "front.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE items (task_code TEXT, days INTEGER, fee REAL)")
        database.execute("INSERT INTO items VALUES (?, 20, NULL)", (code(1),))
        database.execute("CREATE VIEW v AS SELECT * FROM items")
    database.close()
    url = sa.make_url(f"sqlite:///{path}")
    assert Table(url, "v").read(TODAY).rows == [{"task_code": code(1), "days": "20", "fee": None}]
    with pytest.raises(Unreachable, match="NoSuchTableError"):
        Table(url, "other").read(TODAY)


@pytest.mark.parametrize(
    "server",
    [
        pytest.param(postgresql_url, marks=pytest.mark.postgresql),
        pytest.param(mariadb_url, marks=pytest.mark.mariadb),
    ],
)
def test_a_table_of_a_server_is_read_in_a_transaction_that_cannot_write(
    server: Callable[[], AbstractContextManager[str]],
) -> None:
    with server() as address:
        engine = sa.create_engine(address, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE items (task_code VARCHAR(40), days INTEGER)"))
            connection.execute(sa.text("INSERT INTO items VALUES (:code, 20)"), {"code": code(1)})
        assert Table(sa.make_url(address), "items").read(TODAY).rows == [{"task_code": code(1), "days": "20"}]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--from", "{csv}", "--key", "SSBM"], "没有列 SSBM"),
        (["--from", "{csv}", "--key", "task_code", "--host", "0.0.0.0"], "--token-file"),  # noqa: S104
        (["--from", "postgresql+psycopg://a:secret@db/x", "--key", "k", "--table", "t"], "不得写口令"),
        (["--from", "postgresql+psycopg://db/x", "--key", "k"], "--table"),
        (["--from", "{csv}", "--key", "task_code", "--token-file", "{csv}x"], "读不出"),
    ],
)
def test_what_cannot_be_served_is_said(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(CSV, encoding="utf-8")
    with pytest.raises(SystemExit, match="2"):
        main(["serve", *(argument.format(csv=path) for argument in arguments)])
    shown = capsys.readouterr().err
    assert told in shown
    assert "secret" not in shown


def test_it_serves_a_file_without_polars_pandera_or_prefect(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(CSV, encoding="utf-8")
    program = (
        "import sys; from citysync.kit import __main__ as kit; serve = kit.KitServer.serve_forever\n"
        "names = ('polars', 'pandera', 'prefect', 'fastapi', 'requests')\n"
        "kit.KitServer.serve_forever = lambda s: (print([n for n in names if n in sys.modules], flush=1), serve(s))\n"
        f"kit.main(['serve', '--from', {str(path)!r}, '--key', 'task_code', '--port', '0'])"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as kit:  # noqa: S603
        assert kit.stderr is not None
        assert kit.stdout is not None
        said = kit.stderr.readline()
        address = re.search(r"http://\S+/manifest", said)
        try:
            assert address is not None, said
            with urllib.request.urlopen(address[0], timeout=10) as answer:  # noqa: S310 — our own server
                assert b'"count":2' in answer.read()
            assert kit.stdout.readline() == "[]\n"
        finally:
            kit.terminate()
