"""Which rights to write an account has on tables it should only read."""

from __future__ import annotations

import re

import sqlalchemy as sa

_WRITING = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
_GRANT = re.compile(r"GRANT (?P<rights>.+?) ON (?P<place>\S+) TO ", re.IGNORECASE)


def write_rights(connection: sa.Connection, table: str) -> tuple[str, ...]:
    """Return the writing rights on a table, sorted; empty for SQLite, which is opened read-only whoever we are."""
    if connection.dialect.name == "postgresql":
        return _postgresql(connection, table)
    return _mysql(connection, table) if connection.dialect.name in {"mysql", "mariadb"} else ()


def _postgresql(connection: sa.Connection, table: str) -> tuple[str, ...]:
    quoted = connection.dialect.identifier_preparer.quote_identifier(table)
    asked = [sa.func.has_table_privilege(quoted, right).label(right) for right in _WRITING]
    found = connection.execute(sa.select(*asked)).mappings().one()
    return tuple(sorted(right for right in _WRITING if found[right]))


def _mysql(connection: sa.Connection, table: str) -> tuple[str, ...]:
    database = connection.execute(sa.select(sa.func.database())).scalar_one()
    reach = {"*.*", f"{database}.*", f"{database}.{table}"}
    rights: set[str] = set()
    for (grant,) in connection.exec_driver_sql("SHOW GRANTS"):
        found = _GRANT.match(str(grant))
        if found and found["place"].replace("`", "").replace("\\", "") in reach:
            rights |= {right.strip().upper() for right in found["rights"].split(",")}
    if "ALL PRIVILEGES" in rights:
        return tuple(sorted(_WRITING[:3]))
    return tuple(sorted(rights & set(_WRITING)))
