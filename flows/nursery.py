"""Our end of ``flows.template``, from which children are forked: it imports the line once for all of them."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading

FORK, STATUS = b"fork", b"status"  # what is asked: with a child's end of its socket; with a process id
REFUSED = -1  # the answer where the system gives no process
WORDS_BYTES = 64
STARTING_SECONDS = 300.0  # for the imports, on a machine that has much else to do


class Nursery:
    """A process that forks children. It is started at once, so that its imports overlap ours."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(STARTING_SECONDS)
        self._exchange = threading.Lock()
        self._ready = False
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "flows.template", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C reaches the parent alone, which then decides
            )

    @property
    def alive(self) -> bool:
        """Return whether the process can still be asked."""
        return self._process.poll() is None

    def fork(self, theirs: socket.socket) -> int:
        """Return the id of a new child that answers over ``theirs``, leader of a process group of its own.

        Nobody waits for its end before ``status`` is asked: until then the id is its own. Raises OSError.
        """
        pid = self._asked(FORK, theirs)
        if pid == REFUSED:
            raise OSError
        return pid

    def status(self, pid: int) -> int | None:
        """Return the exit status of a child that ends, minus the signal where one ended it; None if nobody knows."""
        try:
            return self._asked(STATUS + b" %d" % pid)
        except OSError:
            return None

    def close(self, patience: float) -> None:
        """End the process: by hanging up, or by force while it still imports or when it does not listen."""
        if not self._ready:
            self._process.kill()
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)  # ends an exchange under way
        with self._exchange:
            self._control.close()
        # Not wait(patience): it looks now and then by the host's clock, which may be set meanwhile.
        impatient = threading.Timer(patience, self._process.kill)
        impatient.daemon = True
        impatient.start()
        self._process.wait()
        impatient.cancel()

    def _asked(self, words: bytes, *sockets: socket.socket) -> int:
        """Return the answer; a process that gave none is ended, since a later answer would be taken for another's."""
        with self._exchange:
            try:
                socket.send_fds(self._control, [words], [each.fileno() for each in sockets])
                answer = int(self._control.recv(WORDS_BYTES))
            except (OSError, ValueError) as error:
                self._process.kill()
                raise OSError from error
            self._ready = True
            return answer
