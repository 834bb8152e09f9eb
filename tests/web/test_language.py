"""Every text of ours has its English, and no catalogue says what nobody says any more."""

from __future__ import annotations

from io import BytesIO

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from citysync.domain.alert import KIND_LABELS
from citysync.domain.approval import HELD_LABELS
from citysync.domain.figures import MEASURES
from citysync.domain.findings import SEVERITY_LABELS
from citysync.domain.identity import CHANGE_LABELS
from citysync.domain.principal import ROLE_LABELS
from citysync.domain.verdict import AXIS_LABELS, FAULT_LABELS, STANDING_LABELS, STATE_LABELS
from citysync.web.rendering import FOLDER
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
    labels(),
)
MEASURE_TEXTS = {text for measure in MEASURES.values() for text in (measure.label, measure.formula)}


def said() -> set[str]:
    """Return every text the room says: in its code, in its templates, and the domain's labels."""
    found = {str(message) for _, _, message, _, _ in extract_from_dir(str(ROOM), METHODS, keywords=KEYWORDS)}
    labels = {label for labels in LABELS for label in labels.values()}
    return found | labels | MEASURE_TEXTS | {label.partition("（")[0] for label in STATE_LABELS.values()}


def english() -> dict[str, str]:
    catalogue = read_po(BytesIO((ROOM / "locale" / "en.po").read_bytes()), locale="en")
    return {str(each.id): str(each.string) for each in catalogue if each.id}


def test_every_text_has_its_english_with_the_same_places() -> None:
    known = english()
    assert sorted(text for text in said() if not known.get(text)) == []
    assert [text for text, told in known.items() if text.count("%(") != told.count("%(")] == []


def test_nothing_is_translated_that_nobody_says() -> None:
    assert sorted(set(english()) - said()) == []
