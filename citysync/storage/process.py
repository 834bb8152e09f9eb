"""Which process works on a run, so that another on the same machine can tell at once that it is dead.

A pid alone proves nothing: it is given out again, and means something else in another container. So it is kept with
the kernel's boot, the pid namespace and the process's own start; only where all of them are ours is the answer known.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
_STATE, _STARTED = 0, 19  # fields 3 and 22 of /proc/PID/stat, counted after the command's closing bracket


@dataclass(frozen=True, slots=True)
class Process:
    """A process as others may look it up; ``mark`` is None where the system does not tell."""

    host: str
    pid: int
    mark: str | None


def here() -> Process:
    """Return this process."""
    pid = os.getpid()
    started = _started(pid)
    machine = machine_mark()
    return Process(socket.gethostname(), pid, f"{machine}:{started}" if machine and started else None)


def is_gone(pid: int | None, mark: str | None) -> bool | None:
    """Return whether a process has ended; None if it cannot be known from here."""
    machine, _, started = (mark or "").rpartition(":")
    if pid is None or not machine or machine != machine_mark():
        return None
    return _started(pid) != started


def is_running(pid: int) -> bool:
    """Return whether this machine has a process of this number."""
    return _started(pid) is not None


@cache
def machine_mark() -> str | None:
    """Return what tells this kernel's boot and pid namespace from any other, None where the system does not say."""
    try:
        return f"{_BOOT.read_text().strip()}:{_NAMESPACE.readlink()}".replace("pid:", "")
    except OSError:
        return None


def _started(pid: int) -> str | None:
    """Return when a process started, in the kernel's ticks; None for one that is gone or only waits to be buried."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[_STATE] in {"Z", "X"} else fields[_STARTED]
