"""Who looks at the pages: a role, and for a city's people their city."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody may be allowed to do; a policy names the roles it admits."""

    PROVINCE_ADMIN = "province_admin"
    PROVINCE_READER = "province_reader"
    CITY = "city"
    PUBLIC = "public"


ROLE_LABELS = {
    Role.PROVINCE_ADMIN: "省级管理员",
    Role.PROVINCE_READER: "省级只读",
    Role.CITY: "市级（本市）",
    Role.PUBLIC: "公开",
}


@dataclass(frozen=True, slots=True)
class Principal:
    """One person or program. ``city_code``: the only city it may see; None for the province's and the public's."""

    name: str
    role: Role
    city_code: str | None = None

    def __post_init__(self) -> None:
        if (self.role is Role.CITY) != (self.city_code is not None):
            raise ValueError("a city's principal has a city, and nobody else has")

    def may_see(self, city_code: str) -> bool:
        """Return whether this one may know anything of a city."""
        if self.role is Role.CITY:
            return city_code == self.city_code
        return self.role in {Role.PROVINCE_ADMIN, Role.PROVINCE_READER}


NOBODY = Principal("", Role.PUBLIC)
