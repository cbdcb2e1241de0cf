# SPDX-License-Identifier: GPL-3.0-or-later
"""Live power, current and voltage from Watts up? power meters, without losing a sample.

:func:`wattui.open` opens a recorded session, :func:`wattui.meter` returns the samples of a meter to
iterate over, and :func:`wattui.measure` measures the energy of a block of code.  All other
public names are in :mod:`wattui.api`.
"""

from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wattui.client import meter as meter
    from wattui.session.reader import Session

    open = Session.open

__version__ = "0.1.0"


#: The modules of the functions.
_FUNCTIONS = {
    "meter": ("wattui.client", "meter"),
    "measure": ("wattui.benchmark.code_measurement", "measure"),
    "open": ("wattui.api", "Session.open"),
}


def __getattr__(name: str) -> Any:
    """Load a function when it is first used."""
    if name not in _FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, function = _FUNCTIONS[name]
    return attrgetter(function)(import_module(module))


def __dir__() -> list[str]:
    return sorted({*globals(), *_FUNCTIONS})
