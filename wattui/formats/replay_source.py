# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions and old files as simulated meters: ``sim://pro?replay=run.wattui&meter=2``.

The records keep their distances and gaps. The meter's clock, and so the whole program, runs at
the speed in the URL.  :func:`install` lets the simulator open such files; a file that is not a
session is imported into a temporary one.
"""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import quote

from wattui.errors import FormatError, WattuiError
from wattui.formats import raw_capture
from wattui.formats.import_files import import_files
from wattui.formats.reading.source import Assumptions, Progress
from wattui.formats.registry import detect, is_session
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import MeterInfo
from wattui.protocol.models import find_model
from wattui.session import Session, sound_copy
from wattui.session.schema import SUFFIX
from wattui.simulator.replays import ReplayRequest, TimedRecord, TimedReplay, add_source
from wattui.simulator.sim_url import parse_url

#: Seconds, in real time, for the last records of a replay to reach the session.
GRACE: Final = 0.5

#: Bytes of a file's name that leave room for the suffixes of a session and its draft.
_LONGEST_NAME: Final = 200

_open: weakref.WeakValueDictionary[str, TimedReplay] = weakref.WeakValueDictionary()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class ReplayPort:
    """One meter of a recording, as a port to connect to."""

    url: str
    info: MeterInfo
    samples: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording that is ready for replay."""

    #: The session; temporary where an old file was given.
    path: Path
    ports: tuple[ReplayPort, ...]
    #: Seconds from its start to its end.
    duration: float
    #: Assumptions about a file of another format.
    notes: tuple[str, ...] = ()
    #: What is wrong with a damaged session, which is replayed as far as it can be read.
    damage: tuple[str, ...] = ()

    def at_speed(self, speed: float) -> tuple[ReplayPort, ...]:
        """Return its ports at another speed."""
        numbered = enumerate(self.ports, 1)
        return tuple(
            replace(port, url=_url(self.path, n, port.info, speed)) for n, port in numbered
        )


def over_for(urls: Sequence[str]) -> float:
    """Return how many real seconds ago the last record of these ports was sent; 0.0 before.

    A port that replays a raw capture, or nothing, is never over.
    """
    options = [parse_url(url) for url in urls]
    with _lock:
        replays = [_open.get(f"{one.replay} {one.meter}") for one in options]
    return min((0.0 if one is None else one.over_for() for one in replays), default=0.0)


def prepare(
    path: Path,
    speed: float = 1.0,
    assumptions: Assumptions | None = None,
    folder: Path | None = None,
    *,
    strict: bool = False,
    keep_changed: bool = False,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Recorded:
    """Make a session or an old file ready for replay.

    Parameters
    ----------
    speed
        How many times as fast as it was recorded.
    folder
        Folder for the temporary session of an old file; the caller removes it.
    strict, keep_changed
        What to do with a damaged session: see :func:`wattui.session.open_checked`.
    progress, cancelled
        Reports how much of an old file is read, and checks whether to end: see
        :func:`~wattui.formats.import_files.import_files`.

    Raises
    ------
    FormatError, SessionError
        The file cannot be read.
    Cancelled
        *cancelled* returned True.
    """
    install()
    notes: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()
    folder = folder or Path(tempfile.mkdtemp(prefix="wattui-replay-"))
    if is_session(path) or (path.suffix == SUFFIX and not path.is_file()):
        path, damage = sound_copy(
            path, folder, strict=strict, keep_changed=keep_changed, cancelled=cancelled
        )
    else:
        # The replay is named after it: "fan.raw at 60x".
        short = len(os.fsencode(path.name)) <= _LONGEST_NAME
        target = folder / f"{path.name if short else 'recording'}{SUFFIX}"
        notes = tuple(import_files([path], target, assumptions, progress, cancelled).notes)
        path = target
    path = path.absolute()
    with Session.open(path) as session:
        span = session.span_us() or (0, 0)
        ports = tuple(
            ReplayPort(_url(path, number, meter.info, speed), meter.info, session.count(meter.id))
            for number, meter in enumerate(session.meters, 1)
        )
    with _lock:
        # They may belong to an earlier replay that has ended.
        for number in range(len(ports)):
            _open.pop(f"{path} {number + 1}", None)
    return Recorded(path, ports, (span[1] - span[0]) / MICROSECONDS, notes, damage)


def _url(path: Path, number: int, info: MeterInfo, speed: float) -> str:
    try:
        model = find_model(info.model).name
    except ValueError:
        model = "blind" if info.model.lower().startswith("blind") else "pro"
    url = f"sim://{model}?replay={quote(os.fsencode(path))}&meter={number}&speed={speed:.15g}"
    return f"{url}&serial={quote(info.serial_number)}" if info.serial_number else url


def install() -> None:
    """Let ``sim://`` URLs replay sessions and every file that can be imported."""
    add_source(_open_replay)


def _open_replay(wanted: ReplayRequest) -> TimedReplay | None:
    """Open a recording; None for raw captures and unknown files, which the simulator reads."""
    if not wanted.path.is_file():
        return None
    try:
        if is_session(wanted.path):
            return _replay(wanted, wanted.path, None)
        try:
            known = detect(wanted.path)
        except FormatError:
            return None
        if known is raw_capture.FORMAT:
            return None
        folder = tempfile.TemporaryDirectory(prefix="wattui-replay-")
        temporary = Path(folder.name) / "run.wattui"
        try:
            import_files([wanted.path], temporary)
            return _replay(wanted, temporary, folder)
        except BaseException:
            folder.cleanup()
            raise
    except WattuiError as error:
        raise ValueError(str(error)) from error


def _close(session: Session, folder: tempfile.TemporaryDirectory[str] | None) -> None:
    session.close()
    if folder is not None:
        folder.cleanup()


def _replay(
    wanted: ReplayRequest, path: Path, folder: tempfile.TemporaryDirectory[str] | None
) -> TimedReplay:
    session = Session.open(path)
    meters = session.meters
    if wanted.meter > len(meters):
        session.close()
        raise ValueError(f"no meter {wanted.meter} in {wanted.path}; there are {len(meters)}")
    found = meters[wanted.meter - 1]
    span = session.span_us()
    begin = span[0] if span is not None else 0

    def records() -> Iterator[TimedRecord]:
        last = begin
        for sample in session.samples(found.id):
            yield TimedRecord((sample.time_us - last) / MICROSECONDS, sample.values)
            last = sample.time_us

    try:
        replay = TimedReplay(records, loop=wanted.loop, rewind=wanted.rewind)
    except ValueError:
        session.close()
        raise ValueError(f"there is no record of meter {wanted.meter} in {wanted.path}") from None
    weakref.finalize(replay, _close, session, folder)
    with _lock:
        _open[f"{wanted.path} {wanted.meter}"] = replay
    return replay
