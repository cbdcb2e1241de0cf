# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what is in view on another thread: only the newest request, even after errors."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import numpy as np
import pytest
from plot_window import START, Recording, sample

from wattui.errors import SessionDamaged
from wattui.measurement.events import MeterInfo
from wattui.session import Envelope, Session, SessionMeter, Statistics
from wattui.ui.plots.view_reader import Follow, ViewReader, ViewRequest, merged, read_view

PATH = Path("run.wattui")


def request(start=START, stop=START + 60, **others):
    values = {
        "path": PATH,
        "start": start,
        "stop": stop,
        "draw_start": start,
        "draw_stop": stop,
        "pixels": 100,
        "channels": ("power",),
        **others,
    }
    return ViewRequest(**values)


class FakeSession:
    """Answers like a session, as slowly or wrongly as a test needs."""

    def __init__(self):
        self.entered, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()
        self.error = None
        self.parts = []
        self.closed = False
        self.meters = [SessionMeter(1, MeterInfo("A80012", "/dev/ttyUSB0", "server"))]

    def span_us(self, meters=None):
        return round(START * 1e6), round((START + 100) * 1e6)

    def envelope(self, meter, names, start, stop, pixels):
        self.entered.set()
        assert self.go_on.wait(10.0)
        self.parts.append((start, stop))
        if self.error is not None:
            raise self.error
        time = np.array([START, START + 1])
        return Envelope(time, {name: np.zeros(2) for name in names})

    def statistics(self, meter, start=None, stop=None):
        return Statistics()

    def gaps(self, meter, start=None, stop=None):
        return np.empty((0, 2))

    def marks(self, start=None, stop=None):
        return []

    def spans(self, start=None, stop=None):
        return []

    def close(self):
        self.closed = True


class Reading:
    """A reader, and what it delivered."""

    def __init__(self, session):
        self.session, self.opened = session, []
        self.posted = queue.Queue()
        self.taken, self.problems = [], []
        self.reader = ViewReader(
            self.posted.put, self.taken.append, self.problems.append, open_session=self.open
        )

    def open(self, path):
        self.opened.append(path)
        if isinstance(self.session, Exception):
            raise self.session
        return self.session

    def next(self):
        """Run the next call as the main thread would."""
        self.posted.get(timeout=10.0)()


@pytest.fixture
def reading():
    made = []

    def make(session):
        made.append(Reading(session))
        return made[-1]

    yield make
    for one in made:
        if isinstance(one.session, FakeSession):
            one.session.go_on.set()
        assert one.reader.close(10.0)


def test_only_the_newest_request_is_read(reading):
    session = FakeSession()
    one = reading(session)
    session.go_on.clear()
    one.reader.ask(request(START))
    assert session.entered.wait(10.0)
    for n in range(1, 50):
        one.reader.ask(request(START + n, START + n + 60))
    session.go_on.set()
    one.next()
    one.next()
    assert [data.request.start for data in one.taken] == [START, START + 49]
    assert not one.reader.busy
    assert one.posted.empty()


def test_an_error_is_reported_and_the_next_request_opens_the_file_again(reading):
    session = FakeSession()
    one = reading(session)
    session.error = SessionDamaged("run.wattui is damaged", "Restore it")
    one.reader.ask(request())
    one.next()
    assert one.problems == ["run.wattui cannot be shown: run.wattui is damaged"]
    assert session.closed
    session.error = None
    one.reader.ask(request())
    one.next()
    assert len(one.taken) == 1
    assert one.opened == [PATH, PATH]


def test_an_unexpected_error_is_survived_and_logged_once(reading, caplog):
    session = FakeSession()
    one = reading(session)
    session.error = ZeroDivisionError("division by zero")
    for _ in range(3):
        one.reader.ask(request())
        one.next()
    assert len(one.problems) == 3
    assert len([r for r in caplog.records if "division by zero" in r.message]) == 1


