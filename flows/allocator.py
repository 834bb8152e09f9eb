"""How this process gives memory back: a city's pages are large, alike and many, and each would be begged anew."""

from __future__ import annotations

import ctypes
import sys

_TRIM, _MAP = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
_KEPT = 128 * 2**20
_LARGEST = 32 * 2**20  # as much as glibc takes


def keep_freed_memory() -> bool:
    """Keep what is freed for the next page instead of giving it back at once; return whether this system can.

    Only glibc is asked: elsewhere the numbers may mean something else.
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None)
    return hasattr(libc, "gnu_get_libc_version") and bool(libc.mallopt(_TRIM, _KEPT) and libc.mallopt(_MAP, _LARGEST))
