"""Running ``citysync`` as a person does: a process of its own, with an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("citysync")


@dataclass(frozen=True)
class Said:
    """What a command printed, and the exit code it left with."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Return the one JSON document on stdout."""
        return json.loads(self.out)


def citysync(*words: str | Path, folder: Path, env: dict[str, str] | None = None) -> Said:
    """Run ``citysync`` with its data and city files in ``folder`` and nothing inherited that could steer it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CITYSYNC_", "PREFECT_"))}
    places = {"CITYSYNC_DATA_DIR": str(folder / "data"), "CITYSYNC_CITIES_DIR": str(folder / "cities")}
    done = subprocess.run(  # noqa: S603 - our own program
        [str(PROGRAM), *map(str, words)],
        env={**inherited, **places, **(env or {})},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    return Said(done.returncode, done.stdout, done.stderr)
