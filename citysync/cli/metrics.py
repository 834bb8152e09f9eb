"""``citysync metrics``: the province's standing for Prometheus: on stdout, as a textfile, or from an endpoint."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from citysync.cli.places import Places, now
from citysync.cli.render import console
from citysync.domain.errors import ConfigError

if TYPE_CHECKING:
    from citysync.config.settings import Settings


LOOPBACK = "127.0.0.1"
_LAST_PORT = 65_535


def metrics(*, textfile: Path | None = None, serve: str | None = None, places: Places | None = None) -> int:
    """以 Prometheus 文本格式输出各市状态、计数、最近一次运行与积压的告警。

    Parameters
    ----------
    textfile
        写入这个文件（供 node_exporter 的 textfile 收集器），而不是标准输出
    serve
        在这个地址（HOST:PORT；只写 PORT 则只在本机）持续提供 /metrics，直到中断
    """
    from flows.metrics import metrics_of, write_metrics

    settings = (places or Places()).settings()
    if serve is not None:
        return _serve(settings, *_address(serve))
    if textfile is None:
        sys.stdout.write(metrics_of(settings, now()).decode())
    else:
        write_metrics(settings, textfile, now())
    return 0


def _address(written: str) -> tuple[str, int]:
    host, _, port = written.rpartition(":")
    if not port.isdecimal() or int(port) > _LAST_PORT:
        raise ConfigError(f"--serve {written}：请写 HOST:PORT 或 PORT，例如 {LOOPBACK}:9464")
    return host.strip("[]") or LOOPBACK, int(port)


def _serve(settings: Settings, host: str, port: int) -> int:
    from flows.metrics import metrics_server

    with metrics_server(settings, host, port, now) as server:
        console(stderr=True).print(f"http://{host}:{server.server_address[1]}/metrics，Ctrl-C 结束")
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0
