"""One file per question. A file's name is its registration; nothing else lists the checks.

Each module has a Chinese docstring that asks its question, and

``LABEL``: the Chinese word for it; ``SEVERITY``; ``FAULT``: whose side it is on; ``AXIS``: which question of the
verdict an error answers; ``GRACED``: does it compare with the master, so that a change of the master starts a grace;
``HINT``: what to do for one finding, with ``{label} {expected} {actual} {code} {name} {areacode}`` filled in;
``REMEDY``: what to do for all of them, as the verdict says it;
``find(match)``: the columns ``PLACE``, ``graced`` (Boolean) where the rows differ in that, and ``remark`` (text put
behind the hint, or null) where there is more to say.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


@cache
def all_checks() -> dict[str, ModuleType]:
    """Return every check by name, in name order."""
    names = sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
    return {name: import_module(f"{__name__}.{name}") for name in names}
