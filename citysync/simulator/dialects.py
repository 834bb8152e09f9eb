"""How a source writes what we call canonical rows: its own field names, values, nesting and nulls.

Each dialect imitates a real one: the Guangdong portal's form interface, an Inspur system with swapped values, the
Guangxi timestamp cursor with nested records, pinyin initials of the project-approval exchange, Chinese headings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from citysync.domain import items
from citysync.domain.vocabulary import VALUES
from citysync.simulator.columns import COLUMNS, PLACE, Row

Cells = list[str | None]
_HANDLE, _CODE = PLACE["task_handle_item"], PLACE["task_code"]
_UNITS = {"1": "工作日", "2": "自然日"}
_DAYS = (("anticipate_day", "anticipate_type"), ("promise_day", "promise_type"))
_GUANGDONG_TYPES = {code: {"10": "20", "20": "21"}.get(code, code) for code in VALUES["task_type"]}
_WORDS = {name: dict(VALUES[name]) for name in ("task_type", "is_fee", "is_online")}


@dataclass(frozen=True)
class Dialect:
    """One way of writing.

    ``grade``: what a healthy source of this kind can prove; ``fields``: our column → theirs (canonical where left out);
    ``values``: column → ours → theirs; ``lacks``: columns it never had (none of them is judged); ``joined``: a
    业务办理项 stands in task_code; ``days_with_unit``: ``30(工作日)``; ``padded``: areacode of 12 digits;
    ``numbers``: columns sent as JSON numbers; ``empty``: what stands for nothing; ``constants``: other fields it sends,
    all in the city's ``ignore``.
    """

    connector: str
    grade: str
    page_size: int = 100
    fields: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lacks: frozenset[str] = frozenset({"catalog_name"})
    joined: bool = False
    days_with_unit: bool = False
    padded: bool = False
    numbers: frozenset[str] = frozenset()
    empty: str | None = None
    constants: Mapping[str, object] = field(default_factory=dict)

    def name_of(self, column: str) -> str:
        """Return the source's own name of a column, dotted where nested."""
        return self.fields.get(column, column)

    def as_sent(self, column: str, value: str | None) -> str | None:
        """Return one value as this source writes it, for the columns whose value stands alone."""
        if value is not None and self.padded and column == "areacode":
            return f"{value}000000"
        return self.values.get(column, {}).get(value, value) if value is not None else None

    def meanings(self) -> dict[str, dict[str, str]]:
        """Return the tables a city file needs: column → theirs → ours."""
        return {column: {theirs: ours for ours, theirs in table.items()} for column, table in self.values.items()}


def _camel(column: str) -> str:
    head, *rest = column.split("_")
    return head + "".join(word.capitalize() for word in rest)


_PORTAL = {
    "task_code": "TASK_CODE",
    "catalog_code": "CATAID",
    "catalog_name": "CATANAME",
    "task_name": "TASK_NAME",
    "task_type": "TASK_TYPE",
    "by_law": "BY_LAW",
    "task_state": "TASK_STATE",
    "task_version": "TASK_VERSION",
    "dept_name": "DEPT_NAME",
    "areacode": "AREACODE",
    "link_way": "consult_phone",
    "supervise_way": "complain_phone",
    "anticipate_day": "handle_time",
    "promise_day": "handle_time_limit",
    "limit_scene_num": "LIMIT_SCENE_NUM",
    "is_online": "ONLINECHECK",
    "is_pay_online": "pay_online",
}
_PINYIN = {
    "task_code": "SSBM",
    "task_handle_item": "YWBLXBM",
    "catalog_code": "JBBM",
    "task_name": "SXMC",
    "task_type": "SXLX",
    "by_law": "SDYJ",
    "use_level": "XSCJ",
    "task_state": "SXZT",
    "task_version": "SPSXBBH",
    "dept_name": "SSZT",
    "dept_code": "SSZTBM",
    "areacode": "XZQHDM",
    "link_way": "ZXFS",
    "supervise_way": "JDTSFS",
    "anticipate_day": "FDBJSX",
    "anticipate_type": "FDBJSXDW",
    "promise_day": "CNBJSX",
    "promise_type": "CNBJSXDW",
    "is_fee": "SFSF",
    "fee_basis": "SFYJ",
    "server_type": "FWDX",
    "project_type": "BJLX",
    "handle_type": "BLXS",
    "limit_scene_num": "DBSXCCS",
    "limit_scene_explain": "BXXCBLYYSM",
    "is_online": "SFWB",
    "online_handle_depth": "WSBLSD",
    "is_pay_online": "SFZCWSZF",
}
_EXTENDED = {
    "is_online": "is_online_handle",
    "online_handle_depth": "wsblsd",
    "limit_scene_explain": "scene_reason",
    "is_pay_online": "is_pay_online",
    "fee_basis": "fee_basis",
    "link_way": "link_way",
    "supervise_way": "supervise_way",
}
_GUANGXI = {
    **{column: f"AUDIT_ITEM.{column}" for column in COLUMNS if column not in _EXTENDED},
    **{column: f"AUDIT_ITEM_EXTEND.{theirs}" for column, theirs in _EXTENDED.items()},
    "task_handle_item": "AUDIT_ITEM.ywcode",
    "server_type": "AUDIT_ITEM.serve_type",
    "by_law": "AUDIT_ITEM_BYLAW.law_name",
}
_HEADINGS = {column: items.label(column) for column in COLUMNS}
_OTHER_HEADINGS = _HEADINGS | {
    "limit_scene_num": "到现场次数",
    "promise_day": "承诺办理时限",
    "anticipate_day": "法定期限",
    "dept_name": "实施部门",
    "handle_type": "办理方式",
    "link_way": "咨询电话",
    "supervise_way": "投诉电话",
}
_NUMBERS = frozenset({"task_version", "limit_scene_num"})
_NO_UNITS = frozenset({"catalog_name", "anticipate_type", "promise_type"})

