"""What a simulated city answers, writes or keeps comes back through the real connectors as what it has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from citysync.domain.errors import Refused, Unreadable
from citysync.simulator.cityfile import city_file, sql_source
from citysync.simulator.columns import COLUMNS
from citysync.simulator.plan import CITY_CODES
from citysync.simulator.protocols import Answer, Request
from citysync.simulator.province import build_province
from schemas.validate import validate
from tests.servers import mariadb_url, postgresql_url
from tests.simulator.walk import Walk, walking

SQL_CITY = "441700"
COMPARED = tuple(name for name in COLUMNS if name != "catalog_name")
DEMANDING = ("440300", "440400", "440600", "440700", "441200")  # a city of each kind of credentials


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    province = build_province(11, 130, differences="none")
    with walking(province, tmp_path_factory.mktemp("healthy")) as walk:
        yield walk


def came_back(walk: Walk, code: str) -> Counter[tuple[str | None, ...]]:
    validation = validate(walk.pull(code), walk.cities[code], walk.province.on)
    assert validation.rejected_rows == 0
    texts = validation.accepted.select(COMPARED).cast(dict.fromkeys(COMPARED, str))
    return Counter(texts.rows())


def has(walk: Walk, code: str) -> Counter[tuple[str | None, ...]]:
    return Counter(tuple(row[name] for name in COMPARED) for row in walk.province.cities[code].rows)


@pytest.mark.parametrize("code", CITY_CODES)
def test_every_dialect_reads_back_as_the_rows_the_city_has(healthy: Walk, code: str) -> None:
    assert came_back(healthy, code) == has(healthy, code)


@pytest.mark.parametrize("code", CITY_CODES)
def test_a_healthy_city_is_proved_as_far_as_its_kind_of_source_can(healthy: Walk, code: str) -> None:
    assert healthy.pull(code).certificate.grade == healthy.province.cities[code].truth.grade


@pytest.mark.parametrize("code", DEMANDING)
def test_a_city_refuses_a_wrong_secret(healthy: Walk, code: str) -> None:
    with pytest.raises(Refused):
        healthy.pull(code, **{f"CITYSYNC_SECRET_{code}": "wrong"})


def test_a_front_end_database_keeps_what_was_corrected_and_deleted(healthy: Walk) -> None:
    path = healthy.layout.folder / "front-end" / f"{SQL_CITY}.sqlite"
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    with engine.connect() as connection:
        union = "SELECT cd_operation FROM up_task_general_basic UNION ALL SELECT cd_operation FROM up_task_public_basic"
        operations = Counter(connection.execute(sa.text(union)).scalars())
    assert set(operations) == {"i", "u", "d"}
    assert operations["i"] == len(healthy.province.cities[SQL_CITY].table) + operations["d"]


@pytest.mark.postgresql
def test_a_front_end_database_on_postgresql_reads_back(tmp_path: Path) -> None:
    with postgresql_url() as url:
        reads_back(tmp_path, url)


@pytest.mark.mariadb
def test_a_front_end_database_on_mariadb_reads_back(tmp_path: Path) -> None:
    with mariadb_url() as url:
        reads_back(tmp_path, url)


def reads_back(folder: Path, url: str) -> None:
    province = build_province(12, 60, cities=[SQL_CITY], differences="none")
    with walking(province, folder, sql_urls={SQL_CITY: url}) as walk:
        assert came_back(walk, SQL_CITY) == has(walk, SQL_CITY)


def test_a_password_leaves_the_address_of_a_database_for_a_secret(tmp_path: Path) -> None:
    url = f"sqlite://reader:geheim@/{tmp_path}/front-end.sqlite"
    province = build_province(12, 60, cities=[SQL_CITY], differences="none")
    city = province.cities[SQL_CITY]
    text = city_file(city, sql_source(city, url))
    assert "geheim" not in text
    assert 'auth = { kind = "basic", user = "reader", secret = "CITYSYNC_SECRET_441700" }' in text


def test_secrets_stand_in_no_city_file_and_only_their_owner_reads_them(healthy: Walk, tmp_path: Path) -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in healthy.layout.cities.iterdir())
    healthy.layout.write_secrets(tmp_path / "secrets")
    for name, value in healthy.layout.secrets.items():
        assert re.search(name, texts)
        assert value not in texts
        assert value not in repr(healthy.layout)
        assert (tmp_path / "secrets" / name).read_text(encoding="utf-8") == value
        assert (tmp_path / "secrets" / name).stat().st_mode & 0o777 == 0o600


def test_a_city_can_be_made_to_misbehave_at_its_second_request(tmp_path: Path) -> None:
    def flap(_request: Request, number: int, honest: Answer) -> Answer:
        return Answer(b'{"code":500,"msg":"busy"}') if number == 2 else honest

    province = build_province(1, 130, cities=["440700"], differences="none")
    with walking(province, tmp_path, behaviours={"440700": flap}) as walk:
        with pytest.raises(Unreadable, match="busy"):
            walk.pull("440700")
        assert walk.server.requests["440700"] == 2
