"""The pages as files: asked of the application itself, linked to each other by relative paths, whole or not at all.

In several languages each has a tree of its own, the first at the top; every page leads to itself in the others.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.routing import Match

from citysync.config.cities import load_cities
from citysync.config.settings import Settings
from citysync.domain.errors import StorageError
from citysync.domain.principal import NOBODY, Principal, Role
from citysync.storage.schema import open_store
from citysync.web.app import create_app
from citysync.web.language import DEFAULT
from citysync.web.links import linked
from citysync.web.policy import Guard
from citysync.web.rendering import STATIC
from connectors import names, source_model

MARK = ".citysync-site"  # a folder with this file is ours to replace
PUBLIC = frozenset({"public", "public_list", "public_item"})
# What makes sense without a server: no search, no filter, nobody's private list of what was sent in.
KEPT = PUBLIC | {"province", "city", "city_tab", "city_receipt", "differences", "run", "figures"}
_QUERIES = {("figures", "by")}
_FINE, _NOT_THERE = 200, 404
# What may become the name of a file: nothing that climbs out of the folder.
_PLAIN = re.compile(r"/|(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")


class _Only:
    """A way of signing in that takes everybody for one principal: the site is made by the province for its readers."""

    def __init__(self, principal: Principal) -> None:
        self._principal = principal

    def principal(self, request: Request) -> Principal:
        """Return that principal."""
        del request
        return self._principal


@dataclass(frozen=True)
class Site:
    """What was written: how many pages, and the folder."""

    folder: Path
    pages: int


def build_site(
    settings: Settings,
    folder: Path,
    now: Callable[[], datetime],
    *,
    public_only: bool = False,
    languages: Sequence[str] = (DEFAULT,),
) -> Site:
    """Write the site in place of the one before; whatever fails, that one stays.

    ``languages``: their codes; the first stands at the top of the folder, every other in a folder of its name. Raises
    ``StorageError``; ``ConfigError`` where the city files cannot be read.
    """
    refuse_strange(folder)
    _refuse_nothing(settings)
    who = NOBODY if public_only else Principal("静态页面", Role.PROVINCE_READER)
    app = create_app(settings, now, _Only(who))
    try:
        kept, base = (PUBLIC, "public") if public_only else (KEPT, "")
        crawls = {code: _Crawl(app, kept, base, code, "" if code == languages[0] else code) for code in languages}
        files = asyncio.run(_files(crawls, ["/public"] if public_only else ["/", "/public"]))
    finally:
        app.state.library.close()
    return Site(folder, _replaced(folder, files))


def _refuse_nothing(settings: Settings) -> None:
    """Refuse, in its own words, what every page would answer with an error: no city files, no ledger."""
    load_cities(settings.cities_dir, source_model, names())
    open_store(settings.database, write=False).close()


def refuse_strange(folder: Path) -> None:
    """Refuse to replace a folder that holds anything else than a site of ours."""
    if folder.exists() and not (folder / MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise StorageError(f"{folder} 里有别的文件，不是静态页面的文件夹；请另选一个空文件夹")


def file_of(address: str, base: str = "") -> str:
    """Return the file of an address: ``/c/440300`` is ``c/440300/index.html``, ``/figures?by=county`` a page beside.

    ``base``: the folder that becomes the site's own.
    """
    path, query = urlsplit(address).path.strip("/"), urlsplit(address).query
    path = path.removeprefix(base).strip("/")
    if not _is_page(address):
        return path
    name = "-".join(value for _, value in sorted(parse_qsl(query))) or "index"
    return f"{path}/{name}.html".lstrip("/")


async def _files(crawls: dict[str, _Crawl], start: Sequence[str]) -> dict[str, bytes]:
    """Return the files of the site in every language."""
    for crawl in crawls.values():
        await crawl.walk(start)
    return {name: body for crawl in crawls.values() for name, body in crawl.files(crawls)}


@dataclass
class _Crawl:
    """One language: every address reached so far with its body, None for one that is not there.

    ``folder``: where its pages go. What is no page (a list to download) is kept once, by the language at the top.
    """

    app: FastAPI
    kept: frozenset[str]
    base: str
    language: str
    folder: str
    bodies: dict[str, bytes | None] = field(default_factory=dict)

    async def walk(self, start: Iterable[str]) -> None:
        """Ask for every page that can be reached."""
        waiting = list(start)
        while waiting:
            address = waiting.pop()
            if address in self.bodies or (self.folder and not _is_page(address)):
                continue
            status, body = await ask(self.app, self._in_language(address))
            if status not in {_FINE, _NOT_THERE}:
                raise StorageError(f"静态页面没有写成：{address} 回答 {status}；原有页面未改动")
            self.bodies[address] = body if status == _FINE else None
            if status == _FINE and _is_page(address):
                waiting += self._led(body)

    def files(self, crawls: dict[str, _Crawl]) -> Iterator[tuple[str, bytes]]:
        """Yield the files of this language, linked to those of the others."""
        for address, body in self.bodies.items():
            if body is not None:
                yield self.file(address), self._placed_in(address, body, crawls)

    def file(self, address: str) -> str:
        """Return where an address is kept."""
        return f"{self.folder}/{file_of(address, self.base)}".lstrip("/")

    def _in_language(self, address: str) -> str:
        spoken = f"{'&' if '?' in address else '?'}lang={self.language}"
        return address if self.language == DEFAULT else f"{address}{spoken}"

    def address(self, link: str) -> str | None:
        """Return the address under which a link is kept, None where the site has no such page."""
        parts = urlsplit(link)
        name = route_of(self.app, parts.path) if _PLAIN.fullmatch(parts.path) else None
        query = parse_qsl(parts.query)
        if parts.scheme or parts.netloc or name not in self.kept:
            return None
        if name == "differences" and any(
            key != "lang" for key, _ in query
        ):  # a filter or a later page: the list kept is not what such a link says
            return None
        wanted = [
            f"{key}={value}" for key, value in query if (name, key) in _QUERIES and (key, value) != ("by", "city")
        ]
        return parts.path + (f"?{'&'.join(wanted)}" if wanted else "")

    def _led(self, body: bytes) -> list[str]:
        found: list[str] = []

        def noted(link: str) -> None:
            if _language_of(link) in {None, self.language} and (address := self.address(link)) is not None:
                found.append(address)

        linked(body.decode("utf-8"), noted)
        return found

    def _placed_in(self, address: str, body: bytes, crawls: dict[str, _Crawl]) -> bytes:
        if not _is_page(address):
            return body
        return linked(body.decode("utf-8"), lambda link: self._placed(address, link, crawls)).encode("utf-8")

    def _placed(self, here: str, link: str, crawls: dict[str, _Crawl]) -> str | None:
        """Return where a link of a page leads in the site, None for nowhere."""
        origin, parts = self.file(here), urlsplit(link)
        if parts.path.startswith("/static/"):
            return relative(origin, parts.path.lstrip("/"))
        spoken = _language_of(link) or self.language
        wanted = here if spoken != self.language else self.address(link)  # a page leads to itself in another language
        if wanted is None or spoken not in crawls:
            return None
        holds = crawls[spoken] if _is_page(wanted) else next(iter(crawls.values()))
        return relative(origin, holds.file(wanted)) if holds.bodies.get(wanted) is not None else None


def _language_of(link: str) -> str | None:
    return dict(parse_qsl(urlsplit(link).query)).get("lang")


def _is_page(address: str) -> bool:
    return "." not in urlsplit(address).path.rpartition("/")[2]


def relative(origin: str, target: str) -> str:
    """Return the path from one file of the site to another: it holds from a folder, a stick or a sub-path."""
    return os.path.relpath(target, os.path.dirname(origin) or ".")  # noqa: PTH120 - paths of the site, not of a disk


async def ask(app: FastAPI, address: str) -> tuple[int, bytes]:
    """Return the application's answer to a GET, without a network."""
    path, query = urlsplit(address).path, urlsplit(address).query
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 0),
        "server": ("localhost", 80),
    }
    told: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI's own type
        told.append(message)

    await app(scope, receive, send)
    return int(told[0]["status"]), b"".join(each.get("body", b"") for each in told)


