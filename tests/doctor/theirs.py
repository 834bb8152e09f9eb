"""A city's source, in order and out of order, one link at a time: real HTTP, TLS, SQL and files."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import formatdate
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import trustme

from citysync.config.secrets import Secrets
from citysync.domain.city import City
from connectors._door import Door
from connectors._wire import Host
from flows.doctor import pulled, wire
from flows.doctor.checkup import check_city, door_for
from flows.doctor.outcome import Result, follow
from tests.connectors.changing import a_directory
from tests.connectors.doors import PAGES, city_of, directory
from tests.connectors.site import Asked, Sent, numbered, sends, site
from tests.doctor.ours import Case, closed_port
from tests.servers import mariadb_url, postgresql_url

TODAY = date(2026, 11, 24)
Row = Mapping[str, str | None]
Answer = Callable[[Asked], Sent]


def now() -> datetime:
    """Return the true clock: servers date their answers by it."""
    return datetime.now(UTC)


def door(clock: Callable[[], datetime] = now) -> Door:
    """Return a door that keeps nothing and waits for nobody."""
    return replace(door_for(Secrets({"A_SECRET": "canary-5f3a"}), clock), wait=lambda _seconds: None)


def asked(answer: Answer, clock: Callable[[], datetime] = now, **source: Any) -> list[Result]:
    """Return the checks of a city behind a server."""
    with site(lambda request: _dated(answer(request))) as running:
        keys = {**PAGES, "url": f"{running.url}/items", "size_param": "size", "page_size": 2, **source}
        return check_city(city_of(keys), door(clock), TODAY)


def _dated(sent: Sent) -> Sent:
    """Return an answer with the server's clock in it, as a real one has."""
    return replace(sent, headers={"Date": formatdate(usegmt=True), **sent.headers})


def healthy(_folder: Path) -> list[Result]:
    return _healthy()


@cache
def _healthy() -> list[Result]:
    return asked(numbered(directory(5)))


def rows(*changed: Row) -> Case:
    """Return a healthy server of unhealthy rows."""
    return lambda _folder: asked(numbered(changed))


def at(url: str) -> Case:
    return lambda _folder: check_city(city_of({**PAGES, "url": url}), door(), TODAY)


def closed(folder: Path) -> list[Result]:
    return at(f"http://127.0.0.1:{closed_port()}/")(folder)


def always(sent: Sent) -> Case:
    return lambda _folder: asked(lambda _asked: sent)


def fewer_than_asked(_folder: Path) -> list[Result]:
    return asked(numbered(directory(5)), page_size=100)


def counted_from_zero(_folder: Path) -> list[Result]:
    items = directory(5)

    def answer(request: Asked) -> Sent:
        page = int(request.query["page"])
        return sends({"code": 200, "data": {"list": items[page * 2 : page * 2 + 2], "total": 5}})

    return asked(answer)


def of_changes(*, forgets: bool) -> Case:
    """Return a source that tells what changed, or forgets to listen."""

    def run(_folder: Path) -> list[Result]:
        known = a_directory(5, forgets=forgets, size=2)
        return asked(known.answer, changes={"param": "since", "gone": {"path": "op", "equals": "d"}})

    return run


def deaf_to_page(_folder: Path) -> list[Result]:
    return asked(lambda _asked: sends({"code": 200, "data": {"list": directory(2), "total": 5}}))


def wrong_total(_folder: Path) -> list[Result]:
    return asked(numbered(directory(5), total=7))


def two_nodes(_folder: Path) -> list[Result]:
    seen = {"first": 0}

    def answer(request: Asked) -> Sent:
        seen["first"] += request.query["page"] == "1"
        return numbered(directory(5 if seen["first"] % 2 else 4))(request)

    return asked(answer)


def three_hours_behind(_folder: Path) -> list[Result]:
    return asked(numbered(directory(5)), clock=lambda: now() + timedelta(hours=3))


@dataclass(frozen=True)
class Spot:
    """Somewhere on the network, at a time."""

    host: Host
    now: datetime


@contextmanager
def tls(folder: Path, expires_at: datetime) -> Iterator[Spot]:
    """Run a server that shakes hands with a certificate of an authority of our own, as often as it is asked."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", not_after=expires_at).configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_shake_hands, args=(server, context), daemon=True)
        thread.start()
        yield Spot(Host("127.0.0.1", server.getsockname()[1], secure=True, ca_file=folder / "ca.pem"), now())
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _shake_hands(server: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            connection.close()


def certificate(days: int) -> Case:
    def run(folder: Path) -> list[Result]:
        with tls(folder, now() + timedelta(days=days)) as spot:
            said = wire.certified(spot)
        return [Result("city.tls", said.outcome, "city", "440300 深圳市", said.text, said.remedy)]

    return run


def queried(url: str, table: str = "items", **auth: str) -> list[Result]:
    """Return the checks of a city behind a database."""
    source = {"connector": "sql_table", "url": url, "tables": [table]}
    return check_city(city_of({**source, "auth": auth} if auth else source), door(), TODAY)


def fill(url: str, count: int = 3) -> None:
    """Write a table of items."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    sent = directory(count) or directory(1)
    table = sa.Table("items", sa.MetaData(), *(sa.Column(name, sa.String(200)) for name in sent[0]))
    with engine.begin() as connection:
        table.create(connection)
        if count:
            connection.execute(sa.insert(table), sent)


def sqlite_items(folder: Path) -> list[Result]:
    fill(f"sqlite:///{folder}/front.db")
    return queried(f"sqlite:///{folder}/front.db")


