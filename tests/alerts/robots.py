"""Fake robots on loopback that verify what real ones verify, and answer 200 with a code of refusal when told to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, dict[str, Any]]
SIGN = "SEC-sign-me"


@dataclass
class Robot:
    """A robot's address and what it was sent; ``answers`` are taken first to last, then it says yes."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


Verify = Callable[[str, dict[str, str], bytes], Answer]


@contextmanager
def a_robot(verify: Verify, *answers: Answer) -> Iterator[Robot]:
    """Yield a robot that takes what ``verify`` lets through (code 0) unless told to refuse."""
    robot = Robot(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            robot.asked.append((self.path, headers))
            status, said = robot.answers.pop(0) if robot.answers else verify(self.path, headers, body)
            if status == 200 and 0 in said.values():
                robot.taken.append(json.loads(body))
            answer = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own signature
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    robot.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield robot
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def wecom(path: str, _headers: dict[str, str], body: bytes) -> Answer:
    """企业微信: the key, a text of at most 2,048 bytes."""
    if parse_qs(urlsplit(path).query).get("key") != ["key-1"]:
        return 200, {"errcode": 93000, "errmsg": "invalid webhook url"}
    if len(json.loads(body)["text"]["content"].encode()) > 2048:
        return 200, {"errcode": 40058, "errmsg": "content exceed max length"}
    return 200, {"errcode": 0, "errmsg": "ok"}


def dingtalk(path: str, _headers: dict[str, str], _body: bytes) -> Answer:
    """钉钉: the token, and the signature over milliseconds and secret, encoded once."""
    query = parse_qs(urlsplit(path).query)
    stamp = query.get("timestamp", [""])[0]
    due = hmac.new(SIGN.encode(), f"{stamp}\n{SIGN}".encode(), hashlib.sha256).digest()
    if query.get("access_token") != ["token-1"]:
        return 200, {"errcode": 300001, "errmsg": "token is not exist"}
    if query.get("sign") != [base64.b64encode(due).decode()]:
        return 200, {"errcode": 310000, "errmsg": "sign not match"}
    return 200, {"errcode": 0, "errmsg": "ok"}


def feishu(path: str, _headers: dict[str, str], body: bytes) -> Answer:
    """飞书: the token in the path, the signature in the body, keyed with seconds and secret over nothing."""
    told = json.loads(body)
    due = hmac.new(f"{told.get('timestamp')}\n{SIGN}".encode(), b"", hashlib.sha256).digest()
    if not path.endswith("/token-2"):
        return 200, {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}
    if told.get("sign") != base64.b64encode(due).decode():
        return 200, {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}
    return 200, {"code": 0, "msg": "success"}


def webhook(_path: str, headers: dict[str, str], body: bytes) -> Answer:
    """Check what a ticket system checks: the signature over time and body, and a key for repeats."""
    due = hmac.new(SIGN.encode(), f"{headers.get('x-citysync-timestamp')}.".encode() + body, hashlib.sha256).hexdigest()
    fits = headers.get("x-citysync-signature") == f"sha256={due}" and headers.get("idempotency-key")
    return (200, {"code": 0}) if fits else (401, {"error": "signature"})
