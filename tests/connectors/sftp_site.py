"""A real SFTP server in this process, which can hang up in the middle of a file or forbid one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

USER, PASSWORD = "reader", "canary-5f3a/91+x=="


@dataclass
class SftpSite:
    """What the server does. ``hang_up``: how many reads end in a cut line; ``asked``: passwords offered."""

    folder: Path
    hang_up: int = 0
    forbid: str = ""
    asked: list[str] = field(default_factory=list)
    key: Any = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    port: int = 0

    @property
    def host_key(self) -> str:
        return str(self.key.export_public_key().decode()).strip()

    def source(self, path: str, **changes: Any) -> dict[str, Any]:
        auth = {"kind": "basic", "user": USER, "secret": "CITYSYNC_SECRET_440300"}
        url = f"sftp://127.0.0.1:{self.port}{self.folder}/{path}"
        return {"connector": "file_drop", "path": url, "host_key": self.host_key, "auth": auth, **changes}


@contextmanager
def served(site: SftpSite) -> Iterator[SftpSite]:
    """Serve a folder on a free port of this machine until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(_listening(site), loop).result(30)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        asyncio.run_coroutine_threadsafe(_closed(server), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


async def _listening(site: SftpSite) -> Any:
    class Accounts(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            site.asked.append(password)
            return (username, password) == (USER, PASSWORD)

    class Files(asyncssh.SFTPServer):
        def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
            if site.forbid and path.decode().endswith(site.forbid):
                raise asyncssh.SFTPPermissionDenied("no access")
            return super().open(path, pflags, attrs)

        def read(self, file_obj: Any, offset: int, size: int) -> Any:
            if site.hang_up:
                site.hang_up -= 1
                self.channel.get_connection().abort()
            return super().read(file_obj, offset, size)

    return await asyncssh.listen(
        "127.0.0.1", 0, server_factory=Accounts, sftp_factory=Files, server_host_keys=[site.key]
    )


async def _closed(server: Any) -> None:
    server.close()
    await server.wait_closed()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
