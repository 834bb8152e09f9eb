"""Every row is accounted for, and our own casting is looked at again."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.config import ValidationDepth, config_context

from citysync.domain import items
from citysync.domain.errors import ConfigError, NotProved
from schemas.directory import Directory, NationalDirectory
from schemas.findings import RULES, Findings, Rejections
from schemas.proof import at_once, prove
from schemas.validate import TRAVEL, account, validate
from tests.builders import BODY, TASK_CODE, TODAY, a_city, a_snapshot, an_item
from tests.schemas.rows import validated

WORDS = st.sampled_from([None, "", " ", "1", "01", "21", "1,2", "x", "无", "440300", "2024-02-09", "\u200b", TASK_CODE])
FIELDS = (
    "task_type",
    "task_name",
    "task_state",
    "handle_type",
    "promise_day",
    "areacode",
    "plan_cancel_date",
    "is_fee",
)


@st.composite
def any_item(draw: st.DrawFn) -> dict[str, str | None]:
    serial = draw(st.sampled_from(["043001", "043002", "04300", "０43001"]))
    changes = draw(st.dictionaries(st.sampled_from(FIELDS), WORDS, max_size=3))
    return an_item(task_code=f"{BODY}3440106{serial}", **changes)


@settings(max_examples=30, deadline=None)
@given(st.lists(any_item(), max_size=12), st.randoms(use_true_random=False))
def test_every_row_is_accounted_for_and_order_changes_nothing(
    rows: list[dict[str, str | None]], dice: random.Random
) -> None:
    said = [name for name in items.NAMES if name not in TRAVEL]
    first = validated(*rows)
    assert first.received == len(rows) == first.accepted.height + first.rejected_rows + first.duplicate
    shuffled = rows.copy()
    dice.shuffle(shuffled)
    second = validated(*shuffled)
    assert first.accepted.select(said).sort(said).equals(second.accepted.select(said).sort(said))
    assert first.notes.equals(second.notes)
    numbers = ("row_no", "hint")
    one, two = (v.rejected.drop(numbers).sort(pl.all()) for v in (first, second))
    assert one.equals(two)


def test_a_large_city_of_only_bad_rows_keeps_its_accounts() -> None:
    snapshot = a_snapshot([an_item(task_code=f"bad{n}", task_type=f"t{n}", handle_type=f"h{n}") for n in range(20_000)])
    validation = validate(snapshot, a_city(), TODAY)
    assert (validation.rejected_rows, validation.accepted.height) == (20_000, 0)
    assert validation.rejected.height == 60_000
    assert validation.rejected["row_no"].is_sorted()


def test_a_row_that_vanished_stops_the_run() -> None:
    lost = dataclasses.replace(validated(an_item()), received=2)
    with pytest.raises(NotProved, match="收到 2 行 ≠ 接受 1"):
        account(lost, a_city())


def test_two_rows_of_one_number_stop_the_run() -> None:
    snapshot = a_snapshot([an_item(), an_item(task_version="2")])
    same = dataclasses.replace(snapshot, rows=snapshot.rows.with_columns(row_no=pl.lit(1, pl.Int64)))
    with pytest.raises(NotProved, match="row_no"):
        validate(same, a_city(), TODAY)


@pytest.mark.parametrize(
    "miscast",
    [
        pl.col("task_type").replace("01", "99"),
        pl.lit("2,1").alias("handle_type"),
        pl.lit("1,1").alias("handle_type"),
        pl.lit("440 300").alias("areacode"),
        pl.lit(-1, pl.Int64).alias("limit_scene_num"),
        pl.lit("1").alias("limit_scene_num"),
        pl.lit(None, pl.String).alias("task_name"),
        pl.lit(None, pl.String).alias("use_level"),
        pl.lit(TASK_CODE + "01").alias("task_code"),
        pl.lit(0, pl.Int64).alias("row_no"),
        pl.lit("x").alias("stranger"),
    ],
)
def test_what_we_cast_wrongly_is_our_fault_and_stops_the_run(miscast: pl.Expr) -> None:
    accepted = validated(an_item()).accepted
    for model in ((NationalDirectory,), (NationalDirectory, at_once(NationalDirectory))):
        assert prove(accepted, *model) is accepted
        with pytest.raises(NotProved, match="Directory 未通过复核，这是本系统的缺陷"):
            prove(accepted.with_columns(miscast), *model)


def test_a_look_at_all_columns_that_sees_more_than_each_by_itself_stops_the_run() -> None:
    accepted = validated(an_item()).accepted.with_columns(task_code=pl.lit("X-1"))
    with pytest.raises(NotProved, match="两种复核结果不一"):
        prove(accepted, Directory, at_once(NationalDirectory))


def test_the_proof_does_not_repeat_what_the_rows_say() -> None:
    accepted = validated(an_item(link_way="0755-87654321")).accepted
    with pytest.raises(NotProved) as caught:
        prove(accepted.with_columns(task_type=pl.lit("机密")), NationalDirectory)
    assert "机密" not in str(caught.value)
    assert "task_type" in str(caught.value)


def test_a_local_directory_may_lack_what_only_national_codes_say() -> None:
    accepted = validated(an_item()).accepted.with_columns(task_code=pl.lit("X-1"), use_level=pl.lit(None, pl.String))
    assert prove(accepted, Directory) is accepted


@pytest.mark.parametrize("blind", [{"validation_enabled": False}, {"validation_depth": ValidationDepth.SCHEMA_ONLY}])
def test_a_pandera_told_to_look_away_stops_the_run(blind: dict[str, Any]) -> None:
    with config_context(**blind), pytest.raises(ConfigError, match="PANDERA_VALIDATION"):
        validated(an_item())


def test_tables_that_go_back_to_a_city_have_their_models() -> None:
    rejected = validated(an_item(task_type="99")).rejected
    assert set(rejected["rule"]) <= set(RULES)
    wrong = (pl.lit("unheard_of").alias("rule"), pl.lit(None, pl.String).alias("hint"), pl.lit("1").alias("row_no"))
    for model in ((Rejections,), (Rejections, at_once(Rejections))):
        assert prove(rejected, *model) is rejected
        for each in wrong:
            with pytest.raises(NotProved, match="Rejections"):
                prove(rejected.with_columns(each), *model)


def test_a_finding_without_a_known_severity_or_side_is_none() -> None:
    finding = pl.DataFrame(
        {name: [None] for name in Findings.columns},
        schema={name: column.dtype.type for name, column in Findings.columns.items()},
    ).with_columns(check=pl.lit("unclaimed"), severity=pl.lit("error"), fault=pl.lit("data"), suspected=pl.lit(False))
    assert prove(finding, Findings) is finding
    for wrong in (
        pl.lit("fatal").alias("severity"),
        pl.lit("nobody").alias("fault"),
        pl.lit(None, pl.String).alias("check"),
    ):
        with pytest.raises(NotProved):
            prove(finding.with_columns(wrong), Findings)
