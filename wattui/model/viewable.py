# SPDX-License-Identifier: GPL-3.0-or-later
"""The default views of the models, which the layers above register.

A model knows no toolkit.  :mod:`wattui.api` registers where the view of a class is found, and
it is loaded when it is first needed, as by ``configure_traits()``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from traits.api import HasStrictTraits

#: Metadata of a trait that is internal to the program.
PRIVATE: Final[dict[str, Any]] = {"visible": False, "editable": False}

#: Makes the default view of an object, by the object's class.
_makers: dict[type, Callable[[Any], Any]] = {}


def register(model: type, make_view: Callable[[Any], Any]) -> None:
    """Register ``make_view(object)``, which returns the default TraitsUI view of a class."""
    _makers[model] = make_view


def declared(trait: Any) -> Any:
    """Return a trait whose type, for type checkers, is the annotation beside it."""
    return trait


class Viewable(HasStrictTraits):
    """A model with a registered default view; traits that are not ``visible`` are private."""

    def trait_view(self, name: Any = None, view_element: Any = None) -> Any:
        """Return the registered view, unless a view is named or none is registered."""
        if not name and view_element is None:
            for kind in type(self).__mro__:
                if kind in _makers:
                    return _makers[kind](self)
        return super().trait_view(name, view_element)

    def print_traits(self, show_help: bool = False, **metadata: Any) -> None:
        """Print the names and values of the public traits."""
        if not metadata:
            metadata = {
                "type": lambda kind: kind != "event",
                "visible": lambda visible: visible is not False,
            }
        super().print_traits(show_help, **metadata)
