"""``citysync purge``: evidence older than it has to be kept, shown by default, removed with ``--apply``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from citysync.cli.places import Places, now
from citysync.cli.render import SHANGHAI, console, print_json, print_rows

if TYPE_CHECKING:
    from flows.purge import Purge

HEADINGS = ("种类", "文件", "字节", "最早")


def purge(*, apply: bool = False, orphans: bool = False, json: bool = False, places: Places | None = None) -> int:
    """清除超过保留天数（CITYSYNC_RETENTION_DAYS）的原始页与快照；默认只试算，--apply 才删除。

    各市沿用中的快照及其原始页、护栏要用的快照、有待批准的快照，无论多久都不删除。

    Parameters
    ----------
    apply
        真正删除，记入审计
    orphans
        台账未提到的文件占了大半时也删除：先确认数据目录与台账是一对
    json
        输出一份 JSON
    """
    from flows.purge import purge as clear_away

    found = clear_away((places or Places()).settings(), now(), apply=apply, every_orphan=orphans)
    document = _document(found)
    if json:
        print_json(document)
        return 0
    _print(document)
    return 0


def _document(found: Purge) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "applied": found.applied,
        "retention_days": found.days,
        "before": found.before.isoformat(),
        "nights": len({(part.seq, part.city_code) for part in found.parts}),
        "kinds": {
            kind.value: {
                "files": len(files),
                "bytes": sum(file.size for file in files.values()),
                "oldest": _moment(min((file.written for file in files.values()), default=None)),
            }
            for kind, files in found.files.going.items()
        },
        "kept": {"files": found.files.kept_files, "bytes": found.files.kept_bytes},
        "orphans_spared": found.files.spared,
    }


def _moment(written: float | None) -> str | None:
    return None if written is None else datetime.fromtimestamp(written, UTC).isoformat(timespec="seconds")


def _print(document: dict[str, Any]) -> None:
    from citysync.domain.retention import KIND_LABELS, Kind

    out, before = console(), datetime.fromisoformat(document["before"]).astimezone(SHANGHAI)
    out.print(f"保留 {document['retention_days']} 天：{before:%Y-%m-%d %H:%M} 以前的 {document['nights']} 个市次")
    rows = [
        (KIND_LABELS[Kind(kind)], f"{each['files']:,}", f"{each['bytes']:,}", (each["oldest"] or "—")[:10])
        for kind, each in document["kinds"].items()
    ]
    print_rows(out, HEADINGS, rows)
    out.print(f"留下 {document['kept']['files']:,} 个文件，{document['kept']['bytes']:,} 字节")
    if document["orphans_spared"]:
        out.print(
            f"另有 {document['orphans_spared']:,} 个文件台账未提到，占了大半，没有列入："
            "数据目录与台账可能不是一对；确认无误后加 --orphans"
        )
    out.print("已清除，记入审计" if document["applied"] else "以上是试算，没有删除任何内容；加 --apply 执行")
