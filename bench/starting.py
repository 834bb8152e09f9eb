"""How long the program takes to start, and what it imports for that."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from bench import portal
from bench.process import Timing, once, repeated

_PROGRAM = Path(sys.executable).with_name("citysync")
_WORDS = (("--help",), ("--version",), ("status",))
_RUNS = 7
_HEAVY = ("polars", "pandera", "prefect", "sqlalchemy", "requests", "pydantic")
_ASK = """
import sys
from citysync.cli.main import run
try:
    run(sys.argv[1:])
except SystemExit:
    pass
print("\\n" + " ".join(sorted({name.split(".")[0] for name in sys.modules})))
"""


def measure() -> str:
    """Return the table: milliseconds of whole processes, and which of the heavy packages each imports."""
    lines = [
        "### Start-up",
        "",
        "| command | wall ms | CPU ms | peak MiB | imports |",
        "| --- | --- | --- | --- | --- |",
    ]
    with tempfile.TemporaryDirectory() as folder:
        portal.write_cities(Path(folder), "http://127.0.0.1:9")
        where = {"CITYSYNC_DATA_DIR": f"{folder}/data", "CITYSYNC_CITIES_DIR": f"{folder}/cities"}
        (Path(folder) / "data").mkdir()
        once([_PROGRAM, "db", "upgrade"], where)
        for words in _WORDS:
            command: list[str | Path] = [_PROGRAM, *words]
            timing = repeated(_RUNS, partial(once, command, where, good=range(4)))
            assert isinstance(timing, Timing)  # noqa: S101 - our own program is installed
            done = subprocess.run(
                [sys.executable, "-c", _ASK, *words], check=True, capture_output=True, text=True, env=where
            )
            heavy = ", ".join(name for name in _HEAVY if name in done.stdout.splitlines()[-1].split()) or "none of them"
            lines.append(
                f"| `citysync {' '.join(words)}` | {timing.wall * 1000:.0f} | {timing.cpu * 1000:.0f} "
                f"| {timing.peak_mib:.0f} | {heavy} |"
            )
    return "\n".join(lines) + "\n"
