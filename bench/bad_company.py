"""Twenty-one cities of which one drips, one bombs, one loops and one crashes its process: what that costs the others.

The other seventeen results must equal a healthy night's, the night must end within the healthy time and one city's
budget, and the parent must stay under 500 MB.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.clock import PROGRAM
from citysync.simulator.faults import misbehaving, with_faults
from citysync.simulator.faults.fault import Fault, always
from citysync.simulator.province import BUSINESS_DATE, Province, build_province, paged
from citysync.simulator.server import serve
from citysync.simulator.simulate import write_province
from citysync.storage import reading
from citysync.storage.schema import open_store

DRIPS, BOMBS, LOOPS, CRASHES = "440100", "440300", "440400", "441200"
BAD = {DRIPS: "T06", BOMBS: "T13", LOOPS: "P05"}
BUDGET_SECONDS, MOST_MB = 30, 500
_SOCKET = re.compile(r"socket:\[([0-9]+)\]")


@dataclass(frozen=True)
class Night:
    """What one night said of every city, how long it took, and the parent's peak memory in MB."""

    cities: dict[str, Any]
    seconds: float
    peak_mb: float


def measure(items: int = 200) -> str:
    """Return one row of the table."""
    built = paged(build_province(1, items, differences="demo"), 50)
    with _killer() as place:
        healthy, bad = _night(_budgeted(built)), _night(_in_bad_company(built, place))
    others = [code for code in built.cities if code not in {*BAD, CRASHES}]
    differ = [code for code in others if healthy.cities[code] != bad.cities[code]]
    more = bad.seconds - healthy.seconds
    states = ", ".join(f"{code} {bad.cities[code]['state']}" for code in (*BAD, CRASHES))
    good = not differ and more <= BUDGET_SECONDS and bad.peak_mb < MOST_MB
    return (
        f"| 21 cities, four of them bad ({states}) | {healthy.seconds:.1f} s healthy | {bad.seconds:.1f} s "
        f"| {len(others) - len(differ)}/{len(others)} others equal, {more:.1f} s more of {BUDGET_SECONDS} allowed, "
        f"{'within' if good else 'OVER'} | {bad.peak_mb:.0f} MB of {MOST_MB} |"
    )


def _budgeted(province: Province) -> Province:
    fault = Fault("Z00", "预算", "a budget", source=lambda source: {**source, "budget_seconds": BUDGET_SECONDS})
    cities = {code: with_faults(city, province, always(code, fault)) for code, city in province.cities.items()}
    return replace(province, cities=cities)


def _in_bad_company(province: Province, killer: str) -> Province:
    bad = misbehaving(_budgeted(province), [f"{code}={fault}" for code, fault in BAD.items()])
    crash = Fault("Z01", "崩溃", "its child is killed", source=lambda source: {**source, "url": killer})
    city = with_faults(bad.cities[CRASHES], bad, always(CRASHES, crash))
    return replace(bad, cities={**bad.cities, CRASHES: city})


def _night(province: Province) -> Night:
    with tempfile.TemporaryDirectory() as name, serve(province) as server:
        folder = Path(name)
        layout = write_province(province, folder, server.base_url)
        layout.write_secrets(folder / "secrets")
        env = {
            **os.environ,
            "CITYSYNC_DATA_DIR": str(folder / "data"),
            "CITYSYNC_CITIES_DIR": str(folder / "cities"),
            "CITYSYNC_SECRETS_DIR": str(folder / "secrets"),
        }
        imported: list[str | Path] = [PROGRAM, "master", "import", layout.master, "--effective", "2026-11-01"]
        subprocess.run(imported, env=env, check=True, stdout=subprocess.DEVNULL)
        started = time.perf_counter()
        out, peak = _watched([str(PROGRAM), "sync", "--json", "--business-date", BUSINESS_DATE.isoformat()], env)
        seconds = time.perf_counter() - started
        return Night(_results(folder / "data", json.loads(out)), seconds, peak)


def _watched(command: list[str], env: dict[str, str]) -> tuple[str, float]:
    """Return what a command printed and the peak memory of that process alone, in MB."""
    peak, over = [0.0], threading.Event()
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        watch = threading.Thread(target=_watch, args=(process.pid, peak, over))
        watch.start()
        out, _ = process.communicate()
        over.set()
        watch.join()
    return out, peak[0]


def _watch(pid: int, peak: list[float], over: threading.Event) -> None:
    while not over.wait(0.1):
        try:
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        except OSError:
            return
        found = re.search(r"VmHWM:\s+([0-9]+) kB", status)
        peak[0] = max(peak[0], int(found[1]) / 1024 if found else 0.0)


def _results(data: Path, night: dict[str, Any]) -> dict[str, Any]:
    """Return what was published of every city but for run id and times."""
    with open_store(f"sqlite:///{data / 'citysync.sqlite3'}", write=False) as store:
        return {
            city["code"]: {
                **{key: value for key, value in city.items() if key != "since"},
                "findings": list(reading.findings(store, city["code"], run_id=night["run_id"]).rows),
                "rejections": list(reading.rejections(store, city["code"], run_id=night["run_id"]).rows),
            }
            for city in night["cities"]
        }


@contextmanager
def _killer() -> Iterator[str]:
    """Yield an address that kills whoever connects to it: a city whose answer crashes the process that reads it."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Killer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/items"
        server.shutdown()


class _Killer(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(1)
        owner = _owner_of(self.client_address[1])
        if owner is not None:
            os.kill(owner, signal.SIGKILL)


def _owner_of(port: int) -> int | None:
    """Return the process of this benchmark whose end of a connection has a port."""
    lines = (line.split() for line in Path("/proc/net/tcp").read_text(encoding="utf-8").splitlines()[1:])
    inodes = {line[9] for line in lines if int(line[1].split(":")[1], 16) == port}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            told = _SOCKET.match(str(link.readlink()))
        except OSError:
            continue
        if told is not None and told[1] in inodes and int(link.parts[2]) != os.getpid():
            return int(link.parts[2])
    return None


if __name__ == "__main__":
    print(measure())
