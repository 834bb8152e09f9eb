"""Any other source: pulled whole, kept nowhere, and its rows looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from citysync.domain.city import City
from citysync.domain.errors import SourceError
from citysync.domain.snapshot import Grade, Snapshot
from connectors import pull
from connectors._door import Door
from flows.doctor.outcome import Link, Said, failed, passed
from flows.doctor.rows import ROWS, Sample


@dataclass
class Pulled:
    """A city behind a connector that has no links of its own to look at."""

    city: City
    door: Door
    today: date

    @cached_property
    def snapshot(self) -> Snapshot | SourceError:
        """Return the snapshot a pull gives, or why it gives none."""
        try:
            return pull(self.city, self.door)
        except SourceError as error:
            return error

    @property
    def sample(self) -> Sample:
        """Return the rows of the snapshot."""
        if isinstance(self.snapshot, SourceError):
            raise self.snapshot
        return Sample(self.city, self.snapshot.rows, self.snapshot.unknown_fields, self.today)


def pulls(source: Pulled) -> Said:
    """Does the source give its directory, and not a contradicted one?"""
    snapshot = source.snapshot
    if isinstance(snapshot, SourceError):
        return failed(str(snapshot), "请按原因处理")
    certificate = snapshot.certificate
    if certificate.grade is Grade.X:
        return failed(f"数据不完整：{'；'.join(certificate.problems)}", "请市里核对总数与分页")
    return passed(f"完整性 {certificate.grade}：{certificate.proof}")


LINKS: tuple[Link[Pulled], ...] = (Link("city.pull", pulls, holds=True), *ROWS)
