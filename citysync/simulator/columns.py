"""The canonical columns a simulated city keeps, in the order its rows hold them."""

from __future__ import annotations

Row = tuple[str | None, ...]

COLUMNS: tuple[str, ...] = (
    "task_code",
    "task_handle_item",
    "catalog_code",
    "catalog_name",
    "task_name",
    "task_type",
    "by_law",
    "use_level",
    "task_state",
    "task_version",
    "dept_name",
    "dept_code",
    "areacode",
    "link_way",
    "supervise_way",
    "anticipate_day",
    "anticipate_type",
    "promise_day",
    "promise_type",
    "is_fee",
    "fee_basis",
    "server_type",
    "project_type",
    "handle_type",
    "limit_scene_num",
    "limit_scene_explain",
    "is_online",
    "online_handle_depth",
    "is_pay_online",
)
PLACE: dict[str, int] = {name: place for place, name in enumerate(COLUMNS)}
MANNER_FROM = PLACE["anticipate_day"]  # from here on a row repeats one of a few manners of handling


def as_dict(row: Row) -> dict[str, str | None]:
    """Return a row by column name."""
    return dict(zip(COLUMNS, row, strict=True))


def changed(row: Row, changes: dict[str, str | None]) -> Row:
    """Return the row with some columns replaced; an unknown column is a mistake."""
    cells = list(row)
    for name, value in changes.items():
        cells[PLACE[name]] = value
    return tuple(cells)
