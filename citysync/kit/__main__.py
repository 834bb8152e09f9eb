"""``citysync-kit serve --from …``: a city's own server, on what it has. Standard library, SQLAlchemy, calamine."""

from __future__ import annotations

import argparse
import ipaddress
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from citysync.domain.digests import PREFIX
from citysync.domain.errors import SourceError
from citysync.kit.answers import answer
from citysync.kit.reading import Files, Origin, Table
from citysync.kit.server import KitServer
from citysync.kit.shelf import Shelf

_SHORTEST_TOKEN = 16


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped; 2 for a command that cannot be carried out, 1 where the source cannot be read."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    token = _token(parser, asked.token_file)
    if token is None and not _loopback(asked.host):
        parser.error("对外监听（--host）须同时给出 --token-file")
    origin = _origin(parser, asked)
    key_fields = tuple(asked.key)
    shelf = Shelf(origin, key_fields, lambda: datetime.now(UTC), timedelta(seconds=asked.every), asked.keep)
    try:
        edition = shelf.newest()
    except SourceError as error:
        _say(f"读不出实施清单：{error}")
        return 1
    absent = [name for name in key_fields if name not in edition.fields]
    if absent:
        parser.error(f"没有列 {'、'.join(absent)}；请用 --key 写明编码列（现有：{'、'.join(edition.fields)}）")
    server = KitServer((asked.host, asked.port), partial(answer, shelf, token))
    _say(f"{len(edition.keys):,} 条，快照 {edition.id}；{server.url}{PREFIX}/manifest（Ctrl-C 停止）")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    finally:
        server.server_close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="citysync-kit", description="城市端：按 citysync 协议只读发布实施清单")
    serve = parser.add_subparsers(dest="verb", required=True).add_parser("serve", help="发布一份实施清单")
    serve.add_argument("--from", dest="origin", required=True, help="文件、文件夹，或 SQLAlchemy 地址")
    serve.add_argument("--table", help="数据库的表或视图，一行一个事项")
    serve.add_argument("--key", action="append", default=[], required=True, help="编码列；可重复，合为一个键")
    serve.add_argument("--encoding", choices=["utf-8", "gb18030", "utf-16"], help="文件编码；不写则按字节判定")
    serve.add_argument("--items", help="JSON 文件中事项列表的路径")
    serve.add_argument("--host", default="127.0.0.1", help="监听地址；默认只限本机")
    serve.add_argument("--port", type=int, default=8440)
    serve.add_argument("--token-file", type=Path, help="令牌文件；写明后每次请求都须携带")
    serve.add_argument("--password-file", type=Path, help="数据库口令文件")
    serve.add_argument("--every", type=int, default=300, help="隔多少秒查看来源是否有变动")
    serve.add_argument("--keep", type=int, default=3, choices=range(2, 32), metavar="N", help="保留几个快照")
    return parser


def _origin(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> Origin:
    if "://" not in asked.origin:
        return Files(Path(asked.origin), tuple(asked.key), asked.encoding, asked.items)
    if asked.table is None:
        parser.error("数据库来源须用 --table 写明表或视图")
    try:
        url = sa.make_url(asked.origin)
    except sa.exc.ArgumentError:
        parser.error("--from 不是 SQLAlchemy 地址，应如 postgresql+psycopg://账号@主机/库")
    if url.password is not None:
        parser.error("--from 中不得写口令（会出现在进程列表里）；请改用 --password-file")
    secret = None if asked.password_file is None else _secret(parser, asked.password_file)
    return Table(url if secret is None else url.set(password=secret), asked.table)


def _token(parser: argparse.ArgumentParser, path: Path | None) -> str | None:
    if path is None:
        return None
    token = _secret(parser, path)
    if len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable():
        parser.error(f"令牌须为至少 {_SHORTEST_TOKEN} 个可见的 ASCII 字符")
    return token


def _secret(parser: argparse.ArgumentParser, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        parser.error(f"读不出 {path}（{type(error).__name__}）")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
