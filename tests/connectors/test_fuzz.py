"""Whatever bytes a source sends, a parser ends in rows that another reader counts too, or in a refusal."""

from __future__ import annotations

import csv
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.connectors.parsers import SEEDS, TARGETS, mutated, swapped, table

EXAMPLES = {"text": 100, "json": 100, "jsonl": 100, "csv": 100, "xlsx": 80, "values": 4}


@pytest.mark.parametrize("parser", TARGETS)
def test_any_bytes_end_in_rows_or_in_a_refusal(parser: str) -> None:
    @settings(
        derandomize=True,
        max_examples=EXAMPLES[parser],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(st.binary(max_size=200), st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace"))))
    def holds(data: bytes) -> None:
        TARGETS[parser](data)

    holds()


@pytest.mark.parametrize("parser", TARGETS)
def test_a_good_file_with_bytes_flipped_cut_or_put_in_ends_in_rows_or_in_a_refusal(parser: str) -> None:
    source = random.Random(parser)
    for _ in range(EXAMPLES[parser]):
        data = SEEDS[parser]
        for _ in range(source.randrange(1, 4)):
            data = mutated(data, source)
        TARGETS[parser](data)


def test_a_workbook_whose_parts_changed_under_right_checksums_ends_in_rows_or_in_a_refusal() -> None:
    for seed in range(100):
        TARGETS["xlsx"](swapped(SEEDS["xlsx"], seed))


def test_the_check_catches_a_parser_that_loses_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def naive(data: bytes, *_: object) -> list[dict[str, object]]:
        return list(csv.DictReader(data.decode().splitlines()))[:-1]

    monkeypatch.setattr("tests.connectors.parsers.read_records", naive)
    with pytest.raises(AssertionError, match="another reader sees otherwise"):
        table(SEEDS["csv"])
