"""What a kit's answers are refused for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connectors import _kit_talk
from tests.connectors.doors import pulled
from tests.connectors.site import Asked, Sent, sends, site
from tests.golden.refused import Act, Cases

MANIFEST: dict[str, Any] = {"protocol": 1, "snapshot": "a", "count": 9, "digest": "0" * 64, "fields": [], "kept": []}


def stated(**changes: Any) -> Act:
    """Return an act that pulls from a kit with such a manifest."""

    def act(_: Path) -> object:
        with site(lambda _: sends({**MANIFEST, **changes})) as city:
            return pulled({"connector": "kit", "url": city.url})

    return act


def endless(_: Path) -> object:
    """Pull from a kit whose every page says that another follows."""

    def answer(asked: Asked) -> Sent:
        if asked.path.endswith("/manifest"):
            return sends(MANIFEST)
        return Sent(f'["{asked.count:05d}"]\n{{"end":true,"rows":1,"more":true}}\n'.encode())

    most, _kit_talk.MOST_ROUNDS = _kit_talk.MOST_ROUNDS, 3
    try:
        with site(answer) as city:
            return pulled({"connector": "kit", "url": city.url})
    finally:
        _kit_talk.MOST_ROUNDS = most


KITS: Cases = {
    "another protocol": stated(protocol=2),
    "no protocol": stated(protocol=None),
    "shape": stated(digest="abc", kept=None),
    "endless": endless,
}
