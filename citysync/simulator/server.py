"""A real HTTP server on loopback that answers for every city of a province which has an interface.

It is a context manager; ``simulate.apart`` runs the same in a process of its own. A city misbehaves by its ``faults``,
or by ``behaviours``: a function per city that may replace the answer to its n-th request, by another answer or by a
script that is played on the socket.
"""

from __future__ import annotations

import socket
import socketserver
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self

from citysync.simulator.faults.fault import Call
from citysync.simulator.plan import Plan
from citysync.simulator.protocols import PROTOCOLS, Answer, Endpoint, Request, read_request
from citysync.simulator.province import Province, SimulatedCity
from citysync.simulator.secrets import secret_of
from citysync.simulator.wire import Script, play

Sent = Answer | Script
# (request, its number from 1 for this city, the honest answer) → what is sent
Behaviour = Callable[[Request, int, Answer], Sent]
HOST = "127.0.0.1"
_WORTH_COMPRESSING = 1024
_IDLE_SECONDS = 60


class Server:
    """The interfaces of a province, one path prefix per city; ``base_url`` without a slash at its end."""

    def __init__(self, province: Province, port: int = 0, behaviours: Mapping[str, Behaviour] | None = None) -> None:
        self._seed = province.seed
        self._endpoints: dict[str, Endpoint] = {}
        self._cities: dict[str, SimulatedCity] = {}
        self._behaviours = behaviours or {}
        self._lock = threading.Lock()
        self.stopped = threading.Event()
        self.requests: Counter[str] = Counter()
        for city in province.cities.values():
            self.put(city)
        self._listener = _Listener((HOST, port), self)
        self.port = self._listener.server_address[1]
        self.base_url = f"http://{HOST}:{self.port}"
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped.set()
        self._listener.shutdown()
        self._listener.hang_up()
        self._listener.server_close()
        self._thread.join()

    def put(self, city: SimulatedCity) -> None:
        """Answer for a city from now on, as it is and with its faults, counting its requests from 1."""
        if has_interface(city.plan):
            self._endpoints[city.code] = Endpoint(city, secret_of(self._seed, city.code))
            self._cities[city.code] = city
            self.requests[city.code] = 0

    def answer(self, request: Request) -> Sent:
        """Return the answer to a request, misbehaving where a fault or a behaviour says so."""
        code = request.path.split("/")[1]
        endpoint = self._endpoints.get(code)
        if endpoint is None or request.path != endpoint.path:
            return Answer(b'{"code":404,"msg":"not found"}', status=404)
        with self._lock:
            self.requests[code] += 1
            number = self.requests[code]
        call = Call(request, number, endpoint.answer(request), endpoint)
        behaviour = self._behaviours.get(code)
        if behaviour is not None:
            return behaviour(request, number, call.honest)
        return misbehaved(self._cities[code], call)


def misbehaved(city: SimulatedCity, call: Call) -> Sent:
    """Return what a city's faults make of an honest answer, one after the other, until one leaves HTTP.

    What is done to the bytes of a page is done last, so that no other fault makes the page anew without it.
    """
    sent: Sent = call.honest
    hitting = [each.fault for each in city.faults if each.hits(call.number)]
    for fault in hitting:
        if fault.answer is not None and not isinstance(sent, Script):
            sent = fault.answer(replace(call, honest=sent))
    for fault in hitting:
        if fault.body is not None and not isinstance(sent, Script):
            sent = replace(sent, body=fault.body(sent.body))
    return sent


def serve(province: Province, port: int = 0, behaviours: Mapping[str, Behaviour] | None = None) -> Server:
    """Return a server for the province, listening already; it answers once it is entered."""
    return Server(province, port, behaviours)


def has_interface(plan: Plan) -> bool:
    """Return whether a city answers over HTTP."""
    return plan.dialect in PROTOCOLS


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], owner: Server) -> None:
        self.owner = owner
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's own signature
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - socketserver's own signature
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close what clients kept alive, so that no thread waits for a request that will not come."""
        for connection in tuple(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client was quicker

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's own signature
        """Say nothing when a client hangs up in mid-answer; that is what clients do."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "zwfw"
    sys_version = ""
    wbufsize = -1  # head and body leave in one piece
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS
    server: _Listener

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self._reply()

    def _reply(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            request = read_request(self.command, self.path, dict(self.headers.items()), body)
        except ValueError:
            self._send(Answer(b'{"code":400,"msg":"bad request"}', status=400))
            return
        sent = self.server.owner.answer(request)
        if isinstance(sent, Script):
            self.close_connection = True
            play(self.connection, sent, self.server.owner.stopped)
        else:
            self._send(sent)

    def _send(self, answer: Answer) -> None:
        body = answer.body
        packed = len(body) >= _WORTH_COMPRESSING and "gzip" in self.headers.get("Accept-Encoding", "")
        if packed:
            body = answer.packed
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (*answer.headers, *((("Content-Encoding", "gzip"),) if packed else ())):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own signature
        """Keep quiet: whoever asks has a log of its own."""
