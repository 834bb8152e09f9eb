"""``citysync master import|diff|list``: versions of the master catalogue (基本目录)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App

from citysync.cli.places import Places, now
from citysync.cli.render import console, print_json, print_rows
from citysync.domain.showing import local

if TYPE_CHECKING:
    from citysync.storage.catalogue import Imported

VERSIONS = {
    "name": "版本",
    "effective_on": "生效",
    "imported_at": "导入于",
    "source": "来源",
    "items": "项数",
    "shrink_reason": "接受减少的原因",
}

master = App(name="master", help="省级基本目录的版本。", help_format="plaintext")


@master.command(name="import")
def import_(
    file: Path,
    /,
    *,
    effective: date | None = None,
    version: str | None = None,
    accept_shrink: bool = False,
    reason: str | None = None,
    json: bool = False,
    places: Places | None = None,
) -> int:
    """导入新版本：CSV（UTF-8 或 GB18030）、XLSX、JSON、JSON 行，或描述来源的 TOML。

    Parameters
    ----------
    file
        基本目录文件
    effective
        生效日期，默认上海时间今天
    version
        版本名，默认“日期-序号”
    accept_shrink
        接受比上一版少 20% 及以上，须给出 reason
    reason
        接受减少的原因，记入台账
    json
        输出一份 JSON
    """
    from flows.master_import import Import, import_master, rehearsed

    settings = (places or Places()).settings()
    done = import_master(Import(file, effective, version, accept_shrink, reason), settings, now())
    found = rehearsed(settings, done.version)
    if json:
        print_json({"schema_version": 1, **asdict(done), "rehearsed": found})
    else:
        _say_imported(done, found)
    return 0


def _say_imported(done: Imported, found: str | None) -> None:
    console().print(
        f"基本目录 {done.version}：{done.items} 项，自 {done.effective_on} 生效，较上一版变更 {done.changed} 个编码"
    )
    console().print(f"已预演：{found}" if found else "未经预演；下次可先运行 citysync rehearse --master FILE")


@master.command
def diff(before: str, after: str, /, *, limit: int = 100, json: bool = False, places: Places | None = None) -> int:
    """比较两个版本：新增、调整、拆分、合并、废置，以及涉及哪些城市。

    Parameters
    ----------
    before
        旧版本名
    after
        新版本名，或尚未导入的文件
    limit
        屏幕上每张表最多显示的行数
    json
        输出一份 JSON（不受 limit 限制）
    """
    from citysync.cli.master_diff import print_diff
    from flows.master_versions import diff_document, master_diff

    found, cities = master_diff((places or Places()).settings(), before, after, now())
    if json:
        print_json(diff_document(before, after, found, cities))
    else:
        print_diff(found, cities, limit)
    return 0


@master.command(name="list")
def list_(*, json: bool = False, places: Places | None = None) -> int:
    """列出已导入的版本。"""
    from citysync.storage import reading
    from citysync.storage.schema import open_store

    settings = (places or Places()).settings()
    with open_store(settings.database, write=False) as store:
        versions = reading.master_versions(store)
    if json:
        print_json({"schema_version": 1, "versions": versions})
    else:
        rows = [[local(row[name]) if name == "imported_at" else row[name] for name in VERSIONS] for row in versions]
        print_rows(console(), list(VERSIONS.values()), rows)
    return 0
