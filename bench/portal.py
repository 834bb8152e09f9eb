"""Portals of 21 cities whose pages were rendered and compressed beforehand, so that serving them costs next to nothing.

``python -m bench.portal FOLDER`` tells its address on stdout, serves what stands in ``FOLDER/portal`` or in the folder
whose name it was last told on stdin, and ends with its stdin.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl

from bench.cases.pull import PAGE_ROWS
from bench.directory import city, master, with_errors
from bench.ordinary_night import changed, nights
from citysync.domain.divisions import division_name
from citysync.simulator.plan import CITY_CODES

YESTERDAY, TONIGHT = "portal", "tonight"
_ASKED = re.compile(r"^/([0-9]{6})/items\?.*pageNum=([0-9]+)")


def write(folder: Path, rows: int, codes: Sequence[str] = CITY_CODES) -> dict[str, int]:
    """Write ``master.csv`` and every page of every city under ``folder/portal``; return the truth of the province.

    Under ``folder/tonight`` stand the same pages with as many rows changed as on an ordinary day.
    """
    catalogue = master(rows // len(codes))
    catalogue.write_csv(folder / "master.csv")
    truth: dict[str, int] = {}
    for seed, code in enumerate(codes):
        sent, wrong = with_errors(city(code, catalogue), seed)
        _write_pages(folder / YESTERDAY / code, sent)
        _write_pages(folder / TONIGHT / code, changed(sent, seed))
        for name, count in wrong.document().items():
            truth[name] = truth.get(name, 0) + count
    return truth


def write_nights(
    folder: Path, rows: int, codes: Sequence[str] = CITY_CODES, *, twins_last: bool = False
) -> dict[str, int]:
    """Write ``master.csv`` and the pages of two nights running; return the truth of the second, in any order."""
    catalogue = master(rows // len(codes))
    catalogue.write_csv(folder / "master.csv")
    truth: Counter[str] = Counter()
    for seed, code in enumerate(codes):
        both = nights(code, city(code, catalogue), seed, twins_last=twins_last)
        _write_pages(folder / YESTERDAY / code, both.yesterday)
        _write_pages(folder / TONIGHT / code, both.tonight)
        truth += both.truth
    return dict(truth)


def columns() -> list[str]:
    """Return the columns the portals send."""
    return city(CITY_CODES[0], master(1)).columns


def write_cities(folder: Path, base_url: str, codes: Sequence[str] = CITY_CODES) -> None:
    """Write the city files that ask the portals."""
    (folder / "cities").mkdir(exist_ok=True)
    for code in codes:
        text = f'name = "{division_name(code)}"\ncode = "{code}"\ncounties = []\n\n[source]\nconnector = "http_pages"\n'
        text += f'url = "{base_url}/{code}/items"\npage_param = "pageNum"\nsize_param = "pageSize"\n'
        text += f'page_size = {PAGE_ROWS}\nitems = "data.list"\ntotal = "data.total"\n'
        text += 'ok = { path = "code", equals = "200" }\n'
        (folder / "cities" / f"{code}.toml").write_text(text, encoding="utf-8")


def _write_pages(folder: Path, sent: pl.DataFrame) -> None:
    """Write pages 1 to the last, and an empty one behind it."""
    folder.mkdir(parents=True)
    for number, start in enumerate(range(0, sent.height + PAGE_ROWS, PAGE_ROWS), start=1):
        page = sent.slice(start, PAGE_ROWS).to_dicts()
        document = {"code": "200", "msg": "ok", "data": {"total": sent.height, "list": page}}
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        (folder / f"{number}.json.gz").write_bytes(gzip.compress(text.encode(), 6, mtime=0))


@contextmanager
def served(folder: Path) -> Iterator[Callable[[str], None]]:
    """Serve what was written, in a process of its own, to the city files beside it; yields what turns to a night."""
    command = [sys.executable, "-m", "bench.portal", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None and server.stdout is not None  # noqa: S101, PT018 - asked for above
        into, out = server.stdin, server.stdout

        def turn(night: str) -> None:
            into.write(f"{night}\n")
            into.flush()
            out.readline()

        base_url = out.readline().strip()
        (folder / "base_url").write_text(base_url, encoding="utf-8")
        write_cities(folder, base_url, sorted(path.name for path in (folder / YESTERDAY).iterdir()))
        yield turn
        server.terminate()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    pages: dict[tuple[str, str], bytes]

    def do_GET(self) -> None:
        found = _ASKED.match(self.path)
        body = self.pages.get((found[1], found[2]), b"") if found else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own signature
        """Keep quiet."""


def main() -> None:
    """Serve until nobody holds the other end of stdin."""
    folder = Path(sys.argv[1])
    _show(folder / YESTERDAY)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    for night in sys.stdin:
        _show(folder / night.strip())
        print(night.strip(), flush=True)


def _show(folder: Path) -> None:
    _Handler.pages = {
        (path.parent.name, path.name.removesuffix(".json.gz")): path.read_bytes() for path in folder.glob("*/*.json.gz")
    }


if __name__ == "__main__":
    main()
