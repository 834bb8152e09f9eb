"""Kits of some cities on loopback: ``python -m bench.kit_cities CITIES ITEMS FOLDER`` serves until its stdin ends.

It writes master and city files into FOLDER and says ``ready``. Each line on stdin, one of ``same``, ``changed`` and
``forgotten``, makes another night; before it, the answer says what crossed the wire since the last one.

A share of the bytes of a whole pull says something only where rows are as hard to pack as real ones, which the
directories of the other benchmarks are not: each row has conditions of its own here.
"""

from __future__ import annotations

import json
import random
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from bench.directory import city, master, with_errors
from bench.kit import SHARE, TEXTS, WORDS, Rows, Wire, published, served
from citysync.domain.divisions import division_name
from citysync.kit.shelf import Shelf
from citysync.simulator.plan import CITY_CODES

_LENGTHS = 25, 95  # letters: rows then take 132 bytes packed, as real ones do


def as_hard_to_pack(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return a city's rows, each with conditions that none of the next thousands has."""
    chance = random.Random(seed)
    texts = ["".join(chance.choices(WORDS, k=chance.randint(*_LENGTHS))) for _ in range(TEXTS)]
    return rows.with_columns(accept_condition=pl.Series(texts)[[number % TEXTS for number in range(rows.height)]])


class KitCity:
    """One city's kit: its rows, its snapshots, and what crossed its wire."""

    def __init__(self, code: str, rows: list[Any]) -> None:
        self.code, self.wire, self.origin = code, Wire(), Rows(rows)
        self.shelf = Shelf(self.origin, ("task_code",), lambda: datetime.now(UTC), timedelta(days=1), 2)

    def another_night(self, kind: str, seed: int) -> None:
        """Publish the next snapshot: the same rows, or one in a thousand of them changed."""
        rows = self.origin.rows
        if kind != "same":
            for place in random.Random(seed).sample(range(len(rows)), max(1, len(rows) // SHARE)):
                rows[place] = {**rows[place], "link_way": f"0755-{seed:04d}{place % 10_000:04d}"}
        published(self.shelf, self.origin, forgets=kind == "forgotten", field="link_way")

    def told(self) -> tuple[int, int]:
        """Return bytes and requests since the last time, and count anew."""
        told = self.wire.sent, len(self.wire.asked)
        self.wire.reset()
        return told


def write_city(folder: Path, code: str, url: str) -> None:
    """Write the city file that asks a kit."""
    text = f'name = "{division_name(code)}"\ncode = "{code}"\ncounties = []\n\n[source]\nconnector = "kit"\n'
    (folder / f"{code}.toml").write_text(f'{text}url = "{url}"\nwhole_every = 31\n', encoding="utf-8")


def main() -> None:
    """Serve."""
    many, items, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    catalogue = master(items)
    catalogue.write_csv(folder / "master.csv")
    (folder / "cities").mkdir()
    kits: list[KitCity] = []
    with ExitStack() as open_:
        for seed, code in enumerate(CITY_CODES[:many]):
            rows = as_hard_to_pack(with_errors(city(code, catalogue), seed)[0], seed)
            kits.append(KitCity(code, rows.to_dicts()))
            write_city(folder / "cities", code, open_.enter_context(served(kits[-1].shelf, kits[-1].wire)))
            published(kits[-1].shelf, kits[-1].origin, forgets=False)
        print("ready", flush=True)
        for seed, line in enumerate(sys.stdin, start=1):
            told = [kit.told() for kit in kits]
            for kit in kits:
                kit.another_night(line.strip(), seed)
            most = max(requests for _, requests in told)
            print(json.dumps({"bytes": sum(size for size, _ in told), "requests": most}), flush=True)


if __name__ == "__main__":
    main()
