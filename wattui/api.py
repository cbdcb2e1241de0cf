# SPDX-License-Identifier: GPL-3.0-or-later
"""The public names, for programs and notebooks.

Iterate over the samples of a meter:

    >>> from wattui.api import meter
    >>> for sample in meter("sim://pro?load=lamp&speed=60"):
    ...     if 55 < sample["power"] < 65:
    ...         break

Watch a meter, as traits of an object:

    >>> import time
    >>> from wattui.api import Meter
    >>> lamp = Meter(url="sim://pro?load=lamp&speed=60")
    >>> seen = []
    >>> lamp.observe(lambda event: seen.append(event.new), "watts")
    >>> lamp.connect()
    >>> while not seen:
    ...     time.sleep(0.01)
    >>> lamp.disconnect()

Record one without Traits:

    >>> from wattui.api import MeterClient, SessionWriter
    >>> client = MeterClient("sim://pro?load=lamp&speed=60")
    >>> with SessionWriter("run.wattui") as writer:
    ...     client.add_listener(writer)
    ...     client.start()
    ...     time.sleep(0.5)
    ...     stopped = client.stop()

Read the recording:

    >>> from wattui.api import Session
    >>> with Session.open("run.wattui") as session:
    ...     lamp = session.meters[0]
    ...     powers = [sample["power"] for sample in session.samples(lamp.id)]
    ...     energy = session.statistics(lamp.id).energy_wh
    >>> 55 < powers[0] < 65 and energy > 0
    True

Only :class:`Meter` and :class:`Bench` need Traits, which is loaded when one of them is first
used.  Their views need Qt and Chaco, which are loaded when a view opens.  A name that is not
listed here may change from one version to the next.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from wattui.benchmark.code_measurement import CodeMeasurement, measure
from wattui.client import (
    ClientState,
    Conversation,
    Identified,
    MeterClient,
    SampleStream,
    identify,
    meter,
)
from wattui.desktop import display_check
from wattui.desktop.folders import sessions_folder
from wattui.errors import (
    Cancelled,
    DiskRefused,
    DisplayMissing,
    FormatError,
    LinkLost,
    MeterError,
    NoAnswer,
    NotAMeter,
    NotASession,
    OtherMeter,
    PortBusy,
    PortDenied,
    PortError,
    PortNotFound,
    PortUnknown,
    SessionDamaged,
    SessionError,
    SessionTooNew,
    SettingOutOfRange,
    UnknownField,
    UnknownMeter,
    WattuiError,
    WouldEraseMemory,
)
from wattui.formats import write, write_csv
from wattui.measurement.clock import Clock, time_us
from wattui.measurement.distribution import Distribution, OnOff
from wattui.measurement.energy import (
    counter_moved,
    difference_error_wh,
    energy_error_wh,
    energy_wh,
    ratio_error,
)
from wattui.measurement.events import Event, EventKind, Listener, MeterInfo
from wattui.measurement.fields import CHANNELS, FIELDS, Field
from wattui.measurement.sample import Sample
from wattui.measurement.steps import PowerStep
from wattui.ports.listing import PortInfo, PortProblem, list_ports
from wattui.ports.port import Port, open_port
from wattui.protocol import (
    Calibration,
    Command,
    FieldNames,
    FieldSelection,
    FramerCounts,
    FullHandling,
    FullHandlingReply,
    LoggingMode,
    LoggingState,
    Malformed,
    NetworkAction,
    NetworkAddress,
    Packet,
    PostTarget,
    ReadoutEnd,
    ReadoutStart,
    Record,
    RecordLimit,
    Reply,
    TcpLoggingStarted,
    UserParameters,
    Version,
    commands,
)
from wattui.session import (
    Annotations,
    Envelope,
    FieldStatistics,
    Gap,
    Mark,
    Session,
    SessionEvent,
    SessionMeter,
    SessionWriter,
    Span,
    Statistics,
    WriterStatus,
    new_session_path,
    open_checked,
)
from wattui.session.running import mark
from wattui.session.session_part import MeasuredEnergy, SessionPart

if TYPE_CHECKING:
    from wattui.model.bench import Bench
    from wattui.model.main_thread import MainThread, Wake
    from wattui.model.meter import Meter

__all__ = [
    "CHANNELS",
    "FIELDS",
    "Annotations",
    "Bench",
    "Calibration",
    "Cancelled",
    "ClientState",
    "Clock",
    "CodeMeasurement",
    "Command",
    "Conversation",
    "DiskRefused",
    "Distribution",
    "Envelope",
    "Event",
    "EventKind",
    "Field",
    "FieldNames",
    "FieldSelection",
    "FieldStatistics",
    "FormatError",
    "FramerCounts",
    "FullHandling",
    "FullHandlingReply",
    "Gap",
    "Identified",
    "LinkLost",
    "Listener",
    "LoggingMode",
    "LoggingState",
    "Malformed",
    "Mark",
    "MeasuredEnergy",
    "Meter",
    "MeterClient",
    "MeterError",
    "MeterInfo",
    "NetworkAction",
    "NetworkAddress",
    "NoAnswer",
    "NotAMeter",
    "NotASession",
    "OnOff",
    "OtherMeter",
    "Packet",
    "Port",
    "PortBusy",
    "PortDenied",
    "PortError",
    "PortInfo",
    "PortNotFound",
    "PortProblem",
    "PortUnknown",
    "PostTarget",
    "PowerStep",
    "ReadoutEnd",
    "ReadoutStart",
    "Record",
    "RecordLimit",
    "Reply",
    "Sample",
    "SampleStream",
    "Session",
    "SessionDamaged",
    "SessionError",
    "SessionEvent",
    "SessionMeter",
    "SessionPart",
    "SessionTooNew",
    "SessionWriter",
    "SettingOutOfRange",
    "Span",
    "Statistics",
    "TcpLoggingStarted",
    "UnknownField",
    "UnknownMeter",
    "UserParameters",
    "Version",
    "WattuiError",
    "WouldEraseMemory",
    "WriterStatus",
    "commands",
    "counter_moved",
    "difference_error_wh",
    "energy_error_wh",
    "energy_wh",
    "identify",
    "list_ports",
    "mark",
    "measure",
    "meter",
    "new_session_path",
    "open_checked",
    "open_port",
    "ratio_error",
    "sessions_folder",
    "time_us",
    "write",
    "write_csv",
]

#: The modules of the classes that need Traits, and the functions that make their views.
_MODELS = {
    "Bench": ("wattui.model.bench", "bench_view"),
    "Meter": ("wattui.model.meter", "meter_view"),
}


def __getattr__(name: str) -> Any:
    """Load Meter and Bench when one of them is first used; their views are loaded later."""
    if name not in _MODELS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from wattui.model.main_thread import MainThread
    from wattui.model.viewable import register

    # Read when Enthought's packages are first imported.
    os.environ.setdefault("QT_API", "pyqt5")
    os.environ.setdefault("ETS_TOOLKIT", "qt.qpainter")
    MainThread.running_loop = staticmethod(_running_loop)
    for model, (module, view) in _MODELS.items():
        globals()[model] = getattr(importlib.import_module(module), model)
        register(globals()[model], functools.partial(_make_view, view))
    return globals()[name]


def _draw_part(part: SessionPart, panels: Any, **options: Any) -> Any:
    """Draw a part of a session; Qt and Chaco are loaded for that."""
    os.environ.setdefault("QT_API", "pyqt5")
    os.environ.setdefault("ETS_TOOLKIT", "qt.qpainter")
    if "PyQt5.QtCore" not in sys.modules:
        try:
            display_check.check()
        except DisplayMissing:
            # A picture needs no screen.
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        picture = importlib.import_module("wattui.ui.figure.session_picture")
    except ModuleNotFoundError as error:
        raise display_check.package_missing(error.name or str(error)) from error
    return picture.draw_part(part, panels, **options)


SessionPart.drawer = staticmethod(_draw_part)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODELS})


def _make_view(name: str, model: Meter | Bench) -> Any:
    importlib.import_module("wattui.ui.plots.kiva_backend").choose()
    return getattr(importlib.import_module("wattui.ui.window.meter_view"), name)(model)


def _running_loop(main_thread: MainThread) -> Wake | None:
    """Return the wake-up of Qt's event loop; Qt itself is not loaded for that."""
    if "PyQt5.QtCore" not in sys.modules:
        return None
    from wattui.ui.window import qt_wakeup

    wake: Wake | None = qt_wakeup.running_loop(main_thread)
    return wake
