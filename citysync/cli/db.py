"""``citysync db upgrade``: bring the ledger's schema to this program's version."""

from __future__ import annotations

from cyclopts import App

from citysync.cli.places import Places
from citysync.cli.render import console

db = App(name="db", help="台账数据库。", help_format="plaintext")


@db.command
def upgrade(*, places: Places | None = None) -> int:
    """把台账升级到本程序的版本。"""
    from citysync.storage import schema

    settings = (places or Places()).settings()
    console().print(schema.upgrade(settings.database).text)
    return 0
