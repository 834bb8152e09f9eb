"""A Prefect server and worker of their own: fresh home, free port, gone afterwards."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
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

    def runs(self, deployment: str, **run: Any) -> list[dict[str, Any]]:
        """Return the flow runs of a deployment, those due first first."""
        asked = {"deployments": {"name": {"any_": [deployment]}}, "sort": "EXPECTED_START_TIME_ASC", "limit": 200}
        return list(self.post("flow_runs/filter", flow_runs=run, **asked))

    def miss(self, flow_run: str, at: datetime, **parameters: Any) -> None:
        """Let a run the schedule made be one that was due at a moment of the past, when no worker was there."""
        answer = requests.patch(f"{self.api}/flow_runs/{flow_run}", json={"parameters": parameters}, timeout=30)
        answer.raise_for_status()
        with closing(sqlite3.connect(Path(self.env["PREFECT_HOME"]) / "prefect.db", timeout=30)) as database, database:
            moment = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
            due = "update flow_run set expected_start_time = ? where id = ?"
            assert database.execute(due, (moment, flow_run)).rowcount == 1
        details = {"scheduled_time": at.isoformat()}
        state = {"type": "SCHEDULED", "name": "Scheduled", "state_details": details}
        self.post(f"flow_runs/{flow_run}/set_state", state=state, force=True)

    @contextmanager
    def worker(self, pool: str, name: str = "worker", **env: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker on a process work pool, in a session of its own."""
        command = [str(PREFECT), "worker", "start", "--pool", pool, "--type", "process", "--name", name]
        with _process(command, {**self.env, **env}, name) as process:
            yield process

    @contextmanager
    def machine(self, name: str, pool: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker as on a machine of its own: host name and process numbers are its own; killing it kills all.

        What such a worker writes down about its processes means nothing to others, as across real machines.
        """
        alone = ["unshare", "--pid", "--uts", "--fork", "--mount-proc", "--kill-child=KILL"]
        start = f"hostname {name} && exec {PREFECT} worker start --pool {pool} --type process --name {name} --limit 2"
        with _process([*alone, "sh", "-c", start], {**self.env, **env}, name) as process:
            yield process


@contextmanager
def prefect_server(home: Path, **more: str) -> Iterator[Prefect]:
    """Start a server with the locked versions and yield it once it is healthy; ``more`` is its environment too."""
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
        **more,
    }
    prefect = Prefect(env["PREFECT_API_URL"], env)
    with _process([str(PREFECT), "server", "start"], env):
        until(lambda: _healthy(prefect.api), 120)
        yield prefect


def kill_session(session: int) -> None:
    """Kill every process of a session at once: a flow run on a worker is one."""
    for pid in (int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()):
        with suppress(ProcessLookupError):
            if os.getsid(pid) == session:
                os.kill(pid, signal.SIGKILL)


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
def _process(command: list[str], env: dict[str, str], name: str = "") -> Iterator[subprocess.Popen[bytes]]:
    log = Path(env["PREFECT_HOME"]) / f"{name or command[1]}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("wb") as out,
        subprocess.Popen(  # noqa: S603 - the locked program
            command, env=env, cwd=ROOT, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
        ) as process,
    ):
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
