"""A city's file: strict, so that nothing is bent into shape."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from citysync.domain.city import EXEMPTION_LABELS, Auth, Codes, Exemption, SourceBase, Tolerate, level_of
from tests.builders import CATALOG_CODE, a_city

AN_EXEMPTION: dict[str, Any] = {
    "catalog_code": CATALOG_CODE,
    "reason": "delegated",
    "document": "粤府函〔2025〕00号",
    "until": date(2026, 12, 31),
}


@pytest.mark.parametrize(("code", "level"), [("440000", 2), ("440300", 3), ("440305", 4)])
def test_a_citys_level_follows_from_its_code(code: str, level: int) -> None:
    assert level_of(code) == a_city(code=code).level == level


def test_a_level_given_in_the_file_stays() -> None:
    assert a_city(code="440305", level=3).level == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"code": 440300},
        {"code": "44030"},
        {"code": "４４０３００"},
        {"name": ""},
        {"colour": "red"},
        {"enabled": "yes"},
        {"level": 7},
        {"counties": ["44030"]},
        {"values": {"task_type": {"21": 20}}},
        {"tolerate": {"max_rejected_ratio": 2.0}},
        {"tolerate": {"grace_workdays": -1}},
        {"expect": {"min_items": -1}},
        {"codes": {"scheme": "local"}},
        {"codes": {"pattern": "^x$"}},
        {"exempt": [{**AN_EXEMPTION, "reason": "forgotten"}]},
        {"exempt": [{**AN_EXEMPTION, "document": ""}]},
        {"exempt": [{**AN_EXEMPTION, "until": "2026-12-31"}]},
    ],
)
def test_what_is_wrong_in_a_citys_file_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_city(**changes)


def test_lists_of_toml_become_tuples() -> None:
    city = a_city(contacts=["a@example.cn"], counties=["440305"], ignore=["X"], tile=[2, 4], exempt=[AN_EXEMPTION])
    assert (city.contacts, city.counties, city.ignore, city.tile) == (("a@example.cn",), ("440305",), ("X",), (2, 4))
    assert city.exempt == (Exemption(**AN_EXEMPTION),)
    assert city.exempt[0].reason in EXEMPTION_LABELS


def test_without_further_words_nothing_is_tolerated_but_one_percent_of_rejections() -> None:
    tolerate = a_city().tolerate
    assert (tolerate.max_rejected_ratio, tolerate.max_missing, tolerate.max_drifted) == (0.01, 0, 0)
    assert tolerate.grace_workdays == 5
    assert a_city().expect.min_items is None


def test_a_whole_number_may_stand_for_a_ratio() -> None:
    assert Tolerate.model_validate({"max_rejected_ratio": 1}).max_rejected_ratio == 1.0


def test_a_local_scheme_brings_its_pattern() -> None:
    assert Codes(scheme="local", pattern="[0-9]{8}").pattern == "[0-9]{8}"
    assert Codes().scheme == "gbt39554"


@pytest.mark.parametrize(
    "auth",
    [{"kind": "bearer"}, {"kind": "header", "secret": "S"}, {"kind": "none", "secret": "has blank"}, {"kind": "magic"}],
)
def test_an_incomplete_proof_of_identity_is_refused(auth: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Auth.model_validate(auth)


def test_a_complete_proof_of_identity_names_its_secret() -> None:
    auth = {"kind": "header", "secret": "CITYSYNC_SECRET_440300", "header": "X-Api-Key"}
    assert Auth.model_validate(auth).model_dump(exclude_none=True) == auth


def test_a_source_is_pulled_within_its_budgets() -> None:
    assert SourceBase(connector="file_drop").budget_seconds == 900
    with pytest.raises(ValidationError):
        SourceBase(connector="file_drop", timeout_seconds=0)
