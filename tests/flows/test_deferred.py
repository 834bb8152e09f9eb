"""A city that asks us to come back later is asked once more, at the end of the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.builders import an_item
from tests.connectors.site import Asked, Sent, sends, site
from tests.places import a_folder
from tests.program import citysync

LATER = Sent(status=429, headers={"Retry-After": "999999999"})


def run_against(folder: Path, answer: Callable[[Asked], Sent]) -> tuple[dict[str, str], list[str], str]:
    """Return state by city, the paths asked for, and the throttled city's words."""
    with site(answer) as city:
        for code in ("440300", "440400"):
            source = f'[source]\nconnector = "http_pages"\nurl = "{city.url}/{code}"\ntotal = "total"\nitems = "list"\n'
            text = f'name = "某市"\ncode = "{code}"\ncounties = []\n{source}'
            (folder / "cities" / f"{code}.toml").write_text(text, encoding="utf-8")
        said = citysync("sync", "--json", folder=folder, env={"CITYSYNC_WORKERS": "1"})
    cities = said.json()["cities"]
    words = "".join(reason["text"] for reason in cities[0]["reasons"])
    return {each["code"]: each["state"] for each in cities}, [asked.path for asked in city.asked], words


def test_a_city_that_asks_us_to_wait_is_asked_again_after_the_others(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)

    def answer(asked: Asked) -> Sent:
        return LATER if asked.count == 1 else sends({"list": [an_item(areacode=None)], "total": 1})

    states, asked, _ = run_against(folder, answer)
    assert asked == ["/440300", "/440400", "/440300"]
    assert states["440300"] == "in_sync"


def test_a_city_that_asks_us_to_wait_twice_is_not_synced_and_published_once(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)

    def answer(asked: Asked) -> Sent:
        return LATER if asked.path == "/440300" else sends({"list": [an_item(areacode=None)], "total": 1})

    states, asked, words = run_against(folder, answer)
    assert asked == ["/440300", "/440400", "/440300"]
    assert states["440300"] == "not_synced"
    assert "对方要求等待 999999999（429）" in words
    status = citysync("status", "--json", folder=folder).json()
    assert next(city["state"] for city in status["cities"]) == "not_synced"
