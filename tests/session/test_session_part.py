# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of a session for notebooks and scripts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_samples import BEGIN, METER, OTHER, brute, noisy, record

import wattui
from wattui.api import MeasuredEnergy, SessionPart
from wattui.errors import SessionError, UnknownField, UnknownMeter, WattuiError
from wattui.measurement.clock import MICROSECONDS
from wattui.session import Annotations, Session, Span

SAMPLES, MORE = noisy(300, seed=4), noisy(200, seed=5)
NASTY = "<script>alert(1)</script>\u202e\x07"
LAMP = replace(METER, name=NASTY)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = record(tmp_path_factory.mktemp("part") / "a<b>.wattui", SAMPLES, LAMP)
    record(path, MORE, OTHER)
    middle = SAMPLES[100].time_us, SAMPLES[200].time_us
    Annotations(path).add(Span(0, *middle, NASTY, meter_id=1))
    Annotations(path).add(Span(0, *middle, "both"))
    return path


@pytest.fixture
def session(path: Path) -> Iterator[Session]:
    with wattui.open(path) as opened:
        yield opened


def test_a_part_is_found_by_the_name_of_a_span(session: Session) -> None:
    part = session.part(NASTY)
    found = brute(SAMPLES, SAMPLES[100].time_us, SAMPLES[200].time_us)
    assert part.energy.wh == found.energy_wh == part.statistics.energy_wh
    assert part.energy.error == pytest.approx(found.energy_error_wh)
    assert part.energy.joules == found.energy_wh * 3600
    assert part.energy.error_joules == part.energy.error * 3600
    assert [meter.id for meter in part.meters] == [1]
    assert (part.start_us, part.stop_us) == (SAMPLES[100].time_us, SAMPLES[200].time_us)
    assert part.stop - part.start == timedelta(seconds=part.length_s)
    assert session.part(session.spans()[0]).energy == session.part(session.spans()[0].name).energy


def test_energies_of_several_meters_add_up_and_statistics_need_one(session: Session) -> None:
    whole = session.part()
    lamp, desk = session.part(meter=1), session.part(meter="desk")
    assert whole.energy.wh == lamp.energy.wh + desk.energy.wh
    assert whole.energy.error == lamp.energy.error + desk.energy.error
    assert desk.statistics.count == len(MORE)
    with pytest.raises(UnknownMeter, match="2 meters"):
        assert whole.statistics
    with pytest.raises(UnknownMeter, match="There is no meter 'nobody'"):
        session.part(meter="nobody")


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_neighbouring_parts_add_up(path: Path, first: int, length: int) -> None:
    with Session.open(path) as session:
        a, b, c = (
            datetime.fromtimestamp(0, UTC) + timedelta(microseconds=BEGIN + offset)
            for offset in (0, first + 1, first + 1 + length)
        )
        parts = [session.part(*ends, meter=1).energy.wh for ends in ((a, b), (b, c), (a, c))]
        assert parts[0] + parts[1] == pytest.approx(parts[2], abs=1e-12)


def test_times_are_those_of_the_command_line(session: Session) -> None:
    span = session.span_us()
    assert span is not None
    part = session.part("10s", "-20s")
    assert part.start_us == span[0] + 10 * MICROSECONDS
    assert part.stop_us == span[1] - 20 * MICROSECONDS
    assert session.part().start_us == span[0]
    with pytest.raises(SessionError, match="neither a span"):
        session.part("boiling")
    with pytest.raises(SessionError, match="does not start before that"):
        session.part("20s", "10s")
    with pytest.raises(ValueError, match="time zone"):
        session.part(datetime(2026, 1, 1))


def test_samples_are_those_of_the_session(session: Session) -> None:
    samples = session.part(meter=1).to_numpy()
    assert len(samples) == len(SAMPLES)
    assert samples["time"].view(np.int64).tolist() == [one.time_us for one in SAMPLES]
    for name in ("power", "current", "frequency"):
        expected = [math.nan if one[name] is None else one[name] for one in SAMPLES]
        np.testing.assert_array_equal(samples[name], expected)
    assert samples["gap"].tolist() == [one.gap_us / MICROSECONDS for one in SAMPLES]
    some = session.part(NASTY).to_numpy(["power"])
    assert some.dtype.names == ("time", "interval", "gap", "power")
    assert len(some) == 100
    with pytest.raises(UnknownField):
        session.part(meter=1).to_numpy(["watts"])


def test_a_data_frame_has_times_in_utc_and_units(session: Session) -> None:
    frame = session.part(NASTY).to_pandas(["power", "current"])
    assert list(frame.columns) == ["interval", "gap", "power", "current"]
    assert str(frame.index.tz) == "UTC"
    assert [one.value // 1000 for one in frame.index] == [one.time_us for one in SAMPLES[101:201]]
    units = {"interval": "s", "gap": "s", "power": "W", "current": "A"}
    assert frame.attrs["units"] == units
    assert frame.attrs["session"] == str(session.path)
    energy = (frame.power * frame.interval).sum() / 3600
    assert energy == pytest.approx(session.part(NASTY).energy.wh)
    both = session.part().to_pandas(["power"])
    assert len(both) == len(SAMPLES) + len(MORE)
    assert set(both.meter) == {NASTY, "desk"}


def test_what_a_notebook_shows_is_escaped(session: Session) -> None:
    for shown in (session._repr_html_(), session.part(NASTY)._repr_html_()):
        assert shown.startswith("<table>")
        assert "<script>" not in shown
        assert "\u202e" not in shown
        assert "\x07" not in shown
        assert "&lt;script&gt;" in shown
    assert "a&lt;b&gt;.wattui" in session._repr_html_()
    assert "\x07" not in repr(session.part(NASTY))
    assert f"{session.part(NASTY).energy}" in repr(session.part(NASTY))


def test_a_closed_session_says_so(path: Path) -> None:
    session = wattui.open(path)
    session.close()
    assert "was closed" in session._repr_html_()
    with pytest.raises(SessionError, match="was closed"):
        session.part()


def test_an_empty_session_has_no_parts(tmp_path: Path) -> None:
    with wattui.open(record(tmp_path / "empty.wattui", [])) as session:
        assert session._repr_html_() == "<p>empty.wattui: no samples</p>"
        with pytest.raises(SessionError, match="no samples"):
            session.part()


def test_a_plot_is_that_of_the_command_line(session: Session, tmp_path: Path) -> None:
    picture = session.part(NASTY).plot("power+current", clock=True, title="<b>", size=(640, 400))
    svg = picture._repr_svg_()
    assert "<svg" in svg
    assert "<b>" not in svg
    picture.save(tmp_path / "part.png")
    assert (tmp_path / "part.png").read_bytes().startswith(b"\x89PNG")
    session.plot().save(tmp_path / "whole.pdf")
    assert (tmp_path / "whole.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(UnknownField):
        session.plot("watts")


def test_without_the_public_names_a_plot_says_what_to_do(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SessionPart, "drawer", None)
    with pytest.raises(WattuiError, match="Import it first"):
        session.plot()


def test_an_energy_is_shown_with_the_digits_that_its_error_allows() -> None:
    assert str(MeasuredEnergy(20.987, 0.4641)) == "20.99 ± 0.46 Wh"
