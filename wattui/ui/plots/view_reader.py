# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what is in view from the session file, on a separate thread.

A :class:`ViewReader` has its own :class:`~wattui.session.Session`.  It remembers only the
newest request (:meth:`ViewReader.ask`) and passes each answer to an injected *post*, which
delivers it on the main thread.  A disk that does not respond blocks this thread and nothing else.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import numpy as np

from wattui.errors import WattuiError
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import INTEGRATED_ENERGY
from wattui.session import Mark, Span
from wattui.ui.plots.total import SUMMED, TOTAL, Curve, curve_value, total_curve

logger = logging.getLogger(__name__)

_NO_GAPS: Final = np.empty((0, 2))


class Follow(StrEnum):
    """How a view follows the run."""

    #: It stays where it is.
    NOTHING = "nothing"
    #: It moves with the live edge.
    EDGE = "edge"
    #: It grows from the start of the run to the live edge.
    START = "start"
    #: It is the whole run, regardless of the span in the request.
    RUN = "run"


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """What to read.  Times are seconds since 1970, UTC."""

    path: Path
    #: The span in view, which the statistics describe.
    start: float
    stop: float
    #: The span that is drawn: the view, and a part on either side of it.
    draw_start: float
    draw_stop: float
    #: Pixels across the span that is drawn.
    pixels: int
    #: Names of channels.
    channels: tuple[str, ...]
    #: Ids or keys of meters; all meters of the session if empty.
    meters: tuple[Hashable, ...] = ()
    #: Whether to add the sum of the meters, and which of them are still recording.
    total: bool = False
    going: tuple[Hashable, ...] = ()
    #: Another span to compute statistics of; None for none.
    selection: tuple[float, float] | None = None
    #: Pixels across the strip of the whole run; 0 if it is not needed.
    overview_pixels: int = 0
    #: The channel of the strip.
    overview_channel: str = "power"
    #: How the view follows the run.
    follow: Follow = Follow.NOTHING


@dataclass(slots=True)
class ViewData:
    """What was read: curves and numbers by the meter's key in the request."""

    request: ViewRequest
    #: Key and label of the meters that were read.
    meters: list[tuple[Hashable, str]] = field(default_factory=list)
    #: Start of the first interval and end of the last, in seconds; None without records.
    span: tuple[float, float] | None = None
    #: Curves, by meter and channel.
    curves: dict[tuple[Hashable, str], Curve] = field(default_factory=dict)
    #: Means of the columns, by meter and channel, where curves have a minimum and a maximum
    #: per column of pixels.
    means: dict[tuple[Hashable, str], Curve] = field(default_factory=dict)
    #: Statistics of the view, by meter.
    statistics: dict[Hashable, Any] = field(default_factory=dict)
    #: Statistics of the selection, by meter.
    selected: dict[Hashable, Any] = field(default_factory=dict)
    #: Where records are missing, by meter: seconds, shape (k, 2).
    gaps: dict[Hashable, np.ndarray] = field(default_factory=dict)
    #: Marks and spans that are drawn.
    marks: list[Mark] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    #: Curves of the strip, by meter; None if it was not requested.
    overview: dict[Hashable, Curve] | None = None
    #: Means of the columns of the strip, and where records are missing in it, by meter.
    overview_means: dict[Hashable, Curve] = field(default_factory=dict)
    overview_gaps: dict[Hashable, np.ndarray] = field(default_factory=dict)

    def values_at(self, moment: float) -> dict[Hashable, dict[str, float]]:
        """Return the values at a time, in base units, by meter and channel."""
        found: dict[Hashable, dict[str, float]] = {}
        for (key, name), curve in {**self.curves, **self.means}.items():
            value = curve_value(curve, moment)
            if value is not None:
                found.setdefault(key, {})[name] = value
        return found


def _microseconds(seconds: float) -> int:
    return round(seconds * MICROSECONDS)


