# SPDX-License-Identifier: GPL-3.0-or-later
"""The default views of a meter and of a bench: the parts of the main window in any window.

One editor shows all of it, in a separate window or in that of another program.  Plots are drawn
from a session file alone.  A meter that is not recorded is recorded into a temporary file while
a view of it is open; nothing claims that it is saved.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
import uuid
import weakref
from pathlib import Path
from typing import Final

from pyface.qt import QtGui
from traits.api import Instance
from traitsui.api import UI, BasicEditorFactory, Handler, UIInfo, UItem, View
from traitsui.qt.editor import Editor

from wattui.desktop.preferences_file import PreferencesFile
from wattui.model.bench import Bench
from wattui.model.meter import Meter
from wattui.ports.listing import list_ports
from wattui.ui.plots import paint_guard
from wattui.ui.theme.palette import DARK, LIGHT
from wattui.ui.theme.style_sheet import base_size, qt_palette, style_sheet
from wattui.ui.widgets.screen_fit import fit_to_screen
from wattui.ui.window.handler import ViewHandler
from wattui.ui.window.main_view import parts
from wattui.ui.window.main_window import services
from wattui.ui.window.qt_wakeup import QtWake
from wattui.ui.window.window_model import WindowModel

#: Size of a window that shows such a view, in pixels.
WIDTH: Final = 1080
HEIGHT: Final = 680

#: Where temporary files go; found here, since the search tries to write.
_TEMPORARY: Final = Path(tempfile.gettempdir())


class _Shown:
    """A bench that is shown by views, and its services while one of them is open."""

    def __init__(self, model: Meter | Bench) -> None:
        self.views = 0
        self.model = model
        self._meter: Meter | None = None
        self._wake = QtWake(model.main_thread)
        self._wake.start()
        if isinstance(model, Bench):
            self.bench = model
            return
        self._meter = model
        folder = _TEMPORARY / f"wattui-{uuid.uuid4()}"
        make = functools.partial(folder.mkdir, mode=0o700, exist_ok=True)
        model.main_thread.run("temporary folder", make)
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.bench = Bench(main_thread=model.main_thread, folder=folder, temporary=True)
        self.bench.adopt(model)

    def close(self) -> None:
        """Leave the meter as it was, and delete what was recorded for the plots."""
        if self._meter is not None:
            self.bench.let_go(self._meter)
            self.bench.close()
            self.bench.main_thread.run("removal of temporary files", self._remove)
        self._wake.release()


#: The open ones, by meter or bench.
_shown: Final[weakref.WeakKeyDictionary[Meter | Bench, _Shown]] = weakref.WeakKeyDictionary()


def _open(model: Meter | Bench) -> _Shown:
    """Return what is shown of a meter or bench; its views share it."""
    if isinstance(model, Meter) and model.bench is not None and not model.bench.temporary:
        model.bench.meter = model
        model = model.bench
    if model not in _shown:
        _shown[model] = _Shown(model)
    _shown[model].views += 1
    return _shown[model]


def _close(shown: _Shown) -> None:
    shown.views -= 1
    if not shown.views:
        _shown.pop(shown.model)
        shown.close()


class _PartsEditor(Editor):
    """Shows the parts of the main window for the meter or bench that it edits."""

    _view = Instance(UI)

    def init(self, parent: object) -> None:
        """Make the parts; a meter that is not recorded is recorded from now on."""
        paint_guard.install()
        shown = _open(self.object)
        application = QtGui.QApplication.instance()
        dark = application.palette().color(QtGui.QPalette.ColorRole.Window).lightness() < 128
        palette = DARK if dark else LIGHT
        model = WindowModel(bench=shown.bench, palette=palette)
        meter = shown.bench.meter
        if meter is not None and meter.url:
            model.trait_set(port=meter.url, port_chosen=True, interval=meter.interval)
        handler = ViewHandler(
            when_closed=lambda: _close(shown),
            **services(model, PreferencesFile(), list_ports, ""),
        )
        model.refresh()
        # Another application keeps its colours: these are for this widget only.
        self.control = QtGui.QWidget()
        self.control.setPalette(qt_palette(palette))
        self.control.setStyleSheet(style_sheet(palette, base_size(application)))
        self._view = model.edit_traits(
            view=View(parts(), resizable=True),
            kind="subpanel",
            parent=self.control,
            handler=handler,
        )
        layout = QtGui.QVBoxLayout(self.control)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view.control)

    def update_editor(self) -> None:
        """Do nothing: the parts follow the meter themselves."""

    def dispose(self) -> None:
        """Stop what was started for the view."""
        self._view.dispose()
        super().dispose()


class PartsEditor(BasicEditorFactory):
    """Editor of any trait of a meter or bench: shows the object itself."""

    klass = _PartsEditor


def meter_view(meter: Meter) -> View:
    """Return the default view of a meter."""
    return _view("url", f"{meter.label} – wattui" if meter.url else "wattui")


def bench_view(_bench: Bench) -> View:
    """Return the default view of a bench."""
    return _view("currency", "wattui")


def _view(trait: str, title: str) -> View:
    item = UItem(trait, editor=PartsEditor(), resizable=True, springy=True)
    size = {"width": WIDTH, "height": HEIGHT, "resizable": True}
    return View(item, title=title, handler=_WindowHandler(), **size)


class _WindowHandler(Handler):
    """Keeps a window that shows such a view inside the screen."""

    def init(self, info: UIInfo) -> bool:
        """Fit the window once it opens."""
        fit_to_screen(info.ui.control)
        return True
