"""How the difference of two versions of the master catalogue is shown to people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from citysync.cli.render import console, print_rows

if TYPE_CHECKING:
    from citysync.reconciliation.master_diff import MasterDiff, Touched

CITY_HEADINGS = ("城市", "原应领", "新应领", "增加", "减少", "调整")


def print_diff(found: MasterDiff, cities: Sequence[Touched], limit: int) -> None:
    """Print one line per kind, then the lists, then what it means for each city."""
    from citysync.domain.identity import CHANGE_LABELS, Change
    from schemas.headings import master_label

    out, items = console(), found.adjusted.get_column("catalog_code").n_unique()
    out.print(
        f"新增 {found.added.height} 项，调整 {items} 项（{found.adjusted.height} 处），"
        f"废置 {found.abolished.height} 项；其中疑似换码、更名、拆分、合并 {found.identity.height} 组"
    )
    for title, frame in (("新增", found.added), ("废置", found.abolished)):
        print_rows(out, (title, "名称"), frame.head(limit).rows())
    adjusted = found.adjusted.head(limit).rows()
    print_rows(
        out, ("调整", "字段", "原为", "改为"), [(code, master_label(name), *both) for code, name, *both in adjusted]
    )
    proposed = [
        (CHANGE_LABELS[Change(row["change"])], "、".join(row["before"]), "、".join(row["after"]), row["evidence"])
        for row in found.identity.head(limit).iter_rows(named=True)
    ]
    print_rows(out, ("变化", "原编码", "新编码", "依据"), proposed)
    rows = [
        (f"{city.code} {city.name}", city.due_before, city.due_after, city.appear, city.disappear, city.adjusted)
        for city in cities
        if city.appear or city.disappear or city.adjusted
    ]
    out.print(f"涉及 {len(rows)}/{len(cities)} 个城市")
    print_rows(out, CITY_HEADINGS, rows)
