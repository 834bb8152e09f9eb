"""Links: followed within the city's own origin, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from citysync.domain.errors import Unreadable
from citysync.domain.snapshot import Grade
from tests.connectors.doors import CANARY, codes, directory, pulled
from tests.connectors.site import Asked, Sent, sends, site

LINKS: dict[str, Any] = {"connector": "http_links", "items": "rows", "next": "links.next"}


def linked(start: str, *links: str | None) -> Any:
    def answer(asked: Asked) -> Sent:
        page = int(asked.query.get("page", "1"))
        return sends({"rows": directory(9)[page - 1 : page], "links": {"next": links[page - 1]}, "total": len(links)})

    assert start
    return answer


@pytest.mark.parametrize("links", [("?page=2", "/items?page=3", None), ("items?page=2", "./items?page=3#x", None)])
def test_relative_links_are_resolved(links: tuple[str | None, ...]) -> None:
    with site(linked("/items", *links)) as city:
        snapshot = pulled({**LINKS, "url": city.url + "/items?region=1", "total": "total"})
    assert (snapshot.certificate.grade, len(codes(snapshot))) == (Grade.A, 3)
    assert [asked.path for asked in city.asked] == ["/items"] * 3


def test_the_link_header_serves_as_well() -> None:
    def answer(asked: Asked) -> Sent:
        page = int(asked.query.get("page", "1"))
        following = {"Link": f'</items?page={page + 1}>; rel="next", </items>; rel="first"'} if page < 3 else {}
        return sends(directory(3)[page - 1 : page], **following)

    with site(answer) as city:
        snapshot = pulled({"connector": "http_links", "next": "header:Link", "url": city.url + "/items"})
    assert (snapshot.certificate.grade, snapshot.rows.height) == (Grade.B, 3)


def test_a_loop_of_links_is_a_contradiction() -> None:
    with site(linked("/", "?page=2", "?page=3", "?page=2")) as city:
        certificate = pulled({**LINKS, "url": city.url}).certificate
    assert (certificate.grade, certificate.problems) == (Grade.X, ("第 3 页的下一页又回到第 2 页",))
    with site(linked("/", "?page=2", "?page=1")) as city:
        certificate = pulled({**LINKS, "url": city.url}).certificate
    assert certificate.problems == ("第 3 页与第 1 页内容相同",)


def test_the_token_goes_along_to_the_next_page() -> None:
    auth = {"kind": "bearer", "secret": "S", "param": "ticket"}
    with site(linked("/", "?page=2", None)) as city:
        pulled({**LINKS, "url": city.url, "auth": auth})
    assert [asked.query["ticket"] for asked in city.asked[:2]] == [CANARY, CANARY]


@pytest.mark.parametrize(
    "link",
    [
        "{other}/items?page=2",
        "//127.0.0.2/items",
        "https://127.0.0.1/items",
        "http://user@{host}/items",
        "http://{host}@127.0.0.2/items",
        "http://{host}\\@127.0.0.2/",
        "\\\\127.0.0.2\\items",
        "http://127.0.0.2/items",
        "http://127.0.0.1/items",
        "http://127.0.0.1.:1/items",
        "http://[::ffff:127.0.0.1]/items",
        "http://2130706433/items",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "javascript:alert(1)",
        "http://:80/items",
        "http://{host}:99999/",
        "\thttp://127.0.0.2/",
        "http://１２７.0.0.1/",
    ],
)
def test_a_link_out_of_the_citys_origin_is_refused_unvisited(link: str) -> None:
    with site(lambda _: Sent()) as other:
        with site(lambda _: Sent()) as city:
            shown = link.format(other=other.url, host=city.url.removeprefix("http://"))
            city.answer = linked("/", shown)
            with pytest.raises(Unreadable, match="第 1 页：下一页链接指向未登记主机"):
                pulled({**LINKS, "url": city.url, "auth": {"kind": "header", "header": "X-K", "secret": "S"}})
            assert len(city.asked) == 1
        assert other.asked == []
