# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the memory of a program with many threads flat, for months.

The GNU C library gives threads heaps of their own, up to eight for each core, and each of
them stays as large as it once was: a recording of twelve meters grew from 80 to 117 MiB in a
week of simulated time, of which 37 MiB were free.  The threads of Python take turns anyway, so
one heap for all of them costs nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from typing import Final

#: The number of heaps, as ``mallopt`` of the GNU C library calls it.
_ARENA_MAX: Final = -8


def share_heap() -> None:
    """Make all threads allocate from one heap, from now on; there must be no threads yet.

    Where another C library, or a user by ``MALLOC_ARENA_MAX``, decides that, nothing changes.
    """
    if sys.platform != "linux" or "MALLOC_ARENA_MAX" in os.environ:
        return
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)
