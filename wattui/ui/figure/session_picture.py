# SPDX-License-Identifier: GPL-3.0-or-later
"""The plot of a part of a session, for notebooks and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pyface.qt import QtGui

from wattui.measurement.fields import CHANNEL, require_fields
from wattui.measurement.text import TimeMode
from wattui.session.session_part import SessionPart
from wattui.ui.figure import figure_data, figure_file
from wattui.ui.figure.figure_page import FigureLayout, FigurePage
from wattui.ui.theme.palette import DARK, LIGHT

#: What is plotted by default, and the size in pixels.
_PANELS: Final = ("power+current", "integrated_energy")
_SIZE: Final = (960, 540)

#: The application, which must stay while there are pictures.
_applications: Final[list[QtGui.QApplication]] = []


class SessionPicture:
    """A plot that a notebook shows as SVG, and :meth:`save` writes."""

    def __init__(self, page: FigurePage) -> None:
        self._page = page

    def _repr_svg_(self) -> str:
        """Return it for a notebook."""
        return figure_file.svg_text(self._page)

    def save(self, path: Path | str, dpi: int = figure_file.DPI) -> None:
        """Write it as PNG, SVG or PDF, by the ending of the file's name.

        Parameters
        ----------
        path
            The file; an older one is replaced.
        dpi
            Pixels per inch of a PNG.

        Raises
        ------
        WattuiError
            It cannot be written, or would have too many pixels.
        """
        figure_file.save(self._page, Path(path), dpi)


def draw_part(
    part: SessionPart,
    panels: Sequence[str],
    *,
    size: tuple[int, int] = _SIZE,
    clock: bool = False,
    title: str = "",
    dark: bool = False,
) -> SessionPicture:
    """Draw a part of a session; see :meth:`SessionPart.plot`."""
    channels = [tuple(one.strip() for one in panel.split("+")) for panel in panels or _PANELS]
    names = tuple(dict.fromkeys(name for panel in channels for name in panel))
    require_fields(names, CHANNEL)
    if QtGui.QApplication.instance() is None:
        # Fonts need it.
        _applications.append(QtGui.QApplication(["wattui"]))
    session = part.session
    name = part.name or session.path.stem
    meters = [meter.id for meter in part.meters]
    run = figure_data.FigureRun(session, name, part.start_us, part.stop_us, meters)
    content = figure_data.read([run], names, size[0], aligned=not clock)
    layout = FigureLayout(
        *size,
        palette=DARK if dark else LIGHT,
        clock_mode=TimeMode.CLOCK if clock else TimeMode.ELAPSED,
        title=title,
    )
    return SessionPicture(FigurePage(content, tuple(channels), layout))