def test_a_file_that_is_not_there_is_a_problem(reading):
    one = reading(FileNotFoundError("gone"))
    one.reader.ask(request())
    one.next()
    assert "gone" in one.problems[0]


def test_another_path_closes_the_first_session(reading):
    session = FakeSession()
    one = reading(session)
    one.reader.ask(request())
    one.next()
    one.reader.ask(request(path=Path("other.wattui")))
    one.next()
    assert one.opened == [PATH, Path("other.wattui")]
    assert session.closed


def test_a_disk_that_hangs_does_not_keep_the_window_from_closing(caplog):
    session = FakeSession()
    one = Reading(session)
    session.go_on.clear()
    one.reader.ask(request())
    assert session.entered.wait(10.0)
    assert not one.reader.close(0.05)
    assert "waiting" in caplog.text
    session.go_on.set()
    assert one.reader.close(10.0)
    while not one.posted.empty():
        one.posted.get()()
    assert one.taken == []


def test_a_reader_that_was_never_asked_has_no_thread():
    before = threading.active_count()
    one = Reading(FakeSession())
    assert threading.active_count() == before
    assert one.reader.close()
    one.reader.ask(request())
    assert threading.active_count() == before


def test_a_failing_hand_over_does_not_end_the_reader(reading):
    session = FakeSession()
    one = reading(session)
    post, one.reader._post = one.reader._post, lambda call: 1 / 0
    one.reader.ask(request())
    assert session.entered.wait(10.0)
    session.entered.clear()
    one.reader._post = post
    one.reader.ask(request())
    one.next()
    assert one.taken


@pytest.mark.parametrize(
    ("follow", "seen"),
    [
        (Follow.NOTHING, (START, START + 60)),
        (Follow.EDGE, (START + 40, START + 100)),
        (Follow.START, (START, START + 100)),
        (Follow.RUN, (START, START + 100)),
    ],
)
def test_the_fake_and_the_real_session_are_read_alike(tmp_path, follow, seen):
    recording = Recording(tmp_path)
    recording.add([sample(n + 1, power=float(n)) for n in range(100)])
    recording.close()
    asked = request(follow=follow, overview_pixels=50, meters=("A80010",))
    with Session.open(recording.path) as session:
        data = read_view(session, asked)
        statistics = session.statistics(1, round(seen[0] * 1e6), round(seen[1] * 1e6))
    assert data.span == (START, START + 100)
    assert data.statistics["A80010"].count == statistics.count
    times, values = data.curves["A80010", "power"]
    assert times[0] <= seen[0] + 1
    assert times[-1] >= seen[1]
    assert np.nanmax(values) >= seen[1] - START - 1
    assert data.meters == [("A80010", "server")]
    assert set(data.overview) == {"A80010"}
    fake = FakeSession()
    fake.meters = [SessionMeter(1, MeterInfo("A80010", "/dev/ttyUSB0", "server"))]
    answer = read_view(fake, asked)
    assert answer.span == data.span
    assert set(answer.curves) == set(data.curves)


def test_meters_are_found_by_id_key_or_label():
    session = FakeSession()
    for key in (1, "A80012", "server"):
        assert set(read_view(session, request(meters=(key,))).statistics) == {key}
    assert read_view(session, request(meters=("nobody",))).span is None


def test_gaps_that_no_pixel_parts_are_one():
    gaps = np.array([[0.0, 1.0], [1.5, 2.0], [10.0, 20.0], [20.2, 21.0]])
    assert merged(gaps, 1.0).tolist() == [[0.0, 2.0], [10.0, 21.0]]
    assert merged(gaps, 0.1).tolist() == gaps.tolist()
    assert merged(gaps[:1], 5.0).tolist() == [[0.0, 1.0]]
    many = np.column_stack((np.arange(100_000.0), np.arange(100_000.0) + 0.5))
    assert len(merged(many, 1.0)) == 1
