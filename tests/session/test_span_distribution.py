# SPDX-License-Identifier: GPL-3.0-or-later
"""Quantiles, spread and time above a threshold: equal to NumPy's over all samples."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from session_samples import BEGIN, METER, OTHER, noisy, record, sample, sample_lists, steady

from wattui.errors import UnknownField, UnknownMeter
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.distribution import Distribution, joined
from wattui.measurement.fields import FIELD_INDEX, FIELDS
from wattui.measurement.sample import Sample
from wattui.session import BulkWriter, Session, SessionWriter

SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def plain(
    samples: Sequence[Sample], name: str, start: int | None, stop: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of a field and the intervals of the records that have one."""
    chosen = [
        (one[name], one.interval_us)
        for one in samples
        if one[name] is not None
        and (start is None or one.time_us > start)
        and (stop is None or one.time_us <= stop)
    ]
    values, weights = np.array(chosen, float).reshape(len(chosen), 2).T
    return values, weights


def assert_plain(found: Distribution, values: np.ndarray, weights: np.ndarray) -> None:
    """Compare a distribution with NumPy's figures of all values."""
    assert found.count == len(values)
    if not len(values):
        assert np.isnan([found.mean, found.std, found.median]).all()
        return
    mean = np.average(values, weights=weights)
    assert found.duration_s == pytest.approx(weights.sum() / MICROSECONDS, rel=1e-12)
    assert found.mean == pytest.approx(mean, rel=1e-12)
    std = np.sqrt(np.average((values - mean) ** 2, weights=weights))
    assert found.std == pytest.approx(std, rel=1e-9, abs=1e-9)
    expected = np.quantile(values, SHARES, weights=weights, method="inverted_cdf")
    assert [found.quantile(share) for share in SHARES] == expected.tolist()
    assert found.median == np.quantile(values, 0.5, weights=weights, method="inverted_cdf")


def cycles_of(power: np.ndarray, above: float) -> int:
    up = power > above
    return int(np.count_nonzero(up & ~np.concatenate(([False], up[:-1]))))


