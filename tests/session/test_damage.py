# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged sessions: nothing wrong is shown in silence, and what can be read is saved."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from session_samples import BEGIN, METER, OTHER, brute, noisy, record, record_steady, sample, steady

from wattui.errors import NotASession, SessionDamaged
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import EventKind
from wattui.measurement.sample import Sample
from wattui.session import Session, SessionWriter, open_checked, salvage, verify
from wattui.session.watched import WatchedSession

PAGE = 4096
#: Mutated copies that are tried, two of each kind; `make test-faults` tries a thousand.
COPIES = 12

NOISY = noisy(3_000, seed=3)
DESK = [sample(2 * n + 1, 300 + n % 70, interval=2.0) for n in range(750)]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a session of two meters that took turns."""
    path = tmp_path_factory.mktemp("sound") / "a.wattui"
    with SessionWriter(path, commit_seconds=0) as writer:
        for start in range(0, 3_000, 300):
            writer.on_samples(METER, NOISY[start : start + 300])
            writer.on_samples(OTHER, DESK[start // 4 : start // 4 + 75])
            assert writer.flush()
    assert verify(path) == []
    return path


def mutated(data: bytes, seed: int) -> bytes:
    random_ = random.Random(seed)
    copy, pages = bytearray(data), len(data) // PAGE
    kind = seed % 6
    if kind == 0:
        one, other = (slice(n * PAGE, n * PAGE + PAGE) for n in random_.sample(range(1, pages), 2))
        copy[one], copy[other] = copy[other], copy[one]
    elif kind == 1:
        page = random_.randrange(1, pages) * PAGE
        copy[page : page + PAGE] = bytes(PAGE)
    elif kind == 2:
        del copy[random_.randrange(PAGE, len(copy)) :]
    elif kind == 3:
        place = random_.randrange(PAGE, len(copy) - 512)
        copy[place : place + 512] = random_.randbytes(512)
    else:
        copy[random_.randrange(100, len(copy))] ^= 1 << random_.randrange(8)
    return bytes(copy)


def test_damaged_copies_give_no_wrong_samples_in_silence(sound: Path, tmp_path: Path) -> None:
    """Pages swapped, emptied or cut off, bytes flipped: it is told, or all is right."""
    data, path = sound.read_bytes(), tmp_path / "a.wattui"
    truth = {METER.key: NOISY, OTHER.key: DESK}
    reported = 0
    for seed in range(COPIES):
        path.write_bytes(mutated(data, seed))
        try:
            session = open_checked(path)
        except SessionDamaged:
            reported += 1
            continue
        with session:
            shown = {one.info.key: list(session.samples(one.id)) for one in session.meters}
            figures = {one.info.key: session.statistics(one.id) for one in session.meters}
            if session.damage:
                reported += 1
                continue
            assert shown == truth, seed
            for key, samples in truth.items():
                assert figures[key] == brute(samples, None, None), seed
    assert reported > COPIES / 2


def test_samples_that_are_watched_while_they_are_read_are_right_or_refused(
    sound: Path, tmp_path: Path
) -> None:
    """An export reads them once."""
    data, path = sound.read_bytes(), tmp_path / "a.wattui"
    truth = {METER.key: NOISY, OTHER.key: DESK}
    refused = 0
    for seed in range(-1, COPIES):
        path.write_bytes(data if seed < 0 else mutated(data, seed))
        try:
            with WatchedSession.open(path) as session:
                for meter in session.meters:
                    figures = session.statistics(meter.id)
                    samples = list(session.samples(meter.id))
                    assert samples == truth[meter.info.key], seed
                    assert figures.energy_wh == brute(samples, None, None).energy_wh
                    half = samples[len(samples) // 2].time_us
                    session.statistics(meter.id, half, None)
                    assert list(session.samples(meter.id, half)) == [
                        one for one in samples if one.time_us > half
                    ]
                    session.statistics(meter.id, None, half)
                    assert len(list(session.samples(meter.id, None, half))) > 300
        except SessionDamaged:
            assert seed >= 0
            refused += 1
    assert refused > COPIES / 3


def test_a_session_that_grows_is_watched_without_an_alarm(tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    with SessionWriter(path, commit_seconds=0) as writer:
        writer.on_samples(METER, steady(4_000))
        assert writer.flush()
        with WatchedSession.open(path) as session:
            chunks = session.rows(1, None, None, 1_000)
            assert len(next(chunks)) == 1_000
            writer.on_samples(METER, steady(3_000, first=4_001))
            assert writer.flush()
            assert sum(map(len, chunks)) == 6_000
            assert len(list(session.samples(1, None, BEGIN + 4_500 * MICROSECONDS))) == 4_500


def flip_power(path: Path, second: int) -> None:
    with sqlite3.connect(path) as connection:
        when = BEGIN + second * MICROSECONDS
        connection.execute("UPDATE sample SET power=power+64 WHERE time=?", (when,))
    connection.close()


def test_a_changed_sample_takes_no_more_than_its_16_seconds_away(tmp_path: Path) -> None:
    path = record_steady(tmp_path / "a.wattui", 12_000)
    flip_power(path, 6_000)
    with open_checked(path) as session:
        (fault,) = session.damage
        shown = list(session.samples(1))
        gaps = session.gaps(1)
        figures = session.statistics(1)
    assert "16 of 4,096 samples" in fault
    assert "have changed since they were recorded: left out" in fault
    assert shown[0] == steady(1)[0]
    assert len(shown) == 12_000 - 16
    assert [one for one in shown if one.gap_us] == [
        Sample(one.time_us, one.interval_us, one.values, 16 * MICROSECONDS)
        for one in shown
        if one.gap_us
    ]
    assert (gaps[:, 1] - gaps[:, 0]).tolist() == [16.0]
    assert figures == brute(shown, None, None)


def test_a_changed_time_takes_its_bucket_away(tmp_path: Path) -> None:
    """The summaries do not show it."""
    path = record_steady(tmp_path / "a.wattui", 12_000)
    when = BEGIN + 6_000 * MICROSECONDS
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE sample SET time=time+1 WHERE time=?", (when,))
    connection.close()
    with open_checked(path) as session:
        assert "4,096 samples" in session.damage[0]
        assert session.count(1) == 12_000 - 4_096


def test_what_can_be_read_between_damaged_places_is_shown(tmp_path: Path) -> None:
    path = record_steady(tmp_path / "a.wattui", 12_000)
    for second in (100, 5_000, 5_001, 5_900, 11_990):
        flip_power(path, second)
    with open_checked(path) as session:
        shown = list(session.samples(1))
        figures = session.statistics(1)
    assert len(session.damage) == 3
    assert 12_000 - 6 * 16 <= len(shown) <= 12_000 - 4 * 16
    sound = {one.time_us: one.values for one in steady(12_000)}
    assert all(sound[one.time_us] == one.values for one in shown)
    assert sum(one.gap_us for one in shown) <= 6 * 16 * MICROSECONDS
    assert figures == brute(shown, None, None)


def test_a_changed_sample_after_the_last_whole_bucket_is_found(tmp_path: Path) -> None:
    """A run of a minute has a checksum as well."""
    path = record(tmp_path / "a.wattui", steady(60))
    flip_power(path, 57)
    with open_checked(path) as session:
        assert len(session.damage) == 1
        assert 44 <= session.count(1) < 57
        assert set(session.samples(1)) <= set(steady(57))
    with open_checked(path, keep_changed=True) as session:
        assert len(session.damage) == 1
        assert session.count(1) == 60
    with pytest.raises(SessionDamaged, match="have changed since they were recorded"):
        open_checked(path, strict=True)


def test_a_recording_that_goes_on_keeps_its_checksum(tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    samples = steady(5_000)
    for start in range(0, 5_000, 1_000):
        record(path, samples[start : start + 1_000])
        assert verify(path) == []
    with SessionWriter(path, commit_seconds=0) as writer:
        for one in steady(30, first=5_001):
            writer.on_samples(METER, [one])
            assert writer.flush()
            assert verify(path) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE summary SET energy=energy*7 WHERE level=4",
        "UPDATE summary SET high_power=high_power+1 WHERE level=0 AND bucket%256000000=0",
        "DELETE FROM summary WHERE level=1",
        "DELETE FROM summary",
    ],
)
def test_wrong_summaries_give_the_energy_of_the_samples(tmp_path: Path, change: str) -> None:
    path = record_steady(tmp_path / "a.wattui", 12_000)
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    connection.close()
    with open_checked(path) as session:
        assert any("summaries" in fault for fault in session.damage)
        assert list(session.samples(1)) == steady(12_000)
        assert session.statistics(1) == brute(steady(12_000), None, None)


def test_a_meter_without_its_row_loses_no_samples(sound: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    path.write_bytes(sound.read_bytes())
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM meter WHERE id=1")
    connection.close()
    with open_checked(path) as session:
        assert any("Name and model of meter 1" in fault for fault in session.damage)
        assert [one.info.label for one in session.meters] == ["Unknown meter 1", "desk"]
        assert list(session.samples(1)) == NOISY


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE meter SET name=NULL",
        "UPDATE meter SET name=X'ff00'",
        "UPDATE meter SET key=X'ff00'",
        "UPDATE meter SET interval='soon'",
        "UPDATE meter SET interval=-1",
        "UPDATE meter SET first_level='x'",
        "UPDATE event SET text=X'ff', kind=X'fe'",
        "UPDATE event SET time='noon'",
        "UPDATE event SET time=9223372036854775807",
        "UPDATE info SET value=X'ff'",
        "UPDATE sample SET power='much' WHERE time%7=0",
        "UPDATE sample SET power=NULL WHERE time%7=0",
        "UPDATE sample SET power=1.5 WHERE time%7=0",
        "UPDATE sample SET interval='long' WHERE time%7=0",
        "UPDATE sample SET interval=-5 WHERE time%7=0",
        "UPDATE sample SET gap='x' WHERE time%7=0",
        "UPDATE sample SET time=9223372036854775000 WHERE time%7=0 AND power=402",
        "UPDATE sample SET time='late' WHERE power=402 AND time%49=0",
        "UPDATE seal SET crc32='x'",
        "UPDATE summary SET energy='x'",
        "UPDATE sample SET meter='x' WHERE power=402 AND time%49=0",
    ],
)
def test_values_of_another_type_end_in_no_traceback(tmp_path: Path, change: str) -> None:
    path = record_steady(tmp_path / "a.wattui", 4_500)
    with sqlite3.connect(path) as connection:
        connection.execute(f"{change.replace('UPDATE', 'UPDATE OR IGNORE')}")
    connection.close()
    with Session.open(path) as session:
        assert all(isinstance(one.info.label, str) for one in session.meters)
        assert all(isinstance(value, str) for value in session.info.values())
        assert all(isinstance(one.event.kind, EventKind) for one in session.events())
        assert all(one.event.time.year < 10_000 for one in session.events())
        session.span()
    try:
        session = open_checked(path, keep_changed=True)
    except SessionDamaged:
        return
    with session:
        figures = [session.statistics(one.id) for one in session.meters]
        assert figures[0] == brute(list(session.samples(1)), None, None)


def _root_of_samples(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name='sample'"
        ).fetchone()
    connection.close()
    return int(page)


def _empty_root(data: bytearray, root: int) -> None:
    data[(root - 1) * PAGE : root * PAGE] = bytes(PAGE)


def _empty_header(data: bytearray, _root: int) -> None:
    data[:PAGE] = bytes(PAGE)


def _cut(data: bytearray, _root: int) -> None:
    del data[len(data) // 2 :]


@pytest.mark.parametrize("damage", [_empty_root, _empty_header, _cut])
def test_samples_are_saved_where_the_structure_is_gone(
    tmp_path: Path, damage: Callable[[bytearray, int], None]
) -> None:
    path = record_steady(tmp_path / "a.wattui", 12_000)
    root = _root_of_samples(path)
    data = bytearray(path.read_bytes())
    damage(data, root)
    path.write_bytes(data)
    saved = salvage(path, tmp_path / "b.wattui")
    assert path.read_bytes() == data
    assert saved.losses
    assert verify(tmp_path / "b.wattui") == []
    with Session.open(tmp_path / "b.wattui") as session:
        found = [Sample(one.time_us, one.interval_us, one.values) for one in session.samples(1)]
        assert set(found) <= set(steady(12_000))
        # A page of rows lies in the root itself, which is one of them.
        assert len(found) > (11_000 if damage is _empty_header else 3_000)


def test_a_sound_session_is_repaired_to_the_same(sound: Path, tmp_path: Path) -> None:
    saved = salvage(sound, tmp_path / "b.wattui")
    assert (saved.samples, saved.losses) == (3_750, ())
    with Session.open(sound) as one, Session.open(tmp_path / "b.wattui") as other:
        assert one.meters == other.meters
        assert one.events() == other.events()
        assert one.info == other.info
        for meter in one.meters:
            assert list(one.samples(meter.id)) == list(other.samples(meter.id))
            assert one.statistics(meter.id) == other.statistics(meter.id)


@pytest.mark.parametrize("word", [b"CREATE TABLE sample", b"CREATE TABLE event"])
def test_bytes_that_are_not_text_in_the_structure_were_an_error_of_the_program(
    tmp_path: Path, word: bytes
) -> None:
    """The message of SQLite quotes them, which Python cannot decode."""
    path = record_steady(tmp_path / "a.wattui", 3_000)
    data = path.read_bytes()
    assert data.count(word) == 1
    path.write_bytes(data.replace(word, word.replace(b"E ", b"E\xdf")))
    with pytest.raises(SessionDamaged, match="is damaged"):
        Session.open(path)
    assert verify(path) != []
    saved = salvage(path, tmp_path / "b.wattui")
    assert saved.samples > 2_500


@pytest.mark.parametrize("size", [16, 100, PAGE])
def test_a_session_whose_beginning_is_gone_is_a_damaged_one(tmp_path: Path, size: int) -> None:
    """It was said not to be a session, with a hint to import it."""
    path = record_steady(tmp_path / "a.wattui", 3_000)
    data = bytearray(path.read_bytes())
    data[:size] = bytes(size)
    path.write_bytes(data)
    with pytest.raises(SessionDamaged, match="its beginning is gone") as refusal:
        Session.open(path)
    assert "wattui repair" in refusal.value.hint
    with open_checked(path) as session:
        assert session.count(1) == 3_000
        assert len(session.damage) < 7
        known = "beginning is gone" in session.damage[0] and session.meters[0].info == METER
        assert known is (size < PAGE)
    path.write_text("This is a letter.\n")
    with pytest.raises(NotASession):
        Session.open(path)


@pytest.mark.parametrize("place", [None, 15_000])
def test_a_check_of_a_long_session_says_how_far_it_is(tmp_path: Path, place: int | None) -> None:
    """A year was checked for minutes without a sign."""
    path = record_steady(tmp_path / "a.wattui", 60_000)
    if place is not None:
        flip_power(path, place)
    found: list[tuple[int, int]] = []
    verify(path, progress=lambda done, total: found.append((done, total)))
    assert len(found) > 2
    assert found == sorted(found)
    assert found[-1] == (60_000, 60_000)
