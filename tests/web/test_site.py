"""The pages as files: every link leads somewhere, nothing asks anybody, and a failure leaves what was there."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from citysync.cli.main import run
from citysync.config.settings import Settings
from citysync.domain.errors import StorageError
from citysync.domain.verdict import State
from citysync.web import site as sites
from citysync.web.links import linked
from citysync.web.site import build_site, file_of
from tests.builders import CATALOG_CODE
from tests.web.browser import PHONE, chromium
from tests.web.province import NOW, a_province
from tests.web.test_english import unmarked

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def site(province: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the whole site of the province."""
    folder: Path = tmp_path_factory.mktemp("site") / "www"
    build_site(province, folder, lambda: NOW)
    return folder


class Links(HTMLParser):
    """Collects where a page leads, and what must not be on it."""

    def __init__(self) -> None:
        super().__init__()
        self.led: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.led += [value for key, value in attrs if key in {"href", "src", "action"} and value]


def links(path: Path) -> Links:
    found = Links()
    found.feed(path.read_text(encoding="utf-8"))
    return found


def test_every_link_leads_to_a_file_and_none_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 30
    for path in pages:
        found = links(path)
        assert found.tags & {"form", "script", "iframe"} == set(), path
        for link in found.led:
            if not link.startswith("#"):
                assert re.match(r"[a-z]+:|/", link) is None, f"{path}: {link}"
                target = (path.parent / link).resolve()
                assert target.is_file(), f"{path}: {link}"
                assert target.is_relative_to(site)
        assert 'http-equiv="Content-Security-Policy"' in path.read_text(encoding="utf-8")


def test_what_the_server_shows_is_there(site: Path) -> None:
    assert "9/20" in (site / "figures" / "index.html").read_text(encoding="utf-8")
    assert "电白区" in (site / "c" / "440900" / "index.html").read_text(encoding="utf-8")
    assert (site / "c" / "440900" / "receipt.xlsx").read_bytes().startswith(b"PK")
    assert (site / "figures" / "county.html").is_file()
    public = (site / "public" / "items" / CATALOG_CODE / "index.html").read_text(encoding="utf-8")
    assert "超过上限 3 次" in public
    assert "实际跑了更多次" not in public, "a form that cannot work is not offered"


def test_the_first_differences_of_a_city_are_there_and_nothing_looks_like_a_way_that_is_none(site: Path) -> None:
    city = (site / "c" / "440900" / "index.html").read_text(encoding="utf-8")
    assert 'href="differences/index.html"' in city
    listed = (site / "c" / "440900" / "differences" / "index.html").read_text(encoding="utf-8")
    assert "共 5 条" in listed
    assert "导出当前筛选" not in listed
    dead = [
        path
        for path in site.rglob("*.html")
        if '<a class="button"' in path.read_text(encoding="utf-8")
        and re.search(r'<a class="button[^"]*"(?![^>]* href=)', path.read_text(encoding="utf-8"))
    ]
    assert dead == []


def test_the_public_part_alone_holds_nothing_of_the_inside(province: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "public"
    build_site(province, folder, lambda: NOW, public_only=True)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}
    assert names == {"index.html", "list/1/index.html", f"items/{CATALOG_CODE}/index.html"}
    text = "".join((folder / name).read_text(encoding="utf-8") for name in names)
    assert [word for word in ("失步", "city.example", "c/4", "登录") if word in text] == []


def test_from_a_stick_it_looks_as_from_the_server_and_asks_nobody(site: Path) -> None:
    with chromium() as browser:
        page = browser.new_context(viewport=PHONE, java_script_enabled=True).new_page()  # type: ignore[arg-type]
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "index.html").as_uri())
        assert page.evaluate("getComputedStyle(document.querySelector('.top')).backgroundColor") == "rgb(18, 57, 95)"
        page.locator(".need a", has_text="茂名市").click()
        assert "要素不一致 2 项" in page.inner_text("main")
        assert said == []
        assert [url for url in asked if not url.startswith("file:")] == []


