# SPDX-License-Identifier: GPL-3.0-or-later
"""Live power, current and voltage from Watts up? power meters, without losing a sample.

:func:`wattui.meter` returns the samples of a meter to iterate over.  All other public names
are in :mod:`wattui.api`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wattui.client import meter as meter

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load :func:`meter` when it is first used."""
    if name != "meter":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("wattui.client").meter


def __dir__() -> list[str]:
    return sorted({*globals(), "meter"})