def table_missing(folder: Path) -> list[Result]:
    fill(f"sqlite:///{folder}/front.db")
    return queried(f"sqlite:///{folder}/front.db", "up_task_general_basic")


def rights(url: str, *grants: str, account: str) -> list[Result]:
    """Return the checks of a database as an account that was granted so much sees it."""
    fill(url)
    parsed = sa.make_url(url)
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for grant in grants:
            connection.exec_driver_sql(grant.replace("%", "%%"))
    shown = parsed.set(username=None, password=None).render_as_string(hide_password=False)
    try:
        return queried(shown, kind="basic", user=account, secret="A_SECRET")  # noqa: S106 - a name
    finally:
        with engine.connect() as connection:
            if parsed.get_backend_name() == "postgresql":
                connection.exec_driver_sql(f"DROP OWNED BY {account}")
            connection.exec_driver_sql(f"DROP USER {account}")


def postgresql_may(*granted: str) -> Case:
    def run(folder: Path) -> list[Result]:
        account = f"reader_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
        with postgresql_url() as url:
            grants = [f"GRANT {right} ON items TO {account}" for right in granted]
            return rights(url, f"CREATE ROLE {account} LOGIN PASSWORD 'canary-5f3a'", *grants, account=account)

    return run


def mariadb_may(*granted: str) -> Case:
    def run(folder: Path) -> list[Result]:
        account = f"reader_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
        with mariadb_url() as url:
            database = sa.make_url(url).database
            grants = [f"GRANT {right} ON {database}.items TO {account}" for right in granted]
            return rights(url, f"CREATE USER {account} IDENTIFIED BY 'canary-5f3a'", *grants, account=account)

    return run


def dropped(folder: Path, items: Sequence[Row], manifest_rows: int | None = None) -> City:
    """Return a city whose drop is one file, with a manifest if it says how many rows."""
    data = json.dumps(list(items), ensure_ascii=False).encode()
    (folder / "items.json").write_bytes(data)
    source: dict[str, Any] = {"connector": "file_drop", "path": str(folder / "items.json")}
    if manifest_rows is not None:
        entry = {"name": "items.json", "sha256": hashlib.sha256(data).hexdigest(), "rows": manifest_rows}
        (folder / "manifest.json").write_text(json.dumps({"files": [entry]}))
        source["manifest"] = str(folder / "manifest.json")
    return city_of(source)


def good_drop(folder: Path) -> list[Result]:
    return check_city(dropped(folder, directory(3), 3), door(), TODAY)


def no_drop(folder: Path) -> list[Result]:
    city = dropped(folder, directory(3))
    (folder / "items.json").unlink()
    return check_city(city, door(), TODAY)


def old_drop(folder: Path) -> list[Result]:
    city = dropped(folder, directory(3))
    os.utime(folder / "items.json", (0, 0))
    return check_city(city, door(), TODAY)


def open_drop(folder: Path) -> list[Result]:
    city = dropped(folder, directory(3))
    (folder / "items.json").chmod(0o666)
    return check_city(city, door(), TODAY)


def wrong_manifest(folder: Path) -> list[Result]:
    return check_city(dropped(folder, directory(3), 4), door(), TODAY)


def whole_pull(folder: Path) -> list[Result]:
    return follow("440300 深圳市", pulled.LINKS, pulled.Pulled(dropped(folder, directory(3)), door(), TODAY))


def contradicted_pull(folder: Path) -> list[Result]:
    return follow("440300 深圳市", pulled.LINKS, pulled.Pulled(dropped(folder, directory(3), 4), door(), TODAY))


def an_item(**changes: str | None) -> Row:
    return {**directory(1)[0], **changes}


RENAMED = {("taskName" if name == "task_name" else name): value for name, value in directory(1)[0].items()}
BROKEN_BYTES = b'{"code": 200, "data": {"list": [{"task_name": "\xff\xff"}], "total": 1}}'

# check → (a fixture it passes, one it does not).
THEIRS: dict[str, tuple[Case, Case]] = {
    "city.dns": (healthy, at("http://no-such-host.invalid/items")),
    "city.tcp": (healthy, closed),
    "city.tls": (certificate(300), certificate(-1)),
    "city.auth": (healthy, always(Sent(status=401))),
    "city.answer": (healthy, always(Sent(status=500))),
    "city.drop": (good_drop, no_drop),
    "city.drop_age": (good_drop, old_drop),
    "city.drop_rights": (good_drop, open_drop),
    "city.manifest": (good_drop, wrong_manifest),
    "city.encoding": (healthy, always(Sent(BROKEN_BYTES))),
    "city.envelope": (healthy, always(sends({"code": 500, "msg": "库忙"}))),
    "city.page_size": (healthy, fewer_than_asked),
    "city.first_page": (healthy, counted_from_zero),
    "city.second_page": (healthy, deaf_to_page),
    "city.total": (healthy, wrong_total),
    "city.nodes": (healthy, two_nodes),
    "city.clock": (healthy, three_hours_behind),
    "city.changes": (of_changes(forgets=False), of_changes(forgets=True)),
    "city.tables": (sqlite_items, table_missing),
    "city.rights": (postgresql_may("SELECT"), postgresql_may("SELECT", "UPDATE")),
    "city.pull": (whole_pull, contradicted_pull),
    "city.legible": (healthy, rows(an_item(task_name="锟斤拷锟斤拷"))),
    "city.schema": (healthy, rows(RENAMED)),
    "city.codes": (healthy, rows(an_item(task_code="001234"))),
    "city.values": (healthy, rows(an_item(task_type="99"))),
    "city.region": (healthy, rows(an_item(areacode="440400"))),
}
