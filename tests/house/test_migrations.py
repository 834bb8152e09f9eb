"""Migrations follow one another: two that were written side by side never both land under one number."""

from __future__ import annotations

import re
from pathlib import Path

from citysync.storage import migrations
from citysync.storage.schema import REVISIONS

VERSIONS = Path(str(migrations.__file__)).parent / "versions"


def test_every_migration_has_a_number_of_its_own_and_follows_the_one_before() -> None:
    files = sorted(VERSIONS.glob("0*.py"))
    assert tuple(path.name[:4] for path in files) == REVISIONS
    said = [re.findall(r'^(?:down_)?revision: .*= (None|"\d{4}")$', path.read_text(), re.MULTILINE) for path in files]
    before = ("None", *(f'"{number}"' for number in REVISIONS))
    assert said == [[f'"{number}"', earlier] for number, earlier in zip(REVISIONS, before, strict=False)]
