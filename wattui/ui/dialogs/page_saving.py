# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures and reports of what a window shows: read and written in the background.

Only the drawing is done on the main thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pyface.qt import QtCore, QtGui

from wattui.errors import Cancelled
from wattui.measurement.text import size_text
from wattui.report.report_content import ReportContent, read_content
from wattui.session import Session
from wattui.session.checked import read_checked
from wattui.session.destination import write_guarded
from wattui.ui.figure.figure_data import FigureContent, FigureRun, read
from wattui.ui.figure.figure_file import figure_bytes
from wattui.ui.figure.figure_page import FigureLayout, FigurePage
from wattui.ui.figure.report_file import plots_of, read_figure, report_bytes
from wattui.ui.widgets.background_task import BackgroundTask, Report

#: A function of no arguments that returns whether to end.
Ended = Callable[[], bool]


@dataclass(frozen=True)
class ShownPart:
    """The part of a session, its meters and fields, and how times are shown."""

    session: Path
    start: int | None
    stop: int | None
    #: Keys of the meters; empty for all.
    meters: Sequence[str]
    channels: Sequence[str]
    clock_mode: str

    def ids(self, session: Session) -> list[int] | None:
        """Return the ids of the meters; None for all."""
        chosen = [one.id for one in session.meters if one.info.key in self.meters]
        return chosen or None


class PageKind(Protocol):
    """What is saved: how it is read, and how it is drawn."""

    @property
    def name(self) -> str:
        """Its name in messages, with its article."""

    @property
    def part(self) -> ShownPart:
        """What it is about."""

    def read(self, session: Session, report: Report, cancelled: Ended) -> Any:
        """Read what it shows: on a worker."""

    def draw(self, content: Any, path: Path) -> bytes:
        """Return the file: on the main thread."""


@dataclass(frozen=True)
class Picture:
    """A picture of the plots."""

    part: ShownPart
    layout: FigureLayout
    dpi: int
    name: str = "the picture"

    def read(self, session: Session, _report: Report, _cancelled: Ended) -> FigureContent:
        """Read the curves."""
        part = self.part
        run = FigureRun(session, part.session.stem, part.start, part.stop, part.ids(session))
        aligned = self.layout.clock_mode != "clock"
        return read([run], part.channels, self.layout.width, aligned=aligned)

    def page(self, content: FigureContent) -> FigurePage:
        """Lay out the plots: one per field."""
        return FigurePage(content, [(name,) for name in self.part.channels], self.layout)

    def draw(self, content: FigureContent, path: Path) -> bytes:
        """Return the file."""
        return figure_bytes(self.page(content), path.suffix, self.dpi)


@dataclass(frozen=True)
class ReportPages:
    """A report."""

    part: ShownPart
    title: str
    above: float | None
    name: str = "the report"

    def read(
        self, session: Session, report: Report, cancelled: Ended
    ) -> tuple[ReportContent, FigureContent]:
        """Read figures and curves."""
        part = self.part
        content = read_content(
            session,
            part.session.name,
            part.start,
            part.stop,
            part.ids(session),
            title=self.title,
            above=self.above,
            damage=session.damage,
            progress=report,
            cancelled=cancelled,
        )
        aligned = part.clock_mode != "clock"
        return content, read_figure(session, content, part.channels, aligned=aligned)

    def draw(self, found: tuple[ReportContent, FigureContent], path: Path) -> bytes:
        """Return the file."""
        content, figure = found
        panels = [(name,) for name in self.part.channels]
        return report_bytes(content, plots_of(figure, panels, self.part.clock_mode), path.suffix)


class PageSaving:
    """Saves a picture or a report, or copies a picture.  Main thread only.

    Parameters
    ----------
    model
        The window's model, which shows the progress and the result.
    kind
        What is saved.
    """

    def __init__(self, model: Any, kind: PageKind) -> None:
        self._model = model
        self._kind = kind

    def save(self, path: Path) -> None:
        """Read, draw and write it."""
        self._read(lambda content: self._write(path, self._kind.draw(content, path)))

    def copy(self, clipboard: Any, picture: Picture) -> None:
        """Read and draw it, and put it on the clipboard: as pixels and as SVG."""

        def drawn(content: FigureContent) -> None:
            page = picture.page(content)
            data = QtCore.QMimeData()
            data.setImageData(QtGui.QImage.fromData(figure_bytes(page, ".png", picture.dpi)))
            data.setData("image/svg+xml", figure_bytes(page, ".svg"))
            clipboard.setMimeData(data)
            self._model.message = "Copied the picture"

        self._read(drawn)

    def _read(self, then: Callable[[Any], None]) -> None:
        kind = self._kind
        source = kind.part.session

        def work(report: Report, cancelled: Ended) -> Any:
            return read_checked(
                source, lambda session: kind.read(session, report, cancelled), cancelled=cancelled
            )

        self._task("Reading").run(work, self._guarded(then), self._failed)

    def _write(self, path: Path, data: bytes) -> None:
        def work(_report: Report, cancelled: Ended) -> None:
            if cancelled():
                raise Cancelled(f"{self._kind.name} was cancelled")
            write_guarded(path, data, [self._kind.part.session])

        def written(_done: None) -> None:
            self._model.message = f"Saved {path} ({size_text(len(data))})"

        self._task("Writing").run(work, written, self._failed)

    def _task(self, doing: str) -> BackgroundTask:
        words = f"{doing} {self._kind.name}"
        loss = f"{self._kind.name[:1].upper()}{self._kind.name[1:]} is not saved."
        return BackgroundTask(self._model, self._kind.name, lambda *_: words, loss)

    def _guarded(self, then: Callable[[Any], None]) -> Callable[[Any], None]:
        """Return a function that reports the errors of drawing."""

        def run(content: Any) -> None:
            try:
                then(content)
            except Exception as error:  # noqa: BLE001 - it becomes a message in the window
                self._failed(error)

        return run

    def _failed(self, error: Exception) -> None:
        if isinstance(error, Cancelled):
            self._model.message = "Cancelled; no file was left behind"
        else:
            self._model.message = f"Not saved: {error}"
