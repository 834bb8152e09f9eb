"""Handing a receipt over as files in a folder the city's staff look into."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from citysync.domain.errors import DeliveryError


def deliver(files: Sequence[Path], folder: Path) -> str:
    """Return the folder the files were written into; they were written whole, by ``reports.receipt``, or not at all.

    Raises ``DeliveryError`` where one of them is not there.
    """
    lost = [path.name for path in files if not (folder / path.name).is_file()]
    if lost:
        raise DeliveryError(f"回执文件不在 {folder}：{'、'.join(lost)}；请检查文件夹权限与磁盘空间", permanent=False)
    return str(folder)