def read_view(session: Any, request: ViewRequest) -> ViewData:
    """Read what is requested from an open session; blocks on the disk.

    Raises
    ------
    WattuiError
        The session cannot be read.
    """
    data = ViewData(request)
    stored = session.meters
    meters = _chosen(stored, request.meters)
    span = session.span_us([identity for _, identity in meters]) if meters else None
    if span is None:
        return data
    data.span = (span[0] / MICROSECONDS, span[1] / MICROSECONDS)
    (start, stop), (low, high) = _placed(request, data.span)
    labels = {meter.id: meter.info.label for meter in stored}
    data.meters = [(key, labels[identity]) for key, identity in meters]
    for key, identity in meters:
        envelope = session.envelope(identity, request.channels, low, high, request.pixels)
        for name in request.channels:
            data.curves[key, name] = (envelope.time, envelope.value[name])
            if envelope.column:
                data.means[key, name] = envelope.means(name)
        data.statistics[key] = session.statistics(identity, start, stop)
        if request.selection:
            chosen = (_microseconds(t) for t in request.selection)
            data.selected[key] = session.statistics(identity, *chosen)
        gaps = np.asarray(session.gaps(identity, low, high)).reshape(-1, 2)
        data.gaps[key] = merged(gaps, (high - low) / MICROSECONDS / request.pixels)
    if request.total and len(meters) > 1:
        _add_totals(data, [key for key, _identity in meters], low, high)
    if request.overview_pixels:
        data.overview = {}
        for key, identity in meters:
            name = request.overview_channel
            envelope = session.envelope(identity, (name,), *span, request.overview_pixels)
            data.overview[key] = (envelope.time, envelope.value[name])
            if envelope.column:
                data.overview_means[key] = envelope.means(name)
            gaps = np.asarray(session.gaps(identity, *span)).reshape(-1, 2)
            width = (data.span[1] - data.span[0]) / request.overview_pixels
            data.overview_gaps[key] = merged(gaps, width)
    data.marks, data.spans = session.marks(low, high), session.spans(low, high)
    return data


def _add_totals(data: ViewData, keys: Sequence[Hashable], low: int, high: int) -> None:
    """Add the sums of the meters' curves, like those of another meter."""
    request = data.request
    going = [key in request.going for key in keys]
    for name in SUMMED.intersection(request.channels):
        curves = [data.curves[key, name] for key in keys]
        means = [data.means.get((key, name), data.curves[key, name]) for key in keys]
        for added, found in ((curves, data.curves), (means, data.means)):
            found[TOTAL, name] = total_curve(
                added,
                low / MICROSECONDS,
                high / MICROSECONDS,
                request.pixels,
                going=going,
                holds=name == INTEGRATED_ENERGY.name,
            )
        if not any((key, name) in data.means for key in keys):
            del data.means[TOTAL, name]


def merged(gaps: np.ndarray, least: float) -> np.ndarray:
    """Join gaps, shape (k, 2), less than *least* seconds apart.

    They would be drawn over one another, and a year may have a great many.
    """
    if len(gaps) < 2:
        return gaps
    apart = gaps[1:, 0] - gaps[:-1, 1] >= least
    starts = gaps[np.concatenate(([True], apart)), 0]
    stops = gaps[np.concatenate((apart, [True])), 1]
    return np.column_stack((starts, stops))


