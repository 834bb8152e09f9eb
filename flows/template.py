"""The process the children are forked from: it has the line imported, and has begun nothing.

Imports are most of what a small night costs; here they are paid once, for every child and every replacement. It runs
no query, so that no pool of threads exists that a child would inherit dead; ``tests/flows/test_template.py`` looks.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
import time
from pathlib import Path

from citysync.config import logs
from citysync.config.settings import load_settings
from flows import allocator, child
from flows.nursery import FORK, REFUSED, STATUS, WORDS_BYTES

_THREADS = Path("/proc/self/task")
_ASLEEP = "S"
_PATIENCE_SECONDS = 1.0


def serve(control: socket.socket) -> None:
    """Fork a child for every socket that is sent, and say how it ended when asked, until the parent hangs up."""
    while True:
        words, descriptors, _, _ = socket.recv_fds(control, WORDS_BYTES, 1)
        if not words:
            return
        if words == FORK:
            answer = _forked(control, descriptors[0])
        else:
            answer = os.waitstatus_to_exitcode(os.waitpid(int(words.removeprefix(STATUS)), 0)[1])
        control.send(b"%d" % answer)


def _forked(control: socket.socket, descriptor: int) -> int:
    """Return the process id of a new child that answers over a descriptor; ``REFUSED`` where the system gives none."""
    _until_asleep()
    try:
        pid = os.fork()
    except OSError:
        pid = REFUSED
    if pid == 0:
        control.close()
        _live(descriptor)
    os.close(descriptor)
    if pid != REFUSED:
        with contextlib.suppress(OSError):  # it did so itself, and is gone
            os.setpgid(pid, pid)
    return pid


def _live(descriptor: int) -> None:
    """Be a child until the parent hangs up or ends it; nothing of the template is unwound twice."""
    code = 1
    try:
        os.setpgid(0, 0)  # Ctrl-C reaches the parent alone, which then decides
        os.set_inheritable(descriptor, False)
        child.live(descriptor)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException as error:  # noqa: BLE001 - what else would be told of it
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        sys.stderr.flush()
        os._exit(code)


def _until_asleep() -> None:
    """Wait until the frame library's own threads (allocator, cleaner) sleep: one that works may hold a lock."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while _at_work() and time.monotonic() < deadline:
        time.sleep(0.001)


def _at_work() -> bool:
    """Return whether any thread but this one is running or in the middle of a read, or may be: nobody can tell."""
    if not _THREADS.is_dir():
        return True
    for task in _THREADS.iterdir():
        with contextlib.suppress(OSError):  # it is over
            state = (task / "stat").read_text().rpartition(")")[2].split()[0]
            if int(task.name) != os.getpid() and state != _ASLEEP:
                return True
    return False


def main(descriptor: int) -> None:
    """Import what every child needs, then serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.set_up(load_settings())
    child.import_late()
    allocator.keep_freed_memory()
    gc.collect()
    gc.freeze()  # a child's first collection would copy all of these pages
    with socket.socket(fileno=descriptor) as control:
        serve(control)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
