# SPDX-License-Identifier: GPL-3.0-or-later
"""A plot stack in a window without a screen, and sessions to show in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from event_loop import application, wait_for
from pyface.qt import QtCore, QtGui

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELD_COUNT, FIELD_INDEX
from wattui.measurement.sample import Sample
from wattui.model.main_thread import MainThread
from wattui.session import SessionWriter
from wattui.ui.plots import paint_guard
from wattui.ui.plots.plot_stack import PlotStack
from wattui.ui.theme.palette import rgb
from wattui.ui.window.qt_wakeup import QtWake

#: When the sessions of the tests begin: seconds, UTC.
START = 1_795_442_700.0


def sample(second, power=42.3, interval=1.0, gap=0.0, **others):
    """Return a record that ends at a second after START."""
    values = [0] * FIELD_COUNT
    fields = {"power": round(power * 10), "voltage": 1200, "current": 361, "frequency": 600}
    for name, value in {**fields, **others}.items():
        values[FIELD_INDEX[name]] = value
    return Sample(
        round((START + second) * MICROSECONDS),
        round(interval * MICROSECONDS),
        tuple(values),
        round(gap * MICROSECONDS),
    )


class Recording:
    """A session of some meters that continues as long as a test needs it."""

    def __init__(self, folder, names=("server",)):
        self.path = Path(folder) / "run.wattui"
        self.meters = [
            MeterInfo(f"A8001{n}", f"/dev/ttyUSB{n}", name) for n, name in enumerate(names)
        ]
        self.writer = SessionWriter(self.path)
        for meter in self.meters:
            self.writer.on_event(meter, Event(round(START * MICROSECONDS), EventKind.STARTED))

    def add(self, samples, meter=0, wait=True):
        """Record samples and wait until they are on disk."""
        if not wait:
            self.writer.on_samples(self.meters[meter], samples)
            return
        import threading

        done = threading.Event()
        wanted = samples[-1].time_us

        class Waiter:
            def on_samples(self, _meter, batch):
                if batch[-1].time_us >= wanted:
                    done.set()

            def on_event(self, _meter, _event):
                pass

        self.writer.add_listener(Waiter())
        self.writer.on_samples(self.meters[meter], samples)
        assert done.wait(10.0)

    def mark(self, second, text):
        """Set a mark."""
        time_ = round((START + second) * MICROSECONDS)
        self.writer.on_event(self.meters[0], Event(time_, EventKind.MARK, text))

    def close(self):
        """End the recording."""
        self.writer.close()


class PlotWindow:
    """A stack and the widget that shows it."""

    def __init__(self, width=900, height=640, post=None, **traits):
        from enable.api import Window

        application()
        paint_guard.install()
        paint_guard.failures.clear()
        self.main_thread = MainThread()
        self._wake = QtWake(self.main_thread)
        self._wake.start()
        self.stack = PlotStack(post or self.main_thread.post, **traits)
        self.window = Window(None, size=(width, height), component=self.stack.component)
        self.control = self.window.control
        self.control.resize(width, height)
        self.control.show()
        application().processEvents()

    def next_frame(self, action=None):
        """Do something, and wait until new data is drawn.

        Without an action, wait for the first data.
        """
        frames = 0 if action is None else self.stack.frames
        if action is not None:
            action()
        wait_for(lambda: self.stack.frames > frames, what="a frame with new data")
        self.settle()

    def settle(self):
        """Wait until all reading has finished, and draw."""
        stack = self.stack
        wait_for(lambda: not stack._pace._timer.isActive() and not stack.reading, what="quiet")
        self.control.repaint()

    def close(self):
        """Close stack and widget."""
        assert self.stack.close()
        self.control.close()

    def image(self):
        """Return the pixels, shape (height, width, 3), each from 0 to 1."""
        self.control.repaint()
        picture = self.control.grab().toImage().convertToFormat(QtGui.QImage.Format_RGB32)
        bits = picture.constBits()
        bits.setsize(picture.sizeInBytes())
        shape = (picture.height(), picture.bytesPerLine() // 4, 4)
        pixels = np.frombuffer(bytes(bits), np.uint8).reshape(shape)[:, : picture.width()]
        return pixels[:, :, 2::-1] / 255

    def where(self, colour, plot=None, tolerance=0.12):
        """Return the pixels of a colour, as (x, y) in Enable's coordinates, shape (n, 2).

        With *plot*, return only those inside it.
        """
        image = self.image()
        near = np.abs(image - np.array(rgb(colour))).max(axis=2) < tolerance
        rows, columns = np.nonzero(near)
        found = np.column_stack((columns, image.shape[0] - 1 - rows))
        if plot is None:
            return found
        inside = (found[:, 0] > plot.x) & (found[:, 0] < plot.x2)
        inside &= (found[:, 1] > plot.y) & (found[:, 1] < plot.y2)
        return found[inside]

    # --- mouse and keys -----------------------------------------------------------------

    def _send(self, kind, x, y, button, buttons, modifiers):
        position = QtCore.QPointF(x, self.control.height() - 1 - y)
        event = QtGui.QMouseEvent(kind, position, button, buttons, modifiers)
        application().sendEvent(self.control, event)

    def press(self, x, y, modifiers=QtCore.Qt.NoModifier):
        """Press the left button."""
        left = QtCore.Qt.LeftButton
        self._send(QtCore.QEvent.MouseButtonPress, x, y, left, left, modifiers)

    def move(self, x, y, buttons=QtCore.Qt.NoButton, modifiers=QtCore.Qt.NoModifier):
        """Move the pointer."""
        self._send(QtCore.QEvent.MouseMove, x, y, QtCore.Qt.NoButton, buttons, modifiers)

    def release(self, x, y, modifiers=QtCore.Qt.NoModifier):
        """Release the left button."""
        left, none = QtCore.Qt.LeftButton, QtCore.Qt.NoButton
        self._send(QtCore.QEvent.MouseButtonRelease, x, y, left, none, modifiers)

    def drag(self, start, stop, modifiers=QtCore.Qt.NoModifier):
        """Drag from (x, y) to (x, y) in several steps."""
        self.press(*start, modifiers)
        for share in (0.2, 0.6, 1.0):
            x = start[0] + share * (stop[0] - start[0])
            y = start[1] + share * (stop[1] - start[1])
            self.move(x, y, QtCore.Qt.LeftButton, modifiers)
        self.release(*stop, modifiers)

    def double_click(self, x, y):
        """Click twice."""
        self.press(x, y)
        self.release(x, y)
        left = QtCore.Qt.LeftButton
        none = QtCore.Qt.NoModifier
        self._send(QtCore.QEvent.MouseButtonDblClick, x, y, left, left, none)
        self.release(x, y)

    def wheel(self, x, y, notches=1, modifiers=QtCore.Qt.NoModifier):
        """Turn the wheel, away from the user if positive."""
        position = QtCore.QPointF(x, self.control.height() - 1 - y)
        event = QtGui.QWheelEvent(
            position,
            self.control.mapToGlobal(position.toPoint()),
            QtCore.QPoint(0, 0),
            QtCore.QPoint(0, 120 * notches),
            QtCore.Qt.NoButton,
            modifiers,
            QtCore.Qt.NoScrollPhase,
            False,
        )
        application().sendEvent(self.control, event)

    def leave(self):
        """Move the pointer out of the widget."""
        application().sendEvent(self.control, QtCore.QEvent(QtCore.QEvent.Leave))

    def key(self, key):
        """Press and release a key."""
        for kind in (QtCore.QEvent.KeyPress, QtCore.QEvent.KeyRelease):
            event = QtGui.QKeyEvent(kind, key, QtCore.Qt.NoModifier)
            application().sendEvent(self.control, event)
