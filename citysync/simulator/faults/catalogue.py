"""Every fault the simulator can show, by id, in the order of the tables."""

from __future__ import annotations

from citysync.simulator.faults import content, database, drops, encoding, paging, plausibility, transport
from citysync.simulator.faults.fault import Fault, by_id

TABLES: dict[str, tuple[str, tuple[Fault, ...]]] = {
    "T": ("传输 Transport", transport.FAULTS),
    "P": ("翻页 Paging", paging.FAULTS),
    "S": ("可信性 Plausibility", plausibility.FAULTS),
    "E": ("编码与格式 Encoding and format", encoding.FAULTS),
    "D": ("内容 Content", content.FAULTS),
    "Q": ("数据库 Database", database.FAULTS),
    "F": ("文件交换 File drop", drops.FAULTS),
}
FAULTS: dict[str, Fault] = by_id(*(faults for _, faults in TABLES.values()))


def table_of(faults: tuple[Fault, ...]) -> str:
    """Return the rows of a table of docs/faults.md."""
    head = "| fault | 故障 | what the simulator does | where |\n| --- | --- | --- | --- |\n"
    return head + "".join(f"| `{each.id}` | {each.title} | {_cell(each.does)} | {_where(each)} |\n" for each in faults)


def _where(fault: Fault) -> str:
    named = ", ".join(sorted(fault.dialects)) if fault.dialects else ", ".join(fault.seams)
    when = "" if (fault.first, fault.last) == (1, None) else f"; requests {fault.first} to {fault.last or 'the last'}"
    return f"{named}{when}{'; PostgreSQL only' if fault.postgresql else ''}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


# Faults of the same tables that are no city's doing, or that no simulated source can show; each with its reason.
NOT_HERE: dict[str, str] = {
    "T28": "the environment of our own process: `tests/faults/test_elsewhere.py` sets proxies and a `.netrc`",
    "T29": "all cities at once: `T02` for each; `tests/flows/test_crew.py` judges the night",
    "S10": "the master catalogue, not a city: `tests/faults/test_elsewhere.py` truncates it",
    "S11": "the master catalogue, not a city: `tests/faults/test_elsewhere.py` imports another in mid-run",
    "S12": "no fault of a source: `tests/faults/test_elsewhere.py` starts without history",
    "E15": "no column of the simulated directory is a date; see `tests/connectors/test_file_drop.py`",
    "D14": "no column of the simulated directory is a date",
    "D16": "no column of the simulated directory is a date",
    "Q02": "every run opens its own connections and keeps none, so that there is no stale pool to meet",
    "Q04": "needs a writer between two statements: `tests/connectors/test_sql_table.py` has one",
    "Q06": "rights of an account, which SQLite does not have; a matter of `citysync doctor`",
    "Q10": "our own error texts: every case of `tests/faults` looks for the secret in all of them",
    "Q12": "a limit of a server, which SQLite does not have",
    "F07": "SFTP is not among the sources yet",
    "F08": "SFTP is not among the sources yet; permissions do not bind the account tests run under",
}
