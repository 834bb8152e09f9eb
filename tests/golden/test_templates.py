"""The texts that are templates or come from rules: hints and remedies of checks and notes, rejections of rows."""

from __future__ import annotations

from citysync.domain.findings import RULE_LABELS
from citysync.reconciliation.checks import all_checks
from citysync.reconciliation.notes import NOTES
from schemas.validate import validate
from tests.builders import TODAY, a_city, a_snapshot, an_item
from tests.golden import FOLDER, agreed

BROKEN = (
    an_item(task_code=None),
    an_item(task_code="001234"),
    an_item(task_code="1.14403000075411e+30"),
    an_item(task_name=None),
    an_item(task_type=None),
    an_item(task_type="99"),
    an_item(areacode="440400"),
)


def test_hints_and_remedies_of_checks_are_as_agreed() -> None:
    kinds = {**{name: (check.HINT, check.REMEDY) for name, check in all_checks().items()}}
    kinds |= {name: (note.HINT, note.REMEDY) for name, note in NOTES.items()}
    said, golden = agreed("checks", (f"{name} | {hint} | {remedy}" for name, (hint, remedy) in kinds.items()))
    assert said == golden


def test_rejections_are_told_as_agreed() -> None:
    local = a_city(codes={"scheme": "local", "pattern": ".+"})
    rows = [
        *validate(a_snapshot(BROKEN), a_city(), TODAY).rejected.iter_rows(named=True),
        *validate(a_snapshot([an_item(catalog_code=None)]), local, TODAY).rejected.iter_rows(named=True),
    ]
    told = (f"{row['rule']} | {row['field']} | {row['value']} | {row['expected']} | {row['hint']}" for row in rows)
    said, golden = agreed("rejections", told)
    assert said == golden


def test_no_check_or_note_lacks_its_text() -> None:
    named = {line.partition(" | ")[0] for line in (FOLDER / "checks.txt").read_text(encoding="utf-8").splitlines()}
    assert named == {*all_checks(), *NOTES}


def test_the_rules_of_the_rejections_file_are_known_ones() -> None:
    text = (FOLDER / "rejections.txt").read_text(encoding="utf-8")
    named = {line.partition(" | ")[0] for line in text.splitlines()}
    assert {"task_code_malformed", "value_unlisted", "areacode_foreign"} <= named <= set(RULE_LABELS)
