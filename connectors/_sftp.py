"""A folder behind SFTP: host key pinned in the city file and never learnt, nothing kept on disk."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Coroutine
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import unquote, urlsplit

from citysync.domain.errors import Refused, SourceError, Unreachable
from citysync.domain.redaction import redacted
from citysync.domain.verdict import Fault
from connectors._drop import refuse_size, unfinished
from connectors._folder import Entry, Vanished, refuse_crowd

Result = TypeVar("Result")
SCHEME = "sftp://"
_PORT = 22
_QUOTED = 200


def remote_path(url: str) -> str:
    """Return the path in an address ``sftp://host/path``."""
    return unquote(urlsplit(url).path)


class RemoteFolder:
    """A folder of another machine. Foreign errors leave it as ``SourceError``; ``shown`` names it without account."""

    def __init__(self, url: str, user: str, secret: str, host_key: str, timeout_seconds: int) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or _PORT
        self.shown = f"{SCHEME}{self._host}:{self._port}"
        self._user, self._secret, self._host_key, self._timeout = user, secret, host_key, timeout_seconds
        self._loop = asyncio.new_event_loop()
        self._connection: Any = None

    def __enter__(self) -> Self:
        try:
            _library()
            self._client = self._done(self._connected())
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def entries(self, pattern: str) -> list[Entry]:
        """Return the files a path or pattern names; the pattern stands in the last part of the path only."""
        place = PurePosixPath(pattern)
        names = self._done(self._client.readdir(str(place.parent)))
        refuse_crowd(len(names), pattern)
        found = [_entry(place.parent / str(each.filename), each.attrs) for each in names]
        return [entry for entry in found if entry is not None and fnmatchcase(entry.name, place.name)]

    def entry(self, path: str) -> Entry | None:
        """Return the file at a path as it is now; links are not followed."""
        try:
            return _entry(PurePosixPath(path), self._done(self._client.lstat(path)))
        except Vanished:
            return None

    def read(self, path: str) -> bytes:
        """Return a file's bytes, whole or not at all: nothing is resumed and nothing is left behind."""
        before = self.entry(path)
        if before is None:
            raise Vanished(path)
        refuse_size(before.name, before.size)
        data: bytes = self._done(self._bytes(path, before.size))
        if self.entry(path) != before or len(data) != before.size:
            raise unfinished(before.name)
        return data

    async def _connected(self) -> Any:  # noqa: ANN401 — the library is optional
        ssh = _library()
        keys: tuple[list[Any], ...] = ([ssh.import_public_key(self._host_key)], [], [])
        is_key = self._secret.lstrip().startswith("-----BEGIN")
        proof = {"client_keys": [ssh.import_private_key(self._secret)]} if is_key else {"password": self._secret}
        self._connection = await ssh.connect(
            self._host,
            self._port,
            username=self._user,
            known_hosts=keys,
            config=[],
            agent_path=None,
            **{"client_keys": None, **proof},
        )
        return await self._connection.start_sftp_client()

    async def _bytes(self, path: str, size: int) -> bytes:
        async with self._client.open(path, "rb") as file:
            data: bytes = await file.read(size + 1)
            return data

    def _done(self, work: Coroutine[Any, Any, Result]) -> Result:
        ssh = _library()
        try:
            return self._loop.run_until_complete(asyncio.wait_for(work, self._timeout))
        except ssh.SFTPNoSuchFile as error:
            raise Vanished(str(error)) from None
        except (ssh.Error, OSError, TimeoutError, ValueError) as error:
            raise self._translated(error) from None

    def _translated(self, error: Exception) -> SourceError:
        ssh = _library()
        said = redacted(" ".join(str(error).split())[:_QUOTED], (self._secret,))
        if isinstance(error, ssh.HostKeyNotVerifiable):
            text = f"{self.shown} 的主机密钥与城市文件登记的 host_key 不符，已拒绝连接{self._seen()}"
            return Refused(f"{text}；请通过电话等其他途径向市里核实后再更新 host_key")
        if isinstance(error, ssh.PermissionDenied):
            return Refused(f"{self.shown} 拒绝了账号 {self._user}（{said}）；请核对账号与密钥")
        if isinstance(error, ssh.SFTPPermissionDenied):
            return Refused(f"{self.shown} 不允许读取（{said}）；请市里开放目录与文件的读权限")
        if isinstance(error, ssh.KeyImportError):
            return Refused(f"{self.shown} 的 host_key 或私钥无法读取；请核对城市文件与密钥")
        if isinstance(error, TimeoutError):
            return Unreachable(f"{self.shown} 在 {self._timeout} 秒内没有完成；请检查网络与服务")
        return Unreachable(f"{self.shown} 无法连接或中断（{said}）；请检查网络与服务")

    def _seen(self) -> str:
        """Return the fingerprint the host shows now, for people to compare; "" if it shows none."""
        ssh = _library()
        asked = ssh.get_server_host_key(self._host, self._port, config=[])
        try:
            key = self._loop.run_until_complete(asyncio.wait_for(asked, self._timeout))
        except (ssh.Error, OSError, TimeoutError):
            return ""
        return f"（对方现为 {key.get_fingerprint()}）" if key is not None else ""

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.abort()
            self._loop.run_until_complete(
                asyncio.wait({asyncio.ensure_future(self._gone(), loop=self._loop)}, timeout=1)
            )
        self._loop.close()

    async def _gone(self) -> None:
        await self._connection.wait_closed()


def _entry(path: PurePosixPath, attrs: Any) -> Entry | None:  # noqa: ANN401 — the library is optional
    if "/" in path.name or path.name in {"", ".", ".."} or not stat.S_ISREG(attrs.permissions or 0):
        return None
    return Entry(str(path), attrs.size or 0, datetime.fromtimestamp(attrs.mtime or 0, UTC))


def _library() -> Any:  # noqa: ANN401 — the library is optional
    try:
        import asyncssh  # noqa: PLC0415 — an extra: only cities behind SFTP need it
    except ImportError:
        raise Unreachable(
            '缺少驱动 asyncssh，无法读取 SFTP；请安装 pip install "citysync[sftp]"', fault=Fault.OURS
        ) from None
    return asyncssh
