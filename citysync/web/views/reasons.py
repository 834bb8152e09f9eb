"""A reason as a page tells it: in Chinese the stored sentence; else what its code is called, and what it counts.

The numbers of another language come out of the stored sentence by the template that wrote them
(``citysync.domain.sayings``), or from counts kept beside it; a sentence no template wrote is told by its code alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from citysync.domain.items import label
from citysync.domain.reasons import REASON_LABELS, REASON_STEPS
from citysync.domain.sayings import CHECKS, FOUND, NO_SNAPSHOT, SAYINGS, SEARCHED, Saying
from citysync.domain.snapshot import GRADE_LABELS, Grade
from citysync.domain.verdict import Fault
from citysync.reconciliation.checks import all_checks
from citysync.reconciliation.hints import PLACEHOLDER
from citysync.reconciliation.notes import NOTES
from citysync.web.language import DEFAULT, Language
from citysync.web.views import labels

Row = Mapping[str, Any]
_SHOWN = 80  # characters of a value inside a sentence, as in the stored one


def cause(reason: Row, language: Language, code: str, name: str) -> str:
    """Return what happened, in one breath, without the city's own name."""
    if language.code == DEFAULT:
        return labels.of_whom(labels.cause(str(reason["text"])), code, name)
    return counted(reason, language)


def whole(reason: Row, language: Language) -> str:
    """Return all a reason says, as far as the language can say it."""
    return str(reason["text"]) if language.code == DEFAULT else counted(reason, language)


def original(reason: Row, language: Language) -> str:
    """Return the stored sentence where ``whole`` only tells its sense; empty in Chinese."""
    return "" if language.code == DEFAULT else str(reason["text"])


def step(reason: Row, language: Language) -> str:
    """Return what a reason asks for; empty where it asks for nothing."""
    if language.code == DEFAULT:
        return labels.step(str(reason["text"]))
    check = all_checks().get(reason["code"])
    asked = REASON_STEPS.get(reason["code"], "") if check is None else str(check.REMEDY)
    return f"{language.say(asked)}." if asked else ""


def causes(reasons: Sequence[Row], language: Language, code: str, name: str) -> str:
    """Return what decided the state, in one breath; empty where nothing does.

    Of data that is wrong in several ways, the three with most items are named and all are counted: a city told one
    would mend one, and a city told the small ones would not see the large one.
    """
    several = len(reasons) > 1 and all(reason["fault"] == Fault.DATA for reason in reasons)
    ordered = sorted(reasons, key=_items, reverse=True) if several else reasons[:1]
    told = [cause(reason, language, code, name) for reason in ordered]
    if not several:
        return told[0] if told else ""
    more = language.say("等 %(count)s 类问题") % {"count": len(told)} if len(told) > labels.NAMED else ""
    # A rule's English name may hold a comma.
    return ("、" if language.code == DEFAULT else "; ").join(told[: labels.NAMED]) + more


def _items(reason: Row) -> int:
    """Return how many items a reason's sentence counts, 0 where it counts none."""
    found = FOUND.read(str(reason["text"])) or {}
    return int(str(found.get("count", 0)).replace(",", ""))


def counted(reason: Row, language: Language) -> str:
    """Return what a reason's code is called, with what its sentence counts."""
    say, code, check = language.say, str(reason["code"]), all_checks().get(reason["code"])
    name = str(check.LABEL) if check is not None else REASON_LABELS.get(code, "")
    if not name:
        return say("见原文")
    sayings = SAYINGS.get(code, ()) if check is None else CHECKS
    numbers = say("；").join(filter(None, (_said(saying, str(reason["text"]), language) for saying in sayings)))
    told = f"{say(name)}{say('：')}{numbers}" if numbers else say(name)
    return told[:1].upper() + told[1:]


def _said(saying: Saying, text: str, language: Language) -> str:
    values, say = saying.read(text), language.say
    if values is None:
        return ""
    return say(saying.text) % {key: say(value) if key == "label" else value for key, value in values.items()}


def hint(found: Row, name: str, language: Language) -> tuple[str, ...]:
    """Return what to do about a finding, in parts: its template's words, and between them what was sent.

    ``found``: a finding as the ledger has it; ``name``: what the master calls the item.
    """
    rule = all_checks().get(found["check"]) or NOTES.get(found["check"])
    if language.code == DEFAULT or rule is None:
        return (str(found["hint"] or ""),)
    empty, say = language.say("空"), language.say
    values = {key: str(found[key] or empty)[:_SHOWN] for key in ("expected", "actual", "areacode")}
    values |= {"label": say(label(found["field"] or "")), "code": str(found["catalog_code"] or empty), "name": name}
    pieces = PLACEHOLDER.split(say(str(rule.HINT)))
    return tuple(values[piece] if place % 2 else piece for place, piece in enumerate(pieces))


def searched(text: str, language: Language) -> str:
    """Return where an item was looked for and how often it was found."""
    if language.code == DEFAULT:
        return text
    said = (_said(saying, text, language) for saying in (SEARCHED, NO_SNAPSHOT))
    return next(filter(None, said), text)


def proof(certificate: Row, grade: str | None, language: Language) -> str:
    """Return what proves a directory whole, empty where nothing came."""
    told, say = str(certificate.get("proof") or ""), language.say
    if language.code == DEFAULT or not told or grade is None:
        return told
    received, declared = f"{certificate['received']:,}", certificate["declared"]
    if declared is None:
        numbers = say("没有声明总数，实收 %(received)s 条") % {"received": received}
    else:
        numbers = say("声明 %(declared)s 条，实收 %(received)s 条") % {
            "declared": f"{declared:,}",
            "received": received,
        }
    return f"{say(GRADE_LABELS[Grade(grade)])}{say('：')}{numbers}"
