"""Run every benchmark and print the tables that stand in docs/performance.md; options are those of bench.compare."""

from __future__ import annotations

import sys

from bench import bad_company, compare, kit, pages, sync_one_city

HEAD = "| what | floor | measured | against the limit | peak of one process |\n| --- | --- | --- | --- | --- |\n"


def main() -> None:
    """Print the table row by row, as each is measured."""
    sys.stdout.write(HEAD)
    for measure in (sync_one_city.measure, bad_company.measure, pages.measure):
        sys.stdout.write(f"{measure()}\n")
        sys.stdout.flush()
    kit.main([])
    compare.main(sys.argv[1:])


if __name__ == "__main__":
    main()
