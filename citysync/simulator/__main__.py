"""Serve a province from a process of its own: ``python -m citysync.simulator --seed 1 --items 200 --out DIR``.

One line of JSON on stdout says the address and the secrets once everything is written; it ends when its stdin does.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from citysync.simulator.faults import misbehaving
from citysync.simulator.plan import CITY_CODES
from citysync.simulator.province import build_province
from citysync.simulator.server import serve
from citysync.simulator.simulate import write_province


def main() -> None:
    """Build, write, serve, and wait until nobody holds the other end of stdin."""
    parser = argparse.ArgumentParser(prog="citysync.simulator", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cities", type=lambda text: text.split(","), default=list(CITY_CODES))
    parser.add_argument("--differences", choices=("none", "demo", "all"), default="demo")
    parser.add_argument("--fault", action="append", default=[])
    asked = parser.parse_args()
    built = build_province(asked.seed, asked.items, cities=asked.cities, differences=asked.differences)
    province = misbehaving(built, asked.fault)
    with serve(province, asked.port) as server:
        layout = write_province(province, asked.out, server.base_url)
        sys.stdout.write(json.dumps({"base_url": server.base_url, "secrets": dict(layout.secrets)}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
