"""``citysync audit verify|list``: the chain of what people decided."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps

from cyclopts import App

from citysync.cli.exits import IN_SYNC, OURS
from citysync.cli.places import Places
from citysync.cli.render import console, print_json, print_rows
from citysync.domain.showing import local

audit = App(name="audit", help="审计：谁在何时决定了什么。", help_format="plaintext")

HEADINGS = {
    "seq": "序号",
    "at": "时间",
    "who": "谁",
    "what": "做了什么",
    "object": "对象",
    "before": "之前",
    "after": "之后",
}


@audit.command
def verify(*, json: bool = False, places: Places | None = None) -> int:
    """核对审计链：指出被改动或删除的条目；有则退出码 3。

    Parameters
    ----------
    json
        输出一份 JSON
    """
    from citysync.storage import audit as chain
    from citysync.storage.schema import open_store

    with open_store((places or Places()).settings().database, write=False) as store:
        found = chain.verify(store)
    broken = [{"seq": each.seq, "text": each.text} for each in found.broken]
    if json:
        print_json({"schema_version": 1, "entries": found.entries, "broken": broken})
    else:
        for each in found.broken:
            console().print(f"✗ {each.text}")
        ending = f"有 {len(broken)} 处不符，请保全数据库并查明" if broken else "无改动"
        console().print(f"审计 {found.entries} 条，{ending}")
    return OURS if broken else IN_SYNC


@audit.command(name="list")
def list_(*, json: bool = False, limit: int = 100, places: Places | None = None) -> int:
    """列出审计条目，最近的在前。

    Parameters
    ----------
    json
        输出一份 JSON
    limit
        最多多少条
    """
    from citysync.storage import audit as chain
    from citysync.storage.schema import open_store

    with open_store((places or Places()).settings().database, write=False) as store:
        rows = chain.entries(store, limit)
    if json:
        print_json({"schema_version": 1, "entries": rows})
    else:
        print_rows(console(), list(HEADINGS.values()), [[_cell(row[name]) for name in HEADINGS] for row in rows])
    return 0


def _cell(value: object) -> object:
    """Return one cell as people read it: a moment in the province's time, what was decided as JSON."""
    if isinstance(value, Mapping):
        return dumps(value, ensure_ascii=False)
    return value if value is None or isinstance(value, int) else local(value)