def _placed(
    request: ViewRequest, span: tuple[float, float]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the spans in view and drawn, in microseconds, for a run that may have grown.

    A view that follows the live edge moves on by as much as the run has grown.
    """
    start, stop, low, high = request.start, request.stop, request.draw_start, request.draw_stop
    if request.follow == Follow.RUN:
        (start, stop), (low, high) = span, span
    elif request.follow != Follow.NOTHING:
        more = max(span[1] - stop, 0.0)
        stop, high = stop + more, max(high, span[1] + 1.0)
        if request.follow == Follow.EDGE:
            start, low = start + more, low + more
    return (
        (_microseconds(start), _microseconds(stop)),
        (_microseconds(low), _microseconds(high)),
    )


def _chosen(stored: Sequence[Any], wanted: Sequence[Hashable]) -> list[tuple[Hashable, int]]:
    """Return key and id of the requested meters, of those that the session has.

    A meter can be requested by its id in the session, by its key or by its label.
    """
    if not wanted:
        return [(meter.id, meter.id) for meter in stored]
    found: list[tuple[Hashable, int]] = []
    for key in wanted:
        for meter in stored:
            if key in (meter.id, meter.info.key, meter.info.label):
                found.append((key, meter.id))
                break
    return found


def _files(path: Path) -> tuple[tuple[int, int] | None, ...]:
    """Return what tells a session's file and its journal from later ones of their names."""
    found: list[tuple[int, int] | None] = []
    for name in (path, path.with_name(f"{path.name}-wal")):
        try:
            status = name.stat()
        except OSError:
            found.append(None)
        else:
            found.append((status.st_dev, status.st_ino))
    return tuple(found)


def _open_session(path: Path) -> Any:
    from wattui.session import Session

    return Session.open(path)


class ViewReader:
    """The thread that reads what is in view.

    Parameters
    ----------
    post
        Called on the reader's thread with a callable to run on the main thread.
    take
        Called on the main thread with each :class:`ViewData`.
    fail
        Called on the main thread with one sentence if a request failed.
    open_session
        Opens a path; :meth:`wattui.session.Session.open` by default.
    read
        Reads what a request asks for from an open session; a request has a ``path``.
    """

    def __init__(
        self,
        post: Callable[[Callable[[], None]], object],
        take: Callable[[Any], None],
        fail: Callable[[str], None],
        open_session: Callable[[Path], Any] | None = None,
        read: Callable[[Any, Any], object] = read_view,
    ) -> None:
        self._post, self._take, self._fail = post, take, fail
        self._open = open_session or _open_session
        self._read = read
        self._wanted: Any = None
        self._closed = False
        self._wake = threading.Condition()
        self._session: Any = None
        self._path: Path | None = None
        self._files: tuple[tuple[int, int] | None, ...] = (None, None)
        self._last_problem = ""
        #: Requests that are neither replaced nor answered.
        self._outstanding = 0
        # A daemon, since a disk that does not respond must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="wattui view reader", daemon=True)
        self._started = False

    def ask(self, request: Any) -> None:
        """Request a view instead of the last one if that was not started; main thread."""
        with self._wake:
            if self._closed:
                return
            if self._wanted is None:
                self._outstanding += 1
            self._wanted = request
            if not self._started:
                self._started = True
                self._thread.start()
            self._wake.notify()

    @property
    def busy(self) -> bool:
        """Whether a request is waiting, being read, or not delivered yet."""
        with self._wake:
            return self._outstanding > 0

    def close(self, timeout: float = 1.0) -> bool:
        """Stop within *timeout* seconds, and return whether that was successful.

        Any thread; may be called more than once.  Anything posted afterwards has no effect.
        """
        with self._wake:
            self._closed = True
            self._wanted = None
            self._wake.notify()
        if self._started:
            self._thread.join(timeout)
        if self._thread.is_alive():
            logger.warning("%s is still waiting for the session file", self._thread.name)
        return not self._thread.is_alive()

    # --- on the reader's thread ---------------------------------------------------------

    def _run(self) -> None:
        while (request := self._next()) is not None:
            try:
                data = self._read(self._session_of(request.path), request)
            except Exception as error:  # noqa: BLE001 - the window must survive all of them
                self._report(error, request)
            else:
                self._last_problem = ""
                self._hand_over(self._take, data)
        self._close_session()

    def _next(self) -> Any:
        """Wait for a request; return None after closing."""
        with self._wake:
            while self._wanted is None and not self._closed:
                self._wake.wait()
            request, self._wanted = self._wanted, None
            return None if self._closed else request

    def _session_of(self, path: Path) -> Any:
        if self._session is None or path != self._path or self._was_made_again(path):
            self._close_session()
            self._session = self._open(path)
            self._path, self._files = path, _files(path)
        return self._session

    def _was_made_again(self, path: Path) -> bool:
        """Check whether the writer has made the file again, because someone removed it.

        Another file that took its name must not be opened while the recording's journal is
        still beside it: SQLite would write the one into the other.
        """
        file, journal = _files(path)
        return file not in (None, self._files[0]) and (journal is None or journal != self._files[1])

    def _close_session(self) -> None:
        session, self._session, self._path = self._session, None, None
        if session is not None:
            try:
                session.close()
            except Exception:
                logger.exception("could not close a session")

    def _report(self, error: Exception, request: Any) -> None:
        """Report a failure on the main thread, and log it unless it repeats the last one."""
        what = error.what if isinstance(error, WattuiError) else f"{error or type(error).__name__}"
        problem = f"{request.path.name} cannot be shown: {what}"
        if problem != self._last_problem:
            logger.error("%s", problem, exc_info=error)
            self._last_problem = problem
        # It is opened again next time: it may have been moved, replaced or repaired.
        self._close_session()
        self._hand_over(self._fail, problem)

    def _hand_over(self, call: Callable[[Any], None], argument: Any) -> None:
        def deliver() -> None:
            with self._wake:
                self._outstanding -= 1
            if not self._closed:
                call(argument)

        try:
            self._post(deliver)
        except Exception:
            logger.exception("could not pass a view to the window")