def route_of(app: FastAPI, path: str) -> str | None:
    """Return the name of the route that answers a GET of a path, None for none."""
    scope = {"type": "http", "path": path, "method": "GET", "root_path": ""}
    for route in app.routes:
        if isinstance(route, APIRoute) and route.matches(scope)[0] is Match.FULL:
            guards = [each.dependency for each in route.dependencies if isinstance(each.dependency, Guard)]
            return guards[0].name if guards else None
    return None


def _replaced(folder: Path, files: dict[str, bytes]) -> int:
    """Write everything beside the folder, then let the two change places; return how many pages there are."""
    beside = folder.absolute().parent
    made, old = beside / f".{folder.name}-{uuid.uuid4().hex}.new", beside / f".{folder.name}-{uuid.uuid4().hex}.old"
    try:
        beside.mkdir(parents=True, exist_ok=True)
        shutil.copytree(STATIC, made / "static")
        for name, body in {**files, MARK: b""}.items():
            _write(made / name, body)
        if folder.exists():
            folder.rename(old)
        try:
            made.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    except OSError as error:
        raise StorageError(
            f"静态页面 {folder} 没有写成：{error.strerror}；原有页面未改动，请检查磁盘空间和文件夹权限"
        ) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return sum(name.endswith(".html") for name in files)


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
