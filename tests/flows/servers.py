"""A Prefect server and worker of their own: fresh home, free port, gone afterwards."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).parents[2]
PREFECT = Path(sys.executable).with_name("prefect")


@dataclass(frozen=True)
class Prefect:
    """A running server: its API and the environment its clients need."""

    api: str
    env: dict[str, str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a ``prefect`` command in the project's folder, as an operator does."""
        return subprocess.run(  # noqa: S603 - the locked program
            [str(PREFECT), "--no-prompt", *words],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )

    def post(self, path: str, **body: Any) -> Any:
        """Return the API's answer."""
        answer = requests.post(f"{self.api}/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    @contextmanager
    def worker(self, pool: str, **env: str) -> Iterator[None]:
        """Run a worker on a process work pool."""
        command = [str(PREFECT), "worker", "start", "--pool", pool, "--type", "process"]
        with _process(command, {**self.env, **env}):
            yield


@contextmanager
def prefect_server(home: Path) -> Iterator[Prefect]:
    """Start a server with the locked versions and yield it once it is healthy."""
    port = _free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CITYSYNC_", "PREFECT_"))}
    env = {
        **inherited,
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    prefect = Prefect(env["PREFECT_API_URL"], env)
    with _process([str(PREFECT), "server", "start"], env):
        until(lambda: _healthy(prefect.api), 120)
        yield prefect


def until(true: Callable[[], bool], seconds: int) -> None:
    """Wait until something outside this process has happened; fail after so many seconds."""
    pause = threading.Event()
    for _ in range(seconds * 4):
        if true():
            return
        pause.wait(0.25)
    raise AssertionError(f"did not happen within {seconds} s")


def _healthy(api: str) -> bool:
    try:
        return bool(requests.get(f"{api}/health", timeout=5).ok)
    except requests.RequestException:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _process(command: list[str], env: dict[str, str]) -> Iterator[None]:
    log = Path(env["PREFECT_HOME"]) / f"{command[1]}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("wb") as out,
        subprocess.Popen(  # noqa: S603 - the locked program
            command, env=env, cwd=ROOT, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
        ) as process,
    ):
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