@settings(max_examples=40, deadline=None)
@given(st.data(), sample_lists())
def test_the_distribution_of_any_span_equals_that_of_all_its_samples(
    data: st.DataObject, samples: list[Sample]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wattui"
        with BulkWriter(path) as writer:
            writer.add_meter(METER)
            writer.add_samples(METER, samples)
        with Session.open(path) as session:
            times = [one.time_us for one in samples] or [BEGIN]
            moment = st.one_of(
                st.sampled_from(times), st.integers(times[0] - 10**7, times[-1] + 10**7), st.none()
            )
            for _ in range(3):
                start, stop = data.draw(moment), data.draw(moment)
                name = data.draw(st.sampled_from(["power", "voltage", "frequency"]))
                values, weights = plain(samples, name, start, stop)
                assert_plain(session.distribution(1, name, start, stop), values, weights)


@settings(max_examples=40, deadline=None)
@given(st.data(), sample_lists())
def test_neighbouring_spans_add_up_to_their_union(
    data: st.DataObject, samples: list[Sample]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wattui"
        with BulkWriter(path) as writer:
            writer.add_meter(METER)
            writer.add_samples(METER, samples)
        edges = st.integers(BEGIN, samples[-1].time_us if samples else BEGIN)
        start, middle, stop = sorted(data.draw(edges) for _ in range(3))
        with Session.open(path) as session:
            spans = (start, middle), (middle, stop), (start, stop)
            one, two, both = (session.statistics(1, *span) for span in spans)
            assert one.count + two.count == both.count
            assert one.gap_count + two.gap_count == both.gap_count
            for name in ("duration_s", "powered_s", "gap_s", "energy_wh", "energy_error_wh"):
                total = getattr(one, name) + getattr(two, name)
                assert total == pytest.approx(getattr(both, name), rel=1e-12, abs=1e-12), name
            parts = [session.distribution(1, "power", *span) for span in spans]
            together = joined("power", parts[:2])
            for which in ("wire", "counts", "times_us"):
                assert np.array_equal(getattr(together, which), getattr(parts[2], which))
            loads = [session.load(1, 2_000, *span) for span in spans]
            for name in ("on_s", "off_s", "on_wh", "off_wh"):
                total = getattr(loads[0], name) + getattr(loads[1], name)
                assert total == pytest.approx(getattr(loads[2], name), rel=1e-12, abs=1e-12), name
            # A cycle that the edge cuts in two is in both.
            cut = loads[0].cycles + loads[1].cycles - loads[2].cycles
            assert cut in (0, 1)


def test_figures_never_contradict_one_another(tmp_path: Path) -> None:
    """One duration, one count, one energy, whatever is asked."""
    samples = noisy(6_000, seed=3)
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        for first, last in ((0, 5_999), (17, 4_444), (2_999, 3_050)):
            span = samples[first].time_us, samples[last].time_us + 1
            found = session.statistics(1, *span, times_of=["power", "voltage"])
            spread = session.distribution(1, "power", *span)
            load = session.load(1, 150.0, *span)
            assert spread.count == found["power"].count
            assert spread.duration_s == found.powered_s
            assert load.on_s + load.off_s == pytest.approx(found.powered_s, rel=1e-12)
            assert load.on_wh + load.off_wh == pytest.approx(found.energy_wh, rel=1e-12)
            energy = spread.mean * spread.duration_s / 3600
            assert energy == pytest.approx(found.energy_wh, rel=1e-12)
            assert found["power"].mean == found.average_power_w
            assert spread.mean == pytest.approx(found.average_power_w, rel=1e-12)
            assert (spread.quantile(0), spread.quantile(1)) == (
                found["power"].low,
                found["power"].high,
            )


def test_the_times_of_the_extremes_are_those_of_the_first_record_with_them(tmp_path: Path) -> None:
    samples = noisy(6_000, seed=4)
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        for first, last in ((0, 5_999), (17, 4_444), (2_999, 3_050), (40, 41)):
            span = samples[first].time_us, samples[last].time_us
            inside = samples[first + 1 : last + 1]
            found = session.statistics(1, *span, times_of=["power", "apparent_power"])
            for name in ("power", "apparent_power"):
                with_value = [one for one in inside if one[name] is not None]
                if not with_value:
                    continue
                low = min(with_value, key=lambda one: one[name])
                high = max(with_value, key=lambda one: one[name])
                assert (found[name].low_us, found[name].high_us) == (low.time_us, high.time_us)
                assert (found[name].low, found[name].high) == (low[name], high[name])
            assert found["voltage"].high_us is None


def test_a_record_weighs_by_its_interval(tmp_path: Path) -> None:
    """An hour of records a second apart, then an hour of records a minute apart."""
    fast = [sample(n, 1000) for n in range(1, 3601)]
    slow = [sample(3600 + 60 * n, 100, interval=60.0) for n in range(1, 61)]
    with Session.open(record(tmp_path / "a.wattui", fast + slow)) as session:
        found = session.distribution(1, "power")
        assert (found.mean, found.std) == (55.0, 45.0)
        assert found.quantile(0.5) == 10.0
        assert found.quantile(0.501) == 100.0
        assert found.counts.tolist() == [60, 3600]
        assert session.statistics(1)["power"].mean == 55.0
        assert session.statistics(1).energy_wh == 110.0
        load = session.load(1, 50.0)
        assert (load.on_s, load.off_s, load.share) == (3600.0, 3600.0, 0.5)
        assert (load.on_wh, load.off_wh, load.on_w, load.off_w) == (100.0, 10.0, 100.0, 10.0)
        assert load.on_error_wh == pytest.approx(1.8)
        assert load.off_error_wh == pytest.approx(0.45)


def test_the_mean_of_a_table_is_over_time_like_its_quantiles(tmp_path: Path) -> None:
    """Of the voltage, whose records came a second apart, then a minute apart."""
    fast = [(n, 1, 1000) for n in range(1, 61)]
    slow = [(60 + 60 * n, 60, 1100) for n in range(1, 60)]
    samples = [
        Sample(
            BEGIN + at * MICROSECONDS, round(each * MICROSECONDS), (10, volts, 100, *[None] * 15)
        )
        for at, each, volts in fast + slow
    ]
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        found = session.statistics(1)
        voltage = found.mean_over_time(session.distribution(1, "voltage"))
        assert voltage == pytest.approx((100 * 60 + 110 * 3540) / 3600)
        assert found["voltage"].mean == pytest.approx((100 * 60 + 110 * 59) / 119)
        assert found.mean_over_time(session.distribution(1, "power")) == found.average_power_w


def test_cycles_are_counted_through_gaps_and_records_without_a_power(tmp_path: Path) -> None:
    power = [9, 9, 1, 9, None, 9, 1, 1, 9, 9]
    samples = [sample(n + 1, 0 if value is None else 10 * value) for n, value in enumerate(power)]
    samples[4] = Sample(samples[4].time_us, MICROSECONDS, (None,) * 18)
    late = sample(100, 90, gap=89)
    with Session.open(record(tmp_path / "a.wattui", [*samples, late])) as session:
        load = session.load(1, 5.0)
        assert load.cycles == 3
        assert (load.on_s, load.off_s) == (7.0, 3.0)
        # The span begins while it is on.
        assert session.load(1, 5.0, samples[0].time_us, samples[1].time_us).cycles == 1
        assert session.load(1, 5.0, samples[1].time_us, samples[2].time_us).cycles == 0


def test_a_threshold_that_is_a_reading_is_not_above_it(tmp_path: Path) -> None:
    samples = [sample(n + 1, power) for n, power in enumerate((22, 23, 24))]
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        assert session.load(1, 2.3).on_s == 1.0
        assert session.load(1, 2.29).on_s == 2.0
        assert session.load(1, -5).on_s == session.load(1, float("-inf")).on_s == 3.0
        assert session.load(1, 1e30).on_s == session.load(1, float("inf")).on_s == 0.0


def test_every_meter_has_a_distribution_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    with SessionWriter(path) as writer:
        writer.on_samples(METER, steady(100))
        writer.on_samples(OTHER, [sample(2 * n, 77, interval=2.0) for n in range(1, 51)])
    with Session.open(path) as session:
        assert session.distribution(2, "power").wire.tolist() == [77]
        assert session.distribution(2, "power").duration_s == 100.0
        assert session.distribution(1, "power").count == 100


def test_what_the_meter_adds_up_has_no_distribution(tmp_path: Path) -> None:
    with Session.open(record(tmp_path / "a.wattui", steady(10))) as session:
        for name in ("energy", "cost_per_month", "integrated_energy", "frequency"):
            assert session.distribution(1, name).count == 0
            assert np.isnan(session.distribution(1, name).median)
        with pytest.raises(UnknownField):
            session.distribution(1, "watts")
        with pytest.raises(UnknownMeter):
            session.distribution(7, "power")
        with pytest.raises(UnknownMeter):
            session.load(7, 5.0)


def test_no_samples_have_no_figures(tmp_path: Path) -> None:
    with Session.open(record(tmp_path / "a.wattui", steady(10))) as session:
        load = session.load(1, 5.0, 0, 1)
        assert (load.on_s, load.off_s, load.cycles) == (0, 0, 0)
        assert np.isnan([load.share, load.on_w, load.off_w]).all()
        assert session.distribution(1, "power", 0, 1).histogram()[1].tolist() == []
        assert session.distribution(1, "power", 0, 1).load_duration()[1].tolist() == []


def test_the_scale_of_every_field_is_its_own(tmp_path: Path) -> None:
    samples = noisy(300, seed=9)
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        for name in FIELD_INDEX:
            found = session.distribution(1, name)
            if found.count:
                assert_plain(found, *plain(samples, name, None, None))
        assert len(FIELDS) - sum(session.distribution(1, n).count > 0 for n in FIELD_INDEX) == 4
