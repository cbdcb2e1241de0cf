# SPDX-License-Identifier: GPL-3.0-or-later
"""The public names: what programs and notebooks may build on.

None of it needs Qt, Traits or a display.  Reading a recording::

    from wattui.api import Session

    with Session.open("run.wattui") as session:
        meter = session.meters[0]
        print(session.statistics(meter.id).energy_wh)
        for sample in session.samples(meter.id):
            print(sample.time, sample["power"])

Recording one::

    from wattui.api import MeterClient, SessionWriter, new_session_path

    client = MeterClient("/dev/ttyUSB0")
    with SessionWriter(new_session_path("lamp")) as writer:
        client.add_listener(writer)
        client.start()
        ...
        client.stop()

Whatever is not named here may change from one version to the next.
"""

from __future__ import annotations

from wattui.client import ClientState, Identified, MeterClient, identify
from wattui.desktop.folders import sessions_folder
from wattui.errors import (
    Cancelled,
    DiskRefused,
    FormatError,
    LinkLost,
    MeterError,
    NoAnswer,
    NotAMeter,
    NotASession,
    PortBusy,
    PortDenied,
    PortError,
    PortNotFound,
    PortUnknown,
    SessionDamaged,
    SessionError,
    SessionTooNew,
    SettingOutOfRange,
    WattuiError,
    WouldEraseMemory,
)
from wattui.formats import write, write_csv
from wattui.measurement.energy import counter_moved, energy_error_wh, energy_wh
from wattui.measurement.events import Event, EventKind, Listener, MeterInfo
from wattui.measurement.fields import CHANNELS, FIELDS, Field
from wattui.measurement.sample import Sample
from wattui.ports.listing import PortInfo, list_ports
from wattui.ports.port import open_port
from wattui.session import Session, SessionWriter, new_session_path

__all__ = [
    "CHANNELS",
    "FIELDS",
    "Cancelled",
    "ClientState",
    "DiskRefused",
    "Event",
    "EventKind",
    "Field",
    "FormatError",
    "Identified",
    "LinkLost",
    "Listener",
    "MeterClient",
    "MeterError",
    "MeterInfo",
    "NoAnswer",
    "NotAMeter",
    "NotASession",
    "PortBusy",
    "PortDenied",
    "PortError",
    "PortInfo",
    "PortNotFound",
    "PortUnknown",
    "Sample",
    "Session",
    "SessionDamaged",
    "SessionError",
    "SessionTooNew",
    "SessionWriter",
    "SettingOutOfRange",
    "WattuiError",
    "WouldEraseMemory",
    "counter_moved",
    "energy_error_wh",
    "energy_wh",
    "identify",
    "list_ports",
    "new_session_path",
    "open_port",
    "sessions_folder",
    "write",
    "write_csv",
]
