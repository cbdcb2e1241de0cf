# SPDX-License-Identifier: GPL-3.0-or-later
"""What is fuzzed: everything that reads bytes or texts that others wrote.

A target is a function of bytes.  It may refuse them with an error of wattui, or with the
``ValueError`` of a parser; any other exception is a bug.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from wattui.cli.file_options import PortName
from wattui.cli.options import duration, interval, parse_rate, time_zone
from wattui.errors import WattuiError
from wattui.formats import all_formats
from wattui.formats.file_format import Format
from wattui.formats.import_files import import_files
from wattui.formats.reading.column_choice import parse_columns
from wattui.formats.reading.source import Assumptions, Source, read_head
from wattui.measurement.alerts import parse_alert
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELD_COUNT
from wattui.measurement.moment import parse_moment, read_time
from wattui.measurement.planned_end import parse_planned_end
from wattui.measurement.sample import Sample
from wattui.measurement.text import RunTimes, TimeMode, parse_elapsed, printable
from wattui.meter_memory.wording import parse_fields
from wattui.ports.listen_url import parse_listen_url
from wattui.ports.post_server import MOST_BODY, MOST_LINE, Refused, read_body
from wattui.protocol import Framer, parse
from wattui.protocol.posts import PostAnswer, parse_answer, parse_post
from wattui.session import Session, SessionWriter, open_checked, salvage
from wattui.session.outline import read_outline
from wattui.session.rotation import Rotation
from wattui.simulator.sim_url import parse_url

Target = Callable[[bytes], object]

#: Start of the session that is damaged, in microseconds since 1970, UTC.
_BEGIN = 1_700_000_000_000_000


@functools.cache
def scratch() -> Path:
    """Return a folder for the files of this process, in memory where there is one."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="wattui-fuzz-", dir=memory if memory.is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


# -- the line ------------------------------------------------------------------------------


def framer(data: bytes) -> None:
    """Divide a stream in two ways: the packets must be the same, and little is held."""
    fast, slow = Framer(), Framer()
    size = 1 + data[0] if data else 1
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    replies = [reply for piece in pieces for reply in fast.decode_replies(piece)]
    packets = [packet for piece in pieces for packet in slow.decode(piece)]
    assert replies == [parse(packet) for packet in packets]
    whole = Framer()
    assert whole.decode(data) == packets
    assert whole.counts == slow.counts == fast.counts
    assert whole.held < 8_192
    assert all(len(text) <= 200 * 4 for text in whole.take_texts())


def posts(data: bytes) -> None:
    """Read a request over HTTP, and the body of a post: what is read is answered and sound."""
    reader = asyncio.StreamReader(limit=MOST_LINE, loop=_loop())
    reader.feed_data(data)
    reader.feed_eof()
    bodies = [data]
    with contextlib.suppress(Refused, asyncio.IncompleteReadError):
        bodies.append(_loop().run_until_complete(read_body(reader)))
        assert len(bodies[-1]) <= MOST_BODY
    for body in bodies:
        with contextlib.suppress(ValueError):
            record = parse_post(body)
            assert len(record.values) == FIELD_COUNT
            assert printable(record.serial_number) == record.serial_number
            answer = PostAnswer(bool(record.relay_open), record.interval)
            assert parse_answer(answer.encode()) == answer


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


# -- files of other programs ---------------------------------------------------------------


def _file(data: bytes, name: str) -> Path:
    path = scratch() / name
    path.write_bytes(data)
    return path


def reader_of(form: Format) -> Target:
    """Return a target that reads a file in one format, whatever the file is."""

    def read(data: bytes) -> None:
        path = _file(data, "file")
        recognises, blocks = form.recognises, form.read
        assert recognises is not None
        assert blocks is not None
        with contextlib.suppress(WattuiError):
            if recognises(read_head(path)):
                form.lacks_in(read_head(path))
                for block in blocks(Source(path, Assumptions())):
                    assert block.values.shape == (len(block), FIELD_COUNT)

    return read


def importing(data: bytes) -> None:
    """Import a file of any format, and read the session that it becomes."""
    goal = scratch() / "imported.wattui"
    with contextlib.suppress(WattuiError):
        result = import_files([_file(data, "import.txt")], goal)
        str([*result.skipped, *result.notes])
        _read(goal)
    _remove(goal)


# -- sessions ------------------------------------------------------------------------------


