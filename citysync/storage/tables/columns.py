"""What every table is made of: moments, documents and words that any database can hold, and one naming rule."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

VERSION_TABLE = "citysync_schema"
NUL_SHOWN = "␀"  # PostgreSQL's text cannot hold U+0000; its picture shows that it was sent


class Instant(sa.TypeDecorator[datetime]):
    """A moment; aware on both sides, UTC in the database (SQLite keeps no offset of its own)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse a moment without an offset: nobody could say later when it was."""
        del dialect
        if value is not None and value.tzinfo is None:
            raise ValueError(f"an instant needs an offset: {value!r}")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return the moment in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(sa.TypeDecorator[Any]):
    """A document kept as text: PostgreSQL's own JSON refuses what cities send, lone surrogates among it."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: sa.Dialect) -> str | None:  # noqa: ANN401 - a document
        """Return the document as text every database takes."""
        del dialect
        if value is None:
            return None
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any | None:  # noqa: ANN401 - a document
        """Return the document."""
        del dialect
        return None if value is None else json.loads(value)


class Words(sa.TypeDecorator[str]):
    """Text from outside the frames, an error's or a URL's: what no database can hold is shown instead of refused."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Return the text with U+0000 and lone surrogates made visible."""
        del dialect
        if value is None:
            return None
        return value.replace("\x00", NUL_SHOWN).encode("utf-8", "backslashreplace").decode()


metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)
