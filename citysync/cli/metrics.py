"""``citysync metrics``: the province's standing for Prometheus, on stdout or as a textfile for node_exporter."""

from __future__ import annotations

import sys
from pathlib import Path

from citysync.cli.places import Places, now


def metrics(*, textfile: Path | None = None, places: Places | None = None) -> int:
    """以 Prometheus 文本格式输出各市状态、计数、最近一次运行与积压的告警。

    Parameters
    ----------
    textfile
        写入这个文件（供 node_exporter 的 textfile 收集器），而不是标准输出
    """
    from flows.metrics import metrics_of, write_metrics

    settings = (places or Places()).settings()
    if textfile is None:
        sys.stdout.write(metrics_of(settings, now()).decode())
    else:
        write_metrics(settings, textfile, now())
    return 0
