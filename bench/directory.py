"""Made-up directories of any size, all columns at once: a master catalogue, what each city has of it, what is wrong.

Faster than the simulator and much simpler: one region a city, the same manner of handling in every row. What is put in
is counted while it is put in, so that every answer of every contender can be checked.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from random import Random

import polars as pl

from citysync.simulator.names import body_code
from citysync.simulator.plan import CITY_CODES

_NAMES = ("公共场所卫生许可", "建设用地审批", "道路旅客运输经营核准", "医师执业登记", "营业性演出备案")
_LAWS = ("公共场所卫生管理条例", "土地管理法实施条例", "道路运输条例", "执业医师法", "营业性演出管理条例")
_LONG = "申请人应当具备相应的场所、设施和人员，材料齐全、符合法定形式，并在办理前完成网上申报和预约；" * 3
_CONSTANT = {
    "use_level": "3",
    "task_state": "1",
    "task_version": "1",
    "anticipate_day": "20",
    "anticipate_type": "1",
    "promise_day": "10",
    "promise_type": "1",
    "is_fee": "0",
    "server_type": "1,2",
    "project_type": "2",
    "handle_type": "1,2",
    "limit_scene_num": "1",
    "limit_scene_explain": "核验申请材料原件",
    "is_online": "1",
    "online_handle_depth": "二级",
    "is_pay_online": "0",
    "handle_flow": "申请；受理；审查；决定；送达",
    "transact_time": "周一至周五 9:00-12:00，13:30-17:00",
    "supervise_way": "12345",
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """How many rows of the province are wrong, and how; ``missing`` includes the rejected, which meet nothing."""

    received: int
    rejected: int
    missing: int
    overclaimed: int
    drifted: int

    def document(self) -> dict[str, int]:
        """Return the truth as the contenders print it."""
        return asdict(self)


def master(items: int) -> pl.DataFrame:
    """Return a catalogue every city must have whole: catalog_code, task_name, task_type, use_level, by_law."""
    serial = pl.int_range(items, dtype=pl.Int64)
    return pl.select(
        catalog_code=pl.format("4401{}", serial.cast(pl.String).str.zfill(8)),
        task_name=pl.format("{}（第{}号）", _one_of(_NAMES, serial), serial),
        task_type=pl.lit("01"),
        use_level=pl.lit("3"),
        by_law=pl.format("《{}》第{}条第{}款", _one_of(_LAWS, serial), serial % 97 + 1, serial % 7 + 1),
    )


def city(code: str, catalogue: pl.DataFrame) -> pl.DataFrame:
    """Return a city's rows, in sync with the catalogue: canonical columns, all text."""
    body = body_code(code, 1)
    serial = pl.int_range(pl.len(), dtype=pl.Int64)
    return catalogue.select(
        task_code=pl.format("{}3{}", pl.lit(body), "catalog_code"),
        catalog_code="catalog_code",
        task_name="task_name",
        task_type="task_type",
        by_law="by_law",
        dept_name=pl.lit(f"{code}行政审批局"),
        dept_code=pl.lit(body),
        areacode=pl.lit(code),
        accept_condition=pl.format("{}第{}类申请适用本条件。", pl.lit(_LONG), serial % 20_000),
        transact_addr=pl.format("政务服务中心{}楼{}号窗口", serial % 5 + 1, serial % 60 + 1),
        link_way=pl.format("0755-8{}", (serial % 10_000_000).cast(pl.String).str.zfill(7)),
        **{name: pl.lit(value) for name, value in _CONSTANT.items()},
    )


def province(rows: int) -> pl.DataFrame:
    """Return about so many rows of 21 cities, each in sync."""
    catalogue = master(rows // len(CITY_CODES))
    return pl.concat([city(code, catalogue) for code in CITY_CODES])


def with_errors(right: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, Wrong]:
    """Return a city's rows with a few of each error put in, and how many; never two in one row."""
    height = right.height
    few = max(1, height // 500)
    picked = Random(seed).sample(range(height), 4 * few)
    gone, rejected, drifted, copied = (set(picked[start * few : (start + 1) * few]) for start in range(4))
    at = pl.int_range(pl.len())
    rows = right.with_columns(
        task_type=pl.when(at.is_in(list(rejected))).then(pl.lit("77")).otherwise("task_type"),
        task_name=pl.when(at.is_in(list(drifted))).then(pl.lit("自行改名的事项")).otherwise("task_name"),
    )
    extra = right.filter(at.is_in(list(copied))).with_columns(
        pl.col("catalog_code").str.replace("^4401", "4498"), pl.col("task_code").str.replace("34401", "34498")
    )
    sent = pl.concat([rows.filter(~at.is_in(list(gone))), extra])
    return sent, Wrong(sent.height, few, 2 * few, few, few)


def _one_of(texts: tuple[str, ...], serial: pl.Expr) -> pl.Expr:
    return (serial % len(texts)).replace_strict(dict(enumerate(texts)), return_dtype=pl.String)
