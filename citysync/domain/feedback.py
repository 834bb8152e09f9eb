"""What a citizen says about one item in one city: that it took more visits than the directory promises."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_VISITS = 50
LONGEST = 500  # characters of a text


class Standing(StrEnum):
    """What became of a signal; nothing of it is shown to anybody but the province before it is accepted."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


STANDING_LABELS = {Standing.PENDING: "待核", Standing.ACCEPTED: "已采信", Standing.DISMISSED: "不采信"}


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal. ``visits``: how often one had to appear; ``text``: in the citizen's words, may be empty."""

    city_code: str
    catalog_code: str
    visits: int
    text: str = ""
