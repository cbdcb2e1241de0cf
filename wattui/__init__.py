# SPDX-License-Identifier: GPL-3.0-or-later
"""Live power, current and voltage from Watts up? power meters, without losing a sample.

:func:`wattui.meter` returns the samples of a meter to iterate over, and
:func:`wattui.measure` measures the energy of a block of code.  All other public names are in
:mod:`wattui.api`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wattui.client import meter as meter

__version__ = "0.1.0"


#: The modules of the functions.
_FUNCTIONS = {"meter": "wattui.client", "measure": "wattui.benchmark.code_measurement"}


def __getattr__(name: str) -> Any:
    """Load a function when it is first used."""
    if name not in _FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_FUNCTIONS[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_FUNCTIONS})
