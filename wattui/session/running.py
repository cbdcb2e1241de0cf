# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions that are being recorded, by this program or another one, and marks set in them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wattui.desktop.folders import sessions_folder
from wattui.errors import SessionError
from wattui.measurement.clock import microseconds
from wattui.session.annotations import Annotations, Mark
from wattui.session.lock import is_being_written, writing_process
from wattui.session.reader import Session
from wattui.session.schema import SUFFIX

_HOW_TO_NAME: Final = "Name one of them with --session, or the port of one of its meters"


@dataclass(frozen=True, slots=True)
class RunningSession:
    """A session that is being recorded."""

    path: Path
    #: The process that records it.
    process: str
    #: End of its last interval, in microseconds since 1970, UTC.
    last_us: int
    #: Labels of its meters, and their ports.
    labels: tuple[str, ...]
    ports: tuple[str, ...]

    def __str__(self) -> str:
        """Return its name and its meters: ``run.wattui (lamp)``."""
        return f"{self.path.name} ({', '.join(self.labels)})"


def running_sessions(folder: Path | None = None) -> list[RunningSession]:
    """Find the sessions that are being recorded, the latest first.

    Of a recording that has begun another file, only that one is listed.

    Parameters
    ----------
    folder
        Where to look; None for the data folder.
    """
    place = sessions_folder() if folder is None else folder
    found = [
        one
        for lock in place.glob(f".*{SUFFIX}.lock")
        if (one := _running(place / lock.name[1 : -len(".lock")])) is not None
    ]
    chosen: list[RunningSession] = []
    for one in sorted(found, key=lambda one: one.last_us, reverse=True):
        if not any(one.process == other.process and one.ports == other.ports for other in chosen):
            chosen.append(one)
    return chosen


def _running(path: Path) -> RunningSession | None:
    """Return a session if it is being recorded and has samples."""
    if not is_being_written(path):
        return None
    try:
        with Session.open(path) as session:
            span, meters = session.span_us(), session.meters
    except SessionError:
        return None
    if span is None:
        return None
    infos = [meter.info for meter in meters]
    labels, ports = tuple(one.label for one in infos), tuple(one.port for one in infos)
    return RunningSession(path, writing_process(path), span[1], labels, ports)


def find_running(port: str = "", folder: Path | None = None) -> Path:
    """Return the one session that is being recorded, or the one that records a port.

    Raises
    ------
    SessionError
        There is none, or there are several, whose names are in the message.
    """
    found = [one for one in running_sessions(folder) if not port or port in one.ports]
    if len(found) == 1:
        return found[0].path
    if found:
        listed = "; ".join(map(str, found))
        raise SessionError(f"{len(found)} sessions are being recorded", f"{_HOW_TO_NAME}: {listed}")
    place = sessions_folder() if folder is None else folder
    what = f"No meter at {port} is being recorded" if port else "Nothing is being recorded"
    raise SessionError(
        f"{what} in {place}", "Start a recording, or name its session with --session."
    )


def mark(
    text: str, session: Path | str | None = None, *, port: str = "", when_us: int | None = None
) -> Mark:
    """Mark a moment in a session, also in one that another program is recording.

    Parameters
    ----------
    text
        What happened.
    session
        The session's file; None for the one that is being recorded.
    port
        The port of one of its meters, if several sessions are being recorded.
    when_us
        Microseconds since 1970, UTC; None for now.

    Returns
    -------
    Mark
        The mark, with its number in the session.

    Raises
    ------
    SessionError
        Nothing is being recorded, or several sessions are; or the file cannot be changed.

    Examples
    --------
    >>> from wattui.api import MeterInfo, Sample, Session, SessionWriter, mark
    >>> with SessionWriter("oven.wattui") as writer:
    ...     writer.on_samples(MeterInfo("A1", "sim://pro"), [Sample(1_000_000, 1_000_000, (600,))])
    ...     set_from_outside = mark("door opened", "oven.wattui")
    >>> with Session.open("oven.wattui") as session:
    ...     session.marks() == [set_from_outside]
    True
    """
    path = find_running(port) if session is None else Path(session)
    moment = _now_in(path) if when_us is None else when_us
    return Annotations(path).add(Mark(0, moment, text))


def _now_in(path: Path) -> int:
    """Return the present in microseconds; the clock of a simulated meter may be ahead."""
    with Session.open(path) as session:
        span = session.span_us()
    return max(microseconds(time.time()), span[1] if span is not None else 0)
