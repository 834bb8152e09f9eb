"""A folder with a city that answers only when it is told to, and a program that is watched while it runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from citysync.storage import tables
from citysync.storage.schema import open_store
from tests.builders import an_item
from tests.places import MASTER_ITEM, write_city, write_master
from tests.program import PROGRAM, Said, citysync

_BOUND = 200


@dataclass
class SlowCity:
    """A real HTTP city of one item, one page. It answers once ``free`` is set; ``asked`` is set when it is asked."""

    url: str
    asked: threading.Event = field(default_factory=threading.Event)
    free: threading.Event = field(default_factory=threading.Event)
    requests: int = 0


@contextmanager
def slow_city() -> Iterator[SlowCity]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            city.requests += 1
            city.asked.set()
            city.free.wait(_BOUND)
            body = json.dumps({"total": 1, "list": [an_item()]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                return  # the client was killed

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    city = SlowCity(f"http://127.0.0.1:{server.server_port}/items")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield city
    finally:
        city.free.set()
        server.shutdown()
        server.server_close()


def a_slow_folder(folder: Path, city: SlowCity, *quick: str, env: Mapping[str, str] | None = None) -> Path:
    """Make a folder with 深圳市 behind a slow city and quick cities of the given codes that drop files."""
    for code in quick:
        write_city(folder, [an_item(areacode=code)], code=code)
    (folder / "cities").mkdir(exist_ok=True)
    source = f'connector = "http_pages"\nurl = "{city.url}"\nitems = "list"\ntotal = "total"\ntimeout_seconds = 200\n'
    text = f'name = "深圳市"\ncode = "440300"\ncounties = []\n[source]\n{source}'
    (folder / "cities" / "440300.toml").write_text(text, encoding="utf-8")
    made = citysync("master", "import", write_master(folder, [MASTER_ITEM]), folder=folder, env=dict(env or {}))
    assert made.code == 0, made.err
    return folder


class Started:
    """A ``citysync`` under way, in a session of its own."""

    def __init__(self, *words: str, folder: Path, env: Mapping[str, str] | None = None) -> None:
        inherited = {n: v for n, v in os.environ.items() if not n.startswith(("CITYSYNC_", "PREFECT_"))}
        places = {"CITYSYNC_DATA_DIR": str(folder / "data"), "CITYSYNC_CITIES_DIR": str(folder / "cities")}
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [str(PROGRAM), *words],
            env={**inherited, **places, **(env or {})},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, number: int) -> None:
        os.kill(self._process.pid, number)

    def ended(self) -> Said:
        """Wait for its end and return what it said; whatever it started and left is killed first."""
        try:
            out, err = self._process.communicate(timeout=_BOUND)
        finally:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
        return Said(self._process.returncode, out, err)


def children_of(pid: int) -> list[int]:
    """Return the living processes that a process started, and those that these did."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if fields[1] == str(pid) and fields[0] != "Z":
            found += [int(path.parent.name), *children_of(int(path.parent.name))]
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def leftovers(folder: Path, url: str | None = None) -> dict[str, int]:
    """Return what no run may leave: half-written files, leases, runs that seem to go on."""
    place = url or f"sqlite:///{folder / 'data' / 'citysync.sqlite3'}"
    running = sa.select(sa.func.count()).select_from(tables.runs).where(tables.runs.c.status == "running")
    with open_store(place, write=False) as store, store.reading() as connection:
        leases = connection.scalar(sa.select(sa.func.count()).select_from(tables.city_leases)) or 0
        runs = connection.scalar(running) or 0
    return {"half files": len(list((folder / "data").rglob(".tmp-*"))), "leases": leases, "running": runs}


NONE_LEFT = {"half files": 0, "leases": 0, "running": 0}
