"""``citysync report site``: the pages as files, for places without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from citysync.cli.places import Places, now
from citysync.cli.render import console

report = App(name="report", help="静态页面：没有服务器时用。", help_format="plaintext")

_LANGUAGES = {"zh": ("zh",), "en": ("en",), "both": ("zh", "en")}


@report.command
def site(
    *,
    out: Annotated[Path, Parameter(help="写到哪个文件夹；整个换新，失败时原样不动")],
    public_only: Annotated[bool, Parameter(help="只要公众页面")] = False,
    language: Annotated[
        Literal["zh", "en", "both"], Parameter(help="页面的语言；both：中文在上，英文在 en/，每页互相链接")
    ] = "zh",
    places: Places | None = None,
) -> int:
    """把网页写成静态文件：相对链接，可放在任何网站的子目录或 U 盘上，不需要服务器。"""
    from citysync.web.site import build_site

    written = build_site(
        (places or Places()).settings(), out, now, public_only=public_only, languages=_LANGUAGES[language]
    )
    console().print(f"{written.pages} 页写入 {written.folder}")
    return 0
