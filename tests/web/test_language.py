"""Every text of ours has its English, and no catalogue says what nobody says any more."""

from __future__ import annotations

from io import BytesIO

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from citysync.domain import sayings as sayings_of
from citysync.domain.alert import KIND_LABELS
from citysync.domain.appeal import TOLD, WAITS
from citysync.domain.approval import HELD_LABELS
from citysync.domain.effort import PHASE_LABELS
from citysync.domain.figures import MEASURES
from citysync.domain.findings import SEVERITY_LABELS
from citysync.domain.identity import CHANGE_LABELS
from citysync.domain.items import COLUMNS, MASTER_LABELS
from citysync.domain.principal import ROLE_LABELS
from citysync.domain.reasons import REASON_LABELS, REASON_STEPS
from citysync.domain.sayings import Saying
from citysync.domain.snapshot import GRADE_LABELS, GRADE_MEANINGS
from citysync.domain.verdict import AXIS_LABELS, FAULT_LABELS, STANDING_LABELS, STATE_LABELS
from citysync.reconciliation.checks import all_checks
from citysync.reconciliation.notes import NOTES
from citysync.web.rendering import CHINESE, FOLDER
from flows.explain.rules import rule_of
from flows.receipts import labels

ROOM = FOLDER.parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "say": None, "gettext": None}
LABELS = (
    STATE_LABELS,
    AXIS_LABELS,
    FAULT_LABELS,
    STANDING_LABELS,
    ROLE_LABELS,
    KIND_LABELS,
    SEVERITY_LABELS,
    CHANGE_LABELS,
    HELD_LABELS,
    PHASE_LABELS,
    TOLD,
    {"": WAITS},
    labels(),
    REASON_LABELS,
    REASON_STEPS,
    GRADE_LABELS,
    GRADE_MEANINGS,
    MASTER_LABELS,
    {name: column.label for name, column in COLUMNS.items()},
    {name: str(check.HINT) for name, check in all_checks().items()},
    {name: str(check.REMEDY) for name, check in all_checks().items()},
    {name: str(rule_of(name)["asks"]) for name in (*all_checks(), *NOTES)},
    {name: note.HINT for name, note in NOTES.items()},
)
MEASURE_TEXTS = {text for measure in MEASURES.values() for text in (measure.label, measure.formula)}


def said() -> set[str]:
    """Return every text the room says: in its code, in its templates, and the domain's labels."""
    found = {str(message) for _, _, message, _, _ in extract_from_dir(str(ROOM), METHODS, keywords=KEYWORDS)}
    labels = {label for labels in LABELS for label in labels.values()}
    sayings = {saying.text for saying in vars(sayings_of).values() if isinstance(saying, Saying)}
    return found | labels | sayings | MEASURE_TEXTS | {label.partition("（")[0] for label in STATE_LABELS.values()}


def english() -> dict[str, str]:
    catalogue = read_po(BytesIO((ROOM / "locale" / "en.po").read_bytes()), locale="en")
    return {str(each.id): str(each.string) for each in catalogue if each.id}


def test_every_text_has_its_english_with_the_same_places() -> None:
    known = english()
    assert sorted(text for text in said() if not known.get(text)) == []
    assert [text for text, told in known.items() if text.count("%(") != told.count("%(")] == []


def test_the_english_of_a_text_has_nothing_chinese_left_in_it() -> None:
    assert [told for told in english().values() if CHINESE.search(told)] == []


def test_nothing_is_translated_that_nobody_says() -> None:
    assert sorted(set(english()) - said()) == []
