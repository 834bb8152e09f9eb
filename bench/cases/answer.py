"""What every contender's process does: run one function by name, tell its answer, or what it lacks."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

LEFT_OUT = 77  # exit code of a contender whose package is not installed

Phase = Callable[[], None]
Contender = Callable[[Path, Phase], dict[str, object]]


def run(contenders: Mapping[str, Contender]) -> None:
    """Run the contender of the command line, and print ``answer`` and ``phase_cpu`` (seconds) as JSON.

    A contender calls ``began()`` when its imports and inputs are ready; the CPU time from there on is its phase.
    """
    name, folder = sys.argv[1], Path(sys.argv[2])
    started = [0.0]

    def began() -> None:
        started[0] = time.process_time()

    try:
        answer = contenders[name](folder, began)
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed (pip install 'citysync[bench]')", file=sys.stderr)
        sys.exit(LEFT_OUT)
    print(json.dumps({"answer": answer, "phase_cpu": time.process_time() - started[0]}))
