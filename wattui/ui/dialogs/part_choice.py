# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a session to save or export: all of it, the part in view, or the selection."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from traits.api import Callable, Enum, HasStrictTraits, Instance, Str, Tuple, Union

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.text import elapsed_text


class PartChoice(HasStrictTraits):
    """The part of a session to save or to export."""

    #: The session.
    session_path = Instance(Path)
    #: Which part.
    span = Enum("whole", "view", "selection")
    #: The part in view, and the selection or None: start and stop, in microseconds, UTC.
    view = Tuple((0, 0))
    selection = Union(None, Tuple)
    #: Keys of the meters that are plotted.
    plotted = Tuple()
    #: What the session replays, and how fast; empty for a measurement.
    replay = Str()
    #: Goes on with what was chosen.
    when_chosen = Callable()

    @classmethod
    def for_model(cls, model: Any) -> Self:
        """Return the choice for the session that a window shows."""
        view, bench = model.plots.view, model.bench
        return cls(
            session_path=bench.session_path,
            view=_microseconds((view.start, view.stop)),
            selection=None if view.selection is None else _microseconds(view.selection),
            plotted=tuple(key for key, _label, _colour in model.plots.meters),
            replay=bench.replay,
        )

    def bounds(self) -> tuple[int | None, int | None]:
        """Return start and stop in microseconds; None for the whole session."""
        if self.span == "whole":
            return None, None
        chosen = self.selection if self.span == "selection" else self.view
        return chosen or (None, None)

    def parts(self) -> dict[str, str]:
        """Return what can be chosen, with labels for an editor."""
        found = {
            "whole": "1:The whole session",
            "view": f"2:The part in view ({_length(self.view)})",
        }
        if self.selection is not None:
            found["selection"] = f"3:The selection ({_length(self.selection)})"
        return found


def _microseconds(span: tuple[float, float]) -> tuple[int, int]:
    return int(span[0] * MICROSECONDS), int(span[1] * MICROSECONDS)


def _length(span: tuple[int, int]) -> str:
    return elapsed_text((span[1] - span[0]) / MICROSECONDS)
