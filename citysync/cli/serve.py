"""``citysync serve``: the pages, for the operator of this machine."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from citysync.cli.places import Places, now
from citysync.cli.render import console


def serve(
    *,
    host: Annotated[str, Parameter(help="绑定的地址，默认只有本机")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="端口")] = 8321,
    places: Places | None = None,
) -> int:
    """网页：省级总览、各市、运行。默认只在本机可见；Ctrl-C 结束。"""
    from citysync.web.serving import serve as serve_pages

    settings = (places or Places()).settings()
    shown = f"[{host}]" if ":" in host else host
    said = f"网页在 http://{shown}:{port}/ ，Ctrl-C 结束"
    serve_pages(settings, host, port, now, lambda: console(stderr=True).print(said))
    return 0