DIALECTS: dict[str, Dialect] = {
    "pages_get": Dialect("http_pages", "A", constants={"CREATE_TIME": "2026-11-01 08:00:00"}),
    "pages_form": Dialect(
        "http_pages",
        "A",
        fields=_PORTAL,
        values={"task_type": _GUANGDONG_TYPES},
        lacks=frozenset({"task_handle_item", "use_level", "dept_code", "anticipate_type", "promise_type"}),
        joined=True,
        days_with_unit=True,
        empty="",
        constants={"ORGCODE": "006940116", "parentCatalogId": ""},
    ),
    "pages_json": Dialect(
        "http_pages",
        "A",
        page_size=200,
        fields={column: _camel(column) for column in COLUMNS},
        values={"project_type": {"1": "2", "2": "1"}, "is_fee": {"1": "0", "0": "1"}},
        numbers=_NUMBERS,
    ),
    "cursor": Dialect(
        "http_cursor",
        "B",
        fields=_GUANGXI,
        numbers=_NUMBERS,
        empty="",
        constants={"AUDIT_MATERIAL": [{"material_name": "申请书", "is_need": "1"}], "AUDIT_QA": []},
    ),
    "links_next": Dialect("http_links", "A", fields=_PINYIN, padded=True),
    "links_header": Dialect("http_links", "B"),
    "sql": Dialect("sql_table", "A"),
    "csv_unproved": Dialect("file_drop", "C", empty=""),
    "csv_bom": Dialect("file_drop", "A", joined=True, lacks=frozenset({"catalog_name", "task_handle_item"})),
    "csv_gb18030": Dialect(
        "file_drop", "C", fields=_HEADINGS, values=_WORDS, lacks=_NO_UNITS, days_with_unit=True, empty=""
    ),
    "xlsx": Dialect("file_drop", "B", fields=_OTHER_HEADINGS),
    "json": Dialect("file_drop", "B"),
    "jsonl": Dialect("file_drop", "A"),
}


def columns_sent(dialect: Dialect, absent: frozenset[str]) -> tuple[str, ...]:
    """Return the canonical columns a source of this dialect has, in order."""
    return tuple(name for name in COLUMNS if name not in dialect.lacks | absent)


def as_sent(
    dialect: Dialect, rows: Sequence[Row], absent: frozenset[str], unknown: Sequence[str] = ()
) -> list[dict[str, object]]:
    """Return rows as flat records under the source's own (perhaps dotted) names, in their order."""
    sent = columns_sent(dialect, absent)
    headings = [dialect.name_of(column) for column in sent]
    pick = itemgetter(*(PLACE[column] for column in sent))
    changes = _changes(dialect)
    more = {**dialect.constants, **dict.fromkeys(unknown, "1")}
    numbers = [dialect.name_of(column) for column in sent if column in dialect.numbers]
    records: list[dict[str, object]] = []
    for row in rows:
        cells = list(row)
        for change in changes:
            change(cells)
        if dialect.empty is not None:
            cells = [dialect.empty if cell is None else cell for cell in cells]
        record: dict[str, object] = dict(zip(headings, pick(cells), strict=True))
        record.update(more)
        for name in numbers:
            record[name] = _number(record[name])
        records.append(record)
    return records


def nested(record: Mapping[str, object]) -> dict[str, object]:
    """Return a flat record with dotted names as the Guangxi interface nests it, the legal basis in a list."""
    nest: dict[str, object] = {}
    for name, value in record.items():
        group, _, field_ = name.partition(".")
        if not field_:
            nest[name] = value
        elif group == "AUDIT_ITEM_BYLAW":
            nest[group] = [{field_: value}] if value else []
        else:
            inner = nest.setdefault(group, {})
            if isinstance(inner, dict):
                inner[field_] = value
    return nest


def _changes(dialect: Dialect) -> list[Callable[[Cells], None]]:
    changes: list[Callable[[Cells], None]] = [_mapped(PLACE[name], table) for name, table in dialect.values.items()]
    if dialect.joined:
        changes.append(_join_codes)
    if dialect.days_with_unit:
        changes.append(_write_days)
    if dialect.padded:
        changes.append(_pad)
    return changes


def _mapped(place: int, table: Mapping[str, str]) -> Callable[[Cells], None]:
    def change(cells: Cells) -> None:
        value = cells[place]
        if value is not None:
            cells[place] = table.get(value, value)

    return change


def _join_codes(cells: Cells) -> None:
    if cells[_HANDLE] is not None:
        cells[_CODE] = cells[_HANDLE]


def _write_days(cells: Cells) -> None:
    for day, unit in _DAYS:
        number, kind = cells[PLACE[day]], cells[PLACE[unit]]
        cells[PLACE[day]] = "无" if number is None else f"{number}({_UNITS[kind or '1']})"


def _pad(cells: Cells) -> None:
    area = cells[PLACE["areacode"]]
    cells[PLACE["areacode"]] = None if area is None else f"{area}000000"


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