@functools.cache
def sound_session() -> bytes:
    """Return the bytes of a small session: two meters, a gap, a mark."""
    path = scratch() / "sound.wattui"
    meters = [MeterInfo("A1", "/dev/a", "lamp", "PRO"), MeterInfo("B2", "/dev/b", model="ES")]
    with SessionWriter(path, software="fuzz") as writer:
        for number, meter in enumerate(meters):
            samples = [
                Sample(
                    _BEGIN + second * 1_000_000,
                    1_000_000,
                    (400 + second % 50, 1_198, 361 + number, second, *(None,) * 14),
                    5_000_000 if second == 50 else 0,
                )
                for second in range(1 + number, 100, 1 + number)
            ]
            writer.on_samples(meter, samples)
            writer.on_event(meter, Event(_BEGIN, EventKind.NOTE, "a note"))
        writer.mark("a mark", when=_BEGIN / 1e6 + 30)
    return path.read_bytes()


def damaged(patches: bytes) -> bytes:
    """Return the session with patches: where (3 bytes), how much, and the bytes."""
    content, at = bytearray(sound_session()), 0
    while at + 4 < len(patches):
        where = int.from_bytes(patches[at : at + 3], "big") % len(content)
        size = patches[at + 3] % 16 + 1
        new = patches[at + 4 : at + 4 + size]
        content[where : where + len(new)] = new
        at += 4 + size
    return bytes(content)


def session(patches: bytes) -> None:
    """Open a damaged session in every way, and read all of it."""
    path, goal = scratch() / "damaged.wattui", scratch() / "salvaged.wattui"
    path.write_bytes(damaged(patches))
    for read in (_read, read_outline, _read_checked, lambda one: salvage(one, goal)):
        # The window and the commands turn SQLite's own errors into a message, too.
        with contextlib.suppress(WattuiError, sqlite3.Error):
            read(path)
    _remove(path)
    _remove(goal)


def _read(path: Path) -> None:
    with Session.open(path) as opened:
        _read_all(opened)


def _read_checked(path: Path) -> None:
    with open_checked(path) as opened:
        _read_all(opened)


def _read_all(opened: Session) -> None:
    span = opened.span_us()
    for event in opened.events():
        printable(event.event.text)
        event.event.time.isoformat()
    for meter in opened.meters:
        printable(meter.info.label)
        for rows in opened.rows(meter.id):
            assert rows
        opened.statistics(meter.id, times_of=["power"])
        opened.load(meter.id, 1.0)
        opened.next_step(meter.id, 0)
        opened.gaps(meter.id)
        if span is not None:
            opened.envelope(meter.id, ["power"], *span, 100)
            opened.energy_before(meter.id, span[1])


def _remove(path: Path) -> None:
    for one in path.parent.glob(path.name + "*"):
        one.unlink()


# -- texts ---------------------------------------------------------------------------------


def _convert_port(text: str) -> object:
    return PortName().convert(text, None, None)


def _typed_time(text: str) -> int:
    """Read a time as the window does, in a run of two days."""
    start = _BEGIN / MICROSECONDS
    form = RunTimes(TimeMode.ELAPSED, start, 172_800.0)
    return read_time(text, form, _BEGIN, _BEGIN + 172_800 * MICROSECONDS)


def _typed_end(text: str) -> object:
    return parse_planned_end(text, _BEGIN)


#: Parsers of what users type, and of URLs.
PARSERS: tuple[Callable[[str], object], ...] = (
    duration,
    interval,
    parse_moment,
    _typed_time,
    parse_elapsed,
    parse_rate,
    time_zone,
    parse_columns,
    parse_fields,
    Rotation.parse,
    parse_alert,
    _typed_end,
)


def texts(data: bytes) -> None:
    """Read a text as everything that can be typed."""
    text = data.decode("utf-8", "surrogateescape")
    for parser in PARSERS:
        with contextlib.suppress(WattuiError, ValueError, OverflowError, click.ClickException):
            parser(text)
    assert printable(text).replace("\n", "").isprintable()


def urls(data: bytes) -> None:
    """Read a text as the URL of a port."""
    text = data.decode("utf-8", "surrogateescape")
    for parser in (
        parse_url,
        parse_listen_url,
        lambda rest: parse_url(f"sim://{rest}"),
        _convert_port,
    ):
        with contextlib.suppress(WattuiError, ValueError, click.ClickException):
            parser(text)


def all_targets() -> dict[str, Target]:
    """Return every target by its name."""
    forms = [form for form in all_formats().values() if form.read is not None]
    return {
        "framer": framer,
        "posts": posts,
        **{f"reader-{form.name}": reader_of(form) for form in forms},
        "import": importing,
        "session": session,
        "texts": texts,
        "urls": urls,
    }
