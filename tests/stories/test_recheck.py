"""A re-check asks for what is open and nothing else, closes what is fixed, and is a run like any other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.builders import BODY, an_item
from tests.connectors.site import Asked, Sent, Site, sends, site
from tests.places import MASTER_ITEM, write_master
from tests.program import Said, citysync

CODES = [f"44010604300{number}" for number in range(1, 7)]
SIZE = 2


def row(code: str, **changes: str | None) -> dict[str, str | None]:
    return an_item(task_code=f"{BODY}3{code}", online_handle_depth="一级", **changes)


class Directory:
    """A city's directory behind an interface with pages of two, that can be asked for one code."""

    def __init__(self) -> None:
        self.rows = {code: row(code) for code in CODES}

    def answer(self, asked: Asked) -> Sent:
        rows = list(self.rows.values())
        if "code" in asked.query:
            rows = [row for row in rows if row["task_code"] == asked.query["code"]]
        if "item" in asked.query:
            rows = [row for row in rows if str(row["task_code"])[19:] == asked.query["item"]]
        start = (int(asked.query["page"]) - 1) * SIZE
        return sends({"list": rows[start : start + SIZE], "total": len(rows)})


@contextmanager
def a_city(folder: Path, *, by_code: str) -> Iterator[tuple[Directory, Site]]:
    """Yield the directory and its server; the master obliges the city to have all six items."""
    directory = Directory()
    with site(directory.answer) as server:
        (folder / "cities").mkdir()
        source = f'connector = "http_pages"\nurl = "{server.url}/items"\npage_param = "page"\nitems = "list"\n'
        text = f'name = "深圳市"\ncode = "440300"\ncounties = []\n[source]\n{source}total = "total"\n{by_code}'
        (folder / "cities" / "440300.toml").write_text(text, encoding="utf-8")
        master = write_master(folder, [{**MASTER_ITEM, "catalog_code": code} for code in CODES])
        assert citysync("master", "import", master, "--effective", "2026-11-01", folder=folder).code == 0
        yield directory, server


def said(server: Site, folder: Path, *words: str) -> tuple[Said, list[dict[str, str]]]:
    """Return what a command said, and what the server was asked meanwhile, without paging."""
    before = len(server.asked)
    answer = citysync(*words, folder=folder)
    return answer, [{k: v for k, v in asked.query.items() if k != "page"} for asked in server.asked[before:]]


def once(asked: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return what was asked for, without the look behind a page that is full."""
    return [each for place, each in enumerate(asked) if each not in asked[:place]]


def findings(folder: Path, *words: str) -> list[dict[str, Any]]:
    document = json.loads(citysync("findings", "440300", "--json", *words, folder=folder).out)
    rows: list[dict[str, Any]] = document["fixed" if "--fixed" in words else "findings"]
    return rows


def test_only_what_is_open_is_asked_for_and_what_is_fixed_is_closed(tmp_path: Path) -> None:
    by_code = 'by_code = { task_code = "code", catalog_code = "item" }\n'
    with a_city(tmp_path, by_code=by_code) as (directory, server):
        visits, drifts, absent = CODES[0], CODES[1], CODES[5]
        directory.rows[visits] = row(visits, limit_scene_num="4")
        directory.rows[drifts] = row(drifts, task_name="别的名称")
        del directory.rows[absent]
        night, asked = said(server, tmp_path, "sync", "--business-date", "2026-11-23")
        assert (night.code, len(asked)) == (1, 3), night.err
        directory.rows[visits] = row(visits)
        directory.rows[CODES[2]] = row(CODES[2], limit_scene_num="9")  # new, and not asked about
        again, asked = said(server, tmp_path, "recheck", "440300", "--json", "--business-date", "2026-11-24")
        assert again.code == 1, again.err
        assert once(asked) == [{"code": f"{BODY}3{visits}"}, {"code": f"{BODY}3{drifts}"}, {"item": absent}]
        assert {(each["check"], each["catalog_code"], each["suspected"]) for each in findings(tmp_path)} == {
            ("elements_drift", drifts, False),
            ("unclaimed", absent, False),
        }
        assert {(each["check"], each["fixed_on"]) for each in findings(tmp_path, "--fixed")} == {
            ("visits_over_cap", "2026-11-24")
        }
        directory.rows |= {code: row(code) for code in CODES}
        fixed, asked = said(server, tmp_path, "recheck", "440300", "--json", "--business-date", "2026-11-24")
        assert (fixed.code, fixed.json()["cities"][0]["state"], len(once(asked))) == (0, "in_sync", 2), fixed.err
        again_id = again.json()["run_id"]
        replayed, asked = said(server, tmp_path, "replay", "440300", "--run", again_id)
        assert (replayed.code, asked, "一致" in replayed.out) == (0, [], True), replayed.out + replayed.err
        nothing, asked = said(server, tmp_path, "recheck", "440300")
        assert (nothing.code, asked) == (0, [])
        assert "无需复核" in nothing.err


def test_a_source_that_cannot_be_asked_so_is_pulled_whole(tmp_path: Path) -> None:
    with a_city(tmp_path, by_code='by_code = { task_code = "code" }\n') as (directory, server):
        del directory.rows[CODES[5]]  # an absence, and no way to ask for a 基本编码
        citysync("sync", "--business-date", "2026-11-23", folder=tmp_path)
        again, asked = said(server, tmp_path, "recheck", "440300", "--business-date", "2026-11-24")
        assert (again.code, asked) == (1, [{}, {}, {}]), again.err


def test_a_recheck_tells_people_as_any_run_does_unless_it_is_asked_not_to(tmp_path: Path) -> None:
    with a_city(tmp_path, by_code="") as (directory, _):
        channel = '[[channel]]\nname = "book"\nkind = "log"\nowner = "王工"\nroles = ["digest"]\n'
        told = f'contact = "值班 020"\n{channel}'
        (tmp_path / "cities" / "_channels.toml").write_text(told, encoding="utf-8")
        directory.rows[CODES[0]] = row(CODES[0], limit_scene_num="4")
        assert citysync("sync", "--no-alert", folder=tmp_path).code == 1

        def alerts(*words: str) -> list[str]:
            return [
                row["kind"] for row in citysync("alerts", "list", *words, "--json", folder=tmp_path).json()["alerts"]
            ]

        assert citysync("recheck", "440300", "--no-alert", folder=tmp_path).code == 1
        assert alerts() == []
        assert citysync("recheck", "440300", folder=tmp_path).code == 1
        assert alerts() == ["out_of_sync"]
        directory.rows[CODES[0]] = row(CODES[0])
        assert citysync("recheck", "440300", folder=tmp_path).code == 0
        assert (alerts(), alerts("--closed")) == ([], ["out_of_sync"]), "that it recovered is told too"
