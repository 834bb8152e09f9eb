"""What the province answers to an appeal: upheld, with who acts on it, or rejected; neither changes a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """How the province decided about an appeal."""

    UPHELD = "upheld"
    REJECTED = "rejected"


ANSWER_LABELS = {Answer.UPHELD: "申诉成立", Answer.REJECTED: "申诉不成立"}
WAITS = "已申诉，待省平台答复"
# An upheld appeal lifts nothing by itself, and says so: the finding stands until the catalogue or a duty is changed.
TOLD = {
    Answer.UPHELD: "申诉成立，由%(handler)s处理，处理前结论不变：%(reason)s",
    Answer.REJECTED: "申诉不成立：%(reason)s",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``handler``: who acts on an appeal that is upheld, None for one that is rejected."""

    answer: Answer
    reason: str
    handler: str | None = None

    def __post_init__(self) -> None:
        if (self.answer is Answer.UPHELD) != (self.handler is not None):
            raise ValueError("an upheld appeal has somebody who acts on it, and no other")


def words(appeal: Mapping[str, object], say: Callable[[str], str] = str) -> str:
    """Return what became of an appeal, for people; ``say``: into the reader's language.

    ``appeal``: keys ``answer``, ``answer_reason``, ``handler``, ``appealed_on``, ``answered_on`` (days as ISO text).
    """
    if appeal["answer"] is None:
        return f"{say(WAITS)}（{appeal['appealed_on']}）"
    told = {"handler": appeal["handler"], "reason": appeal["answer_reason"]}
    return f"{say(TOLD[Answer(str(appeal['answer']))]) % told}（{appeal['answered_on']}）"