@pytest.fixture(scope="module")
def both(province: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the whole site of the province, in Chinese and beneath it in English."""
    folder: Path = tmp_path_factory.mktemp("both") / "www"
    build_site(province, folder, lambda: NOW, languages=("zh", "en"))
    return folder


def test_in_both_languages_every_page_leads_to_itself_in_the_other(both: Path) -> None:
    chinese = {path.relative_to(both) for path in both.rglob("*.html") if path.relative_to(both).parts[0] != "en"}
    english = {path.relative_to(both / "en") for path in (both / "en").rglob("*.html")}
    assert chinese == english
    for name in sorted(chinese):
        for page, other in ((both / name, both / "en" / name), (both / "en" / name, both / name)):
            text = page.read_text(encoding="utf-8")
            (link,) = re.findall(r'<a href="([^"]+)" lang="[^"]+" hreflang="[^"]+">', text)
            assert (page.parent / link).resolve() == other, name
            for led in links(page).led:
                assert led.startswith("#") or (page.parent / led).resolve().is_file(), f"{page}: {led}"


def test_an_english_page_is_english_and_leads_to_english_ones(both: Path) -> None:
    home = (both / "en" / "index.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in home
    assert unmarked(home) == []
    assert 'href="c/440900/index.html"' in home
    assert 'href="../static/' in home
    city = (both / "en" / "c" / "440900" / "index.html").read_text(encoding="utf-8")
    assert 'href="../../../c/440900/receipt.xlsx"' in city, "a list is kept once"
    assert not (both / "en" / "c" / "440900" / "receipt.xlsx").exists()


def test_in_english_alone_the_site_is_english_and_offers_no_other(
    province: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ["--data-dir", str(province.data_dir), "--cities-dir", str(province.cities_dir)]
    out = tmp_path / "www"
    assert run(["report", "site", "--out", str(out), "--public-only", "--language", "en", *places]) == 0
    assert "3 页写入" in capsys.readouterr().out
    for path in out.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert '<html lang="en">' in text
        assert "hreflang" not in text
        assert unmarked(text) == []


def test_a_failure_leaves_the_site_before(province: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "www"
    build_site(province, folder, lambda: NOW, public_only=True)
    before = (folder / "index.html").read_bytes()

    def full(path: Path, body: bytes) -> None:
        raise OSError(28, "No space left on device", str(path), len(body))

    monkeypatch.setattr(sites, "_write", full)
    with pytest.raises(StorageError, match="原有页面未改动"):
        build_site(province, folder, lambda: NOW)
    assert (folder / "index.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["www"], "nothing half made is left"


def test_a_folder_with_other_things_in_it_is_not_replaced(province: Settings, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(StorageError, match="不是静态页面的文件夹"):
        build_site(province, tmp_path, lambda: NOW)
    assert (tmp_path / "diary.txt").read_text(encoding="utf-8") == "dear"


def test_what_a_city_is_called_is_inert_in_a_file_too(tmp_path: Path) -> None:
    settings = a_province(tmp_path, {"440900": (State.OUT_OF_SYNC,)}, c440900=HOSTILE)
    build_site(settings, tmp_path / "www", lambda: NOW)
    for path in (tmp_path / "www").rglob("*.html"):
        assert "<img" not in path.read_text(encoding="utf-8"), path
    assert "&lt;img" in (tmp_path / "www" / "index.html").read_text(encoding="utf-8")


def test_the_verb_writes_it(province: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = ["--data-dir", str(province.data_dir), "--cities-dir", str(province.cities_dir)]
    assert run(["report", "site", "--out", str(tmp_path / "www"), "--public-only", *places]) == 0
    assert "3 页写入" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("address", "file"),
    [("/", "index.html"), ("/c/440300", "c/440300/index.html"), ("/figures?by=county", "figures/county.html")],
)
def test_an_address_has_a_file(address: str, file: str) -> None:
    assert file_of(address) == file


def test_escapes_stay_escapes_and_nested_parts_are_left_out_whole() -> None:
    html = (
        '<p a="&lt;b&gt;">&lt;x&gt; &#60;</p><div data-server><div>in</div>in</div><a href="/x">y</a><a href="/z">z</a>'
    )
    made = linked(html, lambda link: "x.html" if link == "/x" else None)
    assert made == '<p a="&lt;b&gt;">&lt;x&gt; &#60;</p><a href="x.html">y</a><a>z</a>'
