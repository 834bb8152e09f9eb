"""Fuzz every parser with atheris for a bounded time: ``python -m bench.fuzz --seconds 120``.

One process per parser (atheris never returns), each with its share of the seconds, each looking for its way by the
coverage of our own parsers. What breaks one is kept as a file, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PARSERS = ("text", "json", "jsonl", "csv", "xlsx", "values")
INSTRUMENTED = ("connectors", "schemas")
_LONGEST, _SLOWEST_SECONDS, _MOST_MIB = 16_384, 20, 3_072
_DONE = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_KEPT = re.compile(r"Test unit written to (\S+)")


def main() -> None:
    """Fuzz all parsers and print one line each; leaves with 1 where one broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--parser", choices=PARSERS)
    parser.add_argument("--corpus", type=Path)
    asked = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("fuzzing skipped: atheris is not installed (pip install 'citysync[fuzz]')")
        return
    if asked.parser is not None and asked.corpus is not None:
        _fuzz(asked.parser, asked.seconds, asked.corpus)
    chosen = (asked.parser,) if asked.parser else PARSERS
    share = max(1, asked.seconds // len(chosen))
    print("| parser | executions | seconds | findings |\n| --- | --- | --- | --- |")
    broken = [one for one in chosen if _measured(one, share)]
    sys.exit(1 if broken else 0)


def _measured(parser: str, seconds: int) -> bool:
    """Fuzz one parser in a process of its own; return whether it broke."""
    corpus = Path(tempfile.mkdtemp(prefix=f"fuzz-{parser}-"))
    words = [sys.executable, "-m", "bench.fuzz", "--parser", parser, "--seconds", str(seconds), "--corpus", str(corpus)]
    process = subprocess.run(words, check=False, capture_output=True, text=True, errors="replace")
    done, kept = _DONE.search(process.stderr), _KEPT.search(process.stderr)
    found = "none" if process.returncode == 0 else kept[1] if kept else f"left with {process.returncode}"
    print(
        f"| {parser} | {int(done[1]):,} | {seconds} | {found} |" if done else f"| {parser} | ? | {seconds} | {found} |"
    )
    if process.returncode:
        print(process.stderr[-4_000:], file=sys.stderr)
    sys.stdout.flush()
    return process.returncode != 0


def _fuzz(parser: str, seconds: int, corpus: Path) -> None:
    """Hand this process over to atheris, which ends it."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=list(INSTRUMENTED), enable_loader_override=False):
        parsers = importlib.import_module("tests.connectors.parsers")
    for number, seed in enumerate(parsers.seeds(parser)):
        (corpus / f"seed{number}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", f"-max_len={_LONGEST}", f"-timeout={_SLOWEST_SECONDS}"]
    more = [f"-rss_limit_mb={_MOST_MIB}", "-print_final_stats=1", "-seed=1", f"-artifact_prefix={corpus.parent}/"]
    target = parsers.changed_workbook if parser == "xlsx" else parsers.TARGETS[parser]
    atheris.Setup([sys.argv[0], *limits, *more, str(corpus)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
