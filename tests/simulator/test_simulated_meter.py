# SPDX-License-Identifier: GPL-3.0-or-later
"""Dialogues with the simulated meter: commands and answers, on a manual clock."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattui.measurement.fields import FIELD_INDEX, FIELDS
from wattui.protocol import Framer, FullHandling, LoggingMode, Packet, parse
from wattui.protocol.replies import Record
from wattui.simulator import SimulatedMeter
from wattui.simulator.faults import parse_faults
from wattui.simulator.line import Line
from wattui.simulator.loads import Load
from wattui.simulator.meter_setup import MeterSetup
from wattui.simulator.network import Poster
from wattui.simulator.replays import CaptureReplay


class ManualClock:
    """A clock that only moves when a test advances it."""

    def __init__(self) -> None:
        self._now = 100.0

    def time(self) -> float:
        return 1.7e9 + self._now

    def monotonic(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds


class Bench:
    """A meter, its clock, and what came from it."""

    def __init__(
        self,
        model: str = "pro",
        *,
        load: Load | None = None,
        replay: CaptureReplay | None = None,
        faults: str = "",
        poster: Poster | None = None,
        **setup: Any,
    ) -> None:
        self.clock = ManualClock()
        self.meter = SimulatedMeter(
            model,
            clock=self.clock,
            load=load,
            replay=replay,
            faults=parse_faults(faults),
            poster=poster,
            setup=MeterSetup(**setup),
        )
        self.framer = Framer()

    def ask(self, data: bytes, wait: float = 0.1) -> bytes:
        """Send, wait, and return what came, without NULs and line ends."""
        self.meter.receive(data)
        return self.hear(wait)

    def hear(self, wait: float) -> bytes:
        self.clock.advance(wait)
        return self.meter.poll(1_000_000).translate(None, b"\0\r\n")

    def packets(self, wait: float) -> list[Packet]:
        """Wait in small steps and return the packets that came."""
        packets: list[Packet] = []
        for _ in range(round(wait * 10)):
            self.clock.advance(0.1)
            packets += self.framer.decode(self.meter.poll())
        return packets

    def records(self, wait: float) -> list[tuple[int | None, ...]]:
        replies = map(parse, self.packets(wait))
        return [reply.values for reply in replies if isinstance(reply, Record)]

    def readout(self) -> list[bytes]:
        """Read the memory, as lines."""
        return self.ask(b"#D,R,0;", 3600.0).replace(b";", b";\n").splitlines()


NAMES = ",".join(field.header for field in FIELDS).encode()
UNKNOWN = b"#v,-,8,1,65206,5,2,3,14,200612211910,0;"


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"#V,R,0;", UNKNOWN),
        (b"#V,R,0,;", UNKNOWN),
        (b"#V,R\r\n,\0\t0;", UNKNOWN),
        (b"noise ; #V,R#V,R,0;", UNKNOWN),
        (b"#v,r,0;", UNKNOWN),
        (b"#X,Y,2,_,1;", UNKNOWN),
        (b"#I,Q,0;", UNKNOWN),
        (b"#L,W,3,T,_,1;", UNKNOWN),
        (b"#L,W,3,X,_,1;", UNKNOWN),
        (b"#L,W,1,E;", UNKNOWN),
        (b"#H,R,0;", b"#h,-,18," + NAMES + b";"),
        (b"#C,R,0;", b"#c,-,18" + b",1" * 18 + b";"),
        (b"#C,W,18" + b",1" * 3 + b",0" * 15 + b";", b"#n,-,1,10867;"),
        (b"#C,W,18" + b",0" * 18 + b";", b""),
        (b"#N,R,0;", b"#n,-,1,1917;"),
        (b"#O,R,0;", b"#o,-,1,0;"),
        (b"#O,W,1,1;#O,R,0;", b"#o,-,1,1;#o,-,1,1;"),
        (b"#O,W,1,3;#O,R,0;", b"#o,-,1,0;"),
        (b"#S,R,0;", b"#s,-,3,_,1,1;"),
        (b"#S,W,2,_,10;#S,R,0;", b"#s,-,3,_,10,1;"),
        (b"#S,W,2,_,0;#S,R,0;", b"#s,-,3,_,1,1;"),
        (b"#L,W,3,I,_,5;", b"#s,-,3,_,5,1;"),
        (b"#L,W,3,E,_,7;#S,R,0;", b"#s,-,3,_,7,2;"),
        (b"#L,W,3,E,_,7;#L,R,0;", b"#l,-,2,0,7;"),
        (b"#R,W,0;", b"#r,-,0;"),
        (b"#U,R,0;", b"#u,-,3,80,0,0;"),
        (b"#U,W,3,123,45,1;#U,R,0;", b"#u,-,3,123,45,1;"),
        (b"#U,W,3,65501,45,1;#U,R,0;", b"#u,-,3,80,0,0;"),
        (b"#T,D,1,1;#L,W,3,E,_,1;", b"No change; interval already ==1"),
        (b"#V,R,1;", b""),
        (b"", b""),
    ],
)  # fmt: skip
def test_dialogue(sent: bytes, answered: bytes) -> None:
    assert Bench().ask(sent) == answered


NET = "192.168.1.5,192.168.1.1,192.168.1.1,0.0.0.0,255.255.255.0,1"
POST = "www.example.com,80,/post.php,WattsUp.NET,60"


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ("#V,R,0;", "#v,-,8,3,524288,6,3,3,23,200712212301,0;"),
        ("#I,Q,0;", f"#i,q,7,{NET},0090C2D3E4F5;"),
        ("#I,S,6,10.0.0.2,10.0.0.1,10.0.0.1,_,255.0.0.0,0;",
         "#i,s,6,10.0.0.2,10.0.0.1,10.0.0.1,_,255.0.0.0,0;"),
        ("#I,S,6,10.0.0.256,1,1,1,1,0;#I,Q,0;", f"#i,q,7,{NET},0090C2D3E4F5;"),
        ("#I,E,0;", f"#i,e,5,{POST};"),
        ("#I,X,5,lab,8080,/w,me,5;#I,E,0;", "#i,x,5,lab,8080,/w,me,5;#i,e,5,lab,8080,/w,me,5;"),
        ("#I,X,6,lab,8080,/w,me,5,9;", "#i,x,5,lab,8080,/w,me,5;"),
        ("#I,X,5,lab,8080,/w,me,5;#I,R,0;#I,E,0;",
         f"#i,x,5,lab,8080,/w,me,5;#i,r,0;#i,e,5,{POST};"),
        ("#I,X,5,lab,8080,/w,me,5;#I,W,0;#I,R,0;#I,E,0;",
         "#i,x,5,lab,8080,/w,me,5;#i,w,0;#i,r,0;#i,e,5,lab,8080,/w,me,5;"),
        ("#I,X,5,lab,8080,/w,me,5;#I,Z,0;#I,E,0;",
         f"#i,x,5,lab,8080,/w,me,5;#i,z,0;#i,e,5,{POST};"),
        ("#L,W,3,T,_,4;", "#i,-,0;"),
    ],
)  # fmt: skip
def test_dialogue_of_a_net(sent: str, answered: str) -> None:
    assert Bench("net").ask(sent.encode()) == answered.encode()


def test_old_firmware_has_16_fields_14_factors_and_its_own_banner() -> None:
    bench = Bench(old=True, logged=2)
    assert bench.ask(b"#H,R,0;").startswith(b"#h,-,16,W,")
    assert bench.ask(b"#F,R,0;").count(b",") == 2 + 14
    lines = bench.readout()
    assert lines[0] == b"#n,-,3,0,1,2;"
    assert re.fullmatch(rb"#d,-,16(,\d+){16};", lines[1])
    assert lines[-1] == b"#l,-,2,0,_,1;"
    assert bench.ask(b"#V,W,0;", 1.0) == b"EED05F01 $Revision: 4.41 $ 200612212301 60Hz 120V"


def test_calibration_is_longer_than_256_bytes() -> None:
    answer = Bench().ask(b"#F,R,0;")
    assert answer.startswith(b"#f,-,48,")
    assert len(answer) > 256


@pytest.mark.parametrize("reserved", [b"", b"0", b"1", b"-", b"_"])
def test_any_reserved_argument_starts_external_logging(reserved: bytes) -> None:
    bench = Bench()
    bench.meter.receive(b"#L,W,3,E,%s,2;" % reserved)
    assert len(bench.records(20.5)) == 10


def test_lines_end_as_those_of_a_real_meter() -> None:
    bench = Bench(interval=1)
    bench.meter.receive(b"#L,W,3,E,_,1;")
    bench.clock.advance(3000.5)
    data = bench.meter.poll(1_000_000)
    ends = re.findall(rb";([\0\r\n]+)", data)
    assert len(ends) == len(data.split(b"#d")) - 1 == 3000
    assert set(ends) == {b"\r\n", b"\0\r\n", b"\r\0\n"}
    assert 0.05 < 1 - ends.count(b"\r\n") / len(ends) < 0.08


# -- time -------------------------------------------------------------------------


def test_records_come_every_interval_without_drift() -> None:
    bench = Bench()
    bench.clock.advance(0.37)
    bench.meter.receive(b"#L,W,3,E,_,3;")
    times = []
    for _ in range(40_000):
        bench.clock.advance(0.05)
        if b"#d" in bench.meter.poll():
            times.append(bench.clock.monotonic() - 100.37)
    assert len(times) == 666
    assert all(abs(at - 3 * (n + 1)) < 0.11 for n, at in enumerate(times))


def test_nothing_is_faster_than_115200_baud() -> None:
    bench = Bench(logged=300, faults="pieces")
    bench.meter.receive(b"#D,R,0;")
    total = b""
    for _ in range(10):
        bench.clock.advance(0.1)
        total += bench.meter.poll()
        assert abs(len(total) - 11_520 * (bench.clock.monotonic() - 100.0)) <= 1


def test_lines_come_whole_as_soon_as_the_wire_has_carried_them() -> None:
    bench, pieces = Bench(logged=300), Bench(logged=300, faults="pieces")
    total, carried = b"", b""
    for one in (bench, pieces):
        one.meter.receive(b"#D,R,0;")
    for _ in range(200):
        bench.clock.advance(0.005)
        pieces.clock.advance(0.005)
        total += bench.meter.poll()
        carried += pieces.meter.poll()
        assert total == carried[: carried.rfind(b"\n") + 1]


@pytest.mark.parametrize("baudrate", [9_600, 115_200])
def test_a_record_comes_in_one_piece_and_by_the_fault_in_several(baudrate: int) -> None:
    for faults, most in (("", 1), ("pieces", 100)):
        bench = Bench(baudrate=baudrate, faults=faults)
        bench.meter.receive(b"#L,W,3,E,_,1;")
        came = []
        while bench.clock.monotonic() < 101.5:
            bench.clock.advance(min(max(bench.meter.seconds_to_event(), 1e-5), 0.1))
            came += [bench.meter.poll()]
        came = [data for data in came if data]
        assert 1 <= len(came) <= most
        assert (len(came) > 1) is (faults == "pieces")
        assert Framer().decode(b"".join(came))[0].command == "d"


def test_a_line_longer_than_a_read_comes_in_parts() -> None:
    bench = Bench()
    bench.meter.receive(b"#F,R,0;")
    bench.clock.advance(1.0)
    parts = [bench.meter.poll(100) for _ in range(5)]
    assert b"".join(parts).startswith(b"#f,-,48,")
    assert max(map(len, parts)) <= 100


def test_streamed_records_have_no_value_where_a_field_is_not_chosen() -> None:
    bench = Bench()
    bench.ask(b"#C,W,18,1,1,1,0,0,0,0,1" + b",0" * 9 + b",1;#L,W,3,E,_,1;")
    for values in bench.records(3.0):
        chosen = [value is not None for value in values]
        assert chosen == [True] * 3 + [False] * 4 + [True] + [False] * 9 + [True]


def test_display_mode_of_before_usb() -> None:
    old = Bench(old=True)
    assert old.ask(b"#M,R,0;#M,W,1,3;#M,R,0;") == b"#m,-,1,0;#m,-,1,3;#m,-,1,3;"
    assert Bench().ask(b"#M,R,0;") == UNKNOWN
    assert Bench().ask(b"#M,W,1,3;") == UNKNOWN


def test_a_meter_with_replies_0_is_silent_after_clearing() -> None:
    silent = Bench(talkative=False)
    assert silent.ask(b"#R,W,0;#O,W,1,1;#O,R,0;") == b"#o,-,1,1;"


def test_a_full_memory_takes_as_long_as_the_wire_needs() -> None:
    bench = Bench("es", logged=15_420)
    bench.meter.receive(b"#D,R,0;")
    size, start = 0, bench.clock.monotonic()
    while bench.meter.line.reading_out:
        bench.clock.advance(0.5)
        size += len(bench.meter.poll())
    assert abs((bench.clock.monotonic() - start) - size / 11_520) <= 0.5


def test_at_9600_baud_it_is_twelve_times_as_slow() -> None:
    bench = Bench(baudrate=9_600, old=True, faults="pieces")
    bench.meter.receive(b"#H,R,0;#H,R,0;#H,R,0;")
    bench.clock.advance(0.05)
    assert len(bench.meter.poll()) == 48


def test_control_x_in_the_middle_of_a_readout_stops_it_at_once() -> None:
    bench = Bench(logged=1_500)
    assert bench.ask(b"#D,R,0;", 0.5).startswith(b"#n,-,3,_,1,1500;")
    assert bench.ask(b"\x18", 5.0) == b""
    assert bench.ask(b"#N,R,0;") == b"#n,-,1,1917;"


def test_a_command_is_answered_in_the_middle_of_a_readout() -> None:
    bench = Bench(logged=1_500)
    bench.ask(b"#D,R,0;", 0.5)
    assert b"#n,-,1,1917;" in bench.ask(b"#N,R,0;", 0.1)
    assert bench.meter.line.reading_out


def test_a_meter_that_is_not_read_loses_no_record() -> None:
    bench = Bench()
    bench.meter.receive(b"#L,W,3,E,_,1;")
    bench.clock.advance(20_000.5)
    data = b""
    while part := bench.meter.poll(4_096):
        data += part
        assert bench.meter.line.waiting < 100_000
    assert data.count(b"#d,") == 20_000


# -- the memory -------------------------------------------------------------------


def test_a_readout_sends_the_memory_and_leaves_it_unchanged() -> None:
    bench = Bench(logged=50, interval=10, chosen=tuple(n in (0, 1, 3) for n in range(18)))
    first = bench.readout()
    assert first[0] == b"#n,-,3,_,10,50;"
    assert first[-1] == b"#l,-,2,_,10;"
    assert all(re.fullmatch(rb"#d,-,18,\d+,\d+,_,\d+(,_){14};", line) for line in first[1:-1])
    assert len(first) == 52
    assert bench.readout()[1:51] == first[1:-1]


def test_logging_into_the_memory_continues_during_a_readout() -> None:
    bench = Bench(logged=1_000)
    before = list(bench.meter.memory.records())
    records = [reply for reply in bench.readout() if reply.startswith(b"#d")]
    assert len(records) == 1_000
    assert len(bench.meter.memory) == 1_917
    assert list(bench.meter.memory.records())[:1_000] == before


@pytest.mark.parametrize(
    "command",
    [b"#L,W,3,I,_,1;", b"#S,W,2,_,1;", b"#O,W,1,0;", b"#R,W,0;", b"#C,W,18" + b",1" * 18 + b";"],
)
def test_it_really_erases_even_where_nothing_changes(command: bytes) -> None:
    bench = Bench(logged=100)
    bench.ask(command)
    assert len(bench.meter.memory) == 0
    bench.clock.advance(3.0)
    bench.meter.poll()
    assert len(bench.meter.memory) == 3


@pytest.mark.parametrize(
    "command",
    [
        *(b"#V,R,0;", b"#V,W,0;", b"#L,W,3,E,_,5;", b"#L,R,0;", b"#U,W,3,1,2,1;", b"#T,D,1,2;"),
        *(b"#D,R,0;", b"\x18", b"#O,W,1,9;", b"#S,W,2,_,x;", b"#C,W,18" + b",2" * 18 + b";"),
    ],
)
def test_everything_else_keeps_the_memory(command: bytes) -> None:
    bench = Bench("net", logged=100)
    before = list(bench.meter.memory.records())
    bench.ask(command)
    assert list(bench.meter.memory.records())[:100] == before


def test_stop_leaves_the_oldest_records_and_reports_stopped() -> None:
    bench = Bench()
    bench.clock.advance(2_000.0)
    assert bench.ask(b"#S,R,0;") == b"#s,-,3,_,1,0;"
    assert len(bench.meter.memory) == 1_917
    assert bench.ask(b"#R,W,0;#S,R,0;") == b"#r,-,0;#s,-,3,_,1,1;"


def test_condensing_starts_at_one_second_and_doubles() -> None:
    bench = Bench()
    bench.ask(b"#O,W,1,2;#L,W,3,I,_,60;")
    assert bench.ask(b"#S,R,0;") == b"#s,-,3,_,1,1;"
    bench.clock.advance(1_917.5)
    assert bench.ask(b"#S,R,0;") == b"#s,-,3,_,2,1;"
    assert len(bench.meter.memory) == 959
    bench.clock.advance(2_000.0)
    assert bench.ask(b"#S,R,0;") == b"#s,-,3,_,4,1;"
    assert bench.ask(b"#R,W,0;#S,R,0;") == b"#r,-,0;#s,-,3,_,1,1;"


def test_after_condensing_the_records_are_one_interval_apart() -> None:
    bench = Bench(load=Load(lambda seed, t: (t / 10.0, 1.0, 0.0)))
    bench.meter.memory.choose([n == 0 for n in range(18)])
    bench.meter.memory.size = 201
    bench.meter.memory.choose([n == 0 for n in range(18)])
    bench.ask(b"#O,W,1,2;")
    bench.clock.advance(500.0)
    bench.meter.poll()
    interval = bench.meter.memory.interval
    assert interval == 8
    powers = [values[0] for values in bench.meter.memory.records(1)]
    assert len(powers) > 50
    steps = {after - before for before, after in itertools.pairwise(powers)}  # type: ignore[operator]
    assert steps == {interval}


def test_handling_2_is_reported_and_condense_is_the_memorys_own_interval() -> None:
    bench = Bench(handling=FullHandling.CONDENSE)
    assert bench.ask(b"#O,R,0;") == b"#o,-,1,2;"


# -- power ------------------------------------------------------------------------


def test_power_loss_resets_the_counters_and_keeps_the_memory() -> None:
    bench = Bench(load=Load(lambda seed, t: (1_000.0, 1.0, 0.0)))
    bench.ask(b"#U,W,3,200,0,1;")
    bench.clock.advance(100.0)
    bench.meter.power_off()
    assert bench.ask(b"#V,R,0;", 1_000.0) == b""
    before = list(bench.meter.memory.records())
    bench.meter.power_on()
    assert bench.hear(1.0) == b"WattsUp.NET $ Version: 3.14 $ 200612211910 60Hz 120V"
    assert bench.ask(b"#V,R,0;", 0.5) == b""
    bench.clock.advance(8.5)
    assert bench.ask(b"#U,R,0;") == b"#u,-,3,200,0,1;"
    after = list(bench.meter.memory.records())
    assert len(before) == 100
    assert len(after) == 110
    assert after[:100] == before
    counter, cycles = FIELD_INDEX["energy"], FIELD_INDEX["power_cycles"]
    assert [values[cycles] for values in after[98:102]] == [0, 0, 1, 1]
    assert after[99][counter] == 277
    assert after[109][counter] == 27
    bench.ask(b"#R,W,0;")
    bench.clock.advance(1.0)
    bench.meter.poll()
    assert next(bench.meter.memory.records())[cycles] == 0


def test_after_a_power_failure_it_sends_no_records() -> None:
    bench = Bench()
    bench.meter.receive(b"#L,W,3,E,_,1;")
    assert len(bench.records(5.1)) == 5
    bench.meter.power_off()
    bench.meter.power_on()
    assert not bench.records(10.0)
    assert bench.ask(b"#S,R,0;") == b"#s,-,3,_,1,1;"


def test_soft_restart_prints_the_banner_is_deaf_and_keeps_settings() -> None:
    bench = Bench(deaf_for=15.0)
    bench.ask(b"#U,W,3,200,50,0;#V,W,0;#O,W,1,2;", 0.2)
    assert bench.hear(1.0).startswith(b"WattsUp.NET $ Version")
    assert bench.ask(b"#U,R,0;", 10.0) == b""
    bench.clock.advance(4.0)
    assert bench.ask(b"#U,R,0;#O,R,0;") == b"#u,-,3,200,50,0;#o,-,1,0;"


def test_the_flash_test_prints_text() -> None:
    bench = Bench()
    assert b"Flash" in bench.ask(b"#T,T,1,1;", 5.0)


def test_unplugging_the_usb_leaves_it_logging() -> None:
    bench = Bench()
    bench.meter.unplug()
    assert bench.ask(b"#V,R,0;#R,W,0;", 50.0) == b""
    bench.meter.replug()
    bench.meter.open_link()
    assert len(bench.meter.memory) == 50
    assert bench.ask(b"#N,R,0;") == b"#n,-,1,1917;"


# -- replay -----------------------------------------------------------------------


def capture(count: int) -> list[tuple[str, ...]]:
    return [(str(n), "_", *["7"] * 16) for n in range(count)]


def test_a_replay_starts_with_its_first_record_even_if_logging_starts_late() -> None:
    bench = Bench(replay=CaptureReplay(capture(5)))
    bench.clock.advance(1_000.0)
    bench.meter.receive(b"#L,W,3,E,,2;")
    assert [packet.args for packet in bench.packets(60.0)] == capture(5)
    bench.meter.receive(b"#V,R,0;")
    assert [packet.command for packet in bench.packets(5.0)] == ["v"]


def test_a_replay_waits_while_the_port_is_closed() -> None:
    bench = Bench(replay=CaptureReplay(capture(10)))
    bench.meter.receive(b"#L,W,3,E,,1;")
    first = bench.records(4.1)
    bench.meter.close_link()
    bench.clock.advance(100.0)
    bench.meter.open_link()
    assert [values[0] for values in first + bench.records(20.0)] == list(range(10))


def test_a_replay_loops_and_rewinds_on_request() -> None:
    bench = Bench(replay=CaptureReplay(capture(3), loop=True, rewind=True))
    bench.meter.receive(b"#L,W,3,E,,1;")
    assert [values[0] for values in bench.records(4.1)] == [0, 1, 2, 0]
    bench.meter.close_link()
    bench.meter.open_link()
    assert [values[0] for values in bench.records(1.0)] == [0]


# -- faults -----------------------------------------------------------------------


def faulty(text: str, **options: Any) -> Bench:
    return Bench(faults=text, **options)


def test_cut_removes_the_beginning_of_the_first_packet_only() -> None:
    bench = faulty("cut")
    bench.meter.close_link()
    bench.meter.open_link()
    first, second = bench.ask(b"#V,R,0;"), bench.ask(b"#V,R,0;")
    assert UNKNOWN.endswith(first)
    assert first != UNKNOWN
    assert second == UNKNOWN


def test_silence_loses_the_records_of_its_time() -> None:
    bench = faulty("silence@10:20")
    bench.meter.receive(b"#L,W,3,E,_,1;")
    assert len(bench.records(40.1)) == 20


def test_slow_answers_come_late_and_records_do_not() -> None:
    bench = faulty("slow:3", logged=1)
    assert bench.ask(b"#N,R,0;", 2.9) == b""
    assert bench.hear(0.2) == b"#n,-,1,1917;"
    assert bench.ask(b"#D,R,0;", 2.9) == b""
    assert bench.hear(0.2).startswith(b"#n,-,3,")


@pytest.mark.parametrize(("fault", "answer"), [("mute", b""), ("notmeter", b"ERROR")])
def test_other_device_answers_nothing_or_nonsense(fault: str, answer: bytes) -> None:
    assert faulty(fault).ask(b"#V,R,0;") == answer


def test_deaf_streams_and_answers_nothing() -> None:
    packets = (bench := faulty("deaf")).meter.receive(b"#V,R,0;") or bench.packets(5.1)
    assert [packet.command for packet in packets] == ["d"] * 5


def test_garbage_noise_and_nuls_spoil_some_packets_and_the_framer_finds_the_others() -> None:
    bench = faulty("garbage:0.2,noise:0.3,nul:0.5")
    bench.meter.receive(b"#L,W,3,E,_,1;")
    records = bench.records(500.1)
    assert 350 < len(records) < 500


def test_faults_at_a_time_unplug_and_cut_the_power() -> None:
    bench = faulty("unplug@10:5,power@30:5")
    states = []
    for _ in range(40):
        bench.clock.advance(1.0)
        bench.meter.poll()
        states.append((bench.meter.plugged, bench.meter.powered))
    assert states.count((False, True)) == states.count((True, False)) == 5
    assert bench.meter.display.power_cycles == 1


@pytest.mark.parametrize(
    ("fault", "records", "end"),
    [
        ("short:2", 8, b"#l,-,2,_,1;"),
        ("more:4", 14, b"#l,-,2,_,1;"),
        ("end3", 10, b"#l,-,2,0,_,1;"),
        ("stall:5", 10, b"#l,-,2,_,1;"),
        ("mixed:5", 12, b"#l,-,2,_,1;"),
    ],
)
def test_a_readout_with_a_fault(fault: str, records: int, end: bytes) -> None:
    lines = faulty(fault, logged=10).readout()
    assert lines[0] == (b"#n,-,3,0,1,10;" if fault == "end3" else b"#n,-,3,_,1,10;")
    assert len(lines) == records + 2
    assert lines[-1] == end


def test_a_readout_without_its_end_and_an_absurd_interval() -> None:
    lines = faulty("noend,interval:0", logged=10).readout()
    assert lines[0] == b"#n,-,3,_,0,10;"
    assert lines[-1].startswith(b"#d")


def test_an_old_readout_still_streams_when_the_port_is_opened() -> None:
    bench = faulty("oldreadout", logged=100)
    bench.meter.close_link()
    bench.meter.open_link()
    assert b"#d," in bench.hear(0.1)
    assert bench.ask(b"\x18", 1.0) == b""


def test_stubborn_ignores_settings() -> None:
    bench = faulty("stubborn")
    assert bench.ask(b"#U,W,3,1,1,1;#U,R,0;") == b"#u,-,3,80,0,0;"
    assert bench.ask(b"#S,W,2,_,10;#S,R,0;") == b"#s,-,3,_,1,1;"


def test_at_another_baud_rate_everything_is_garbage() -> None:
    bench = Bench(baudrate=19_200, minds_baudrate=True)
    bench.meter.receive(b"#V,R,0;", 115_200)
    bench.clock.advance(1.0)
    assert bench.meter.poll(baudrate=115_200) == b""
    bench.meter.receive(b"#V,R,0;", 19_200)
    bench.clock.advance(1.0)
    garbage = bench.meter.poll(baudrate=115_200)
    assert garbage
    assert not set(garbage) & set(b"#;")
    assert bench.ask(b"#V,R,0;").startswith(b"#v,-,8,1,65206,5,1,")


# -- anything -----------------------------------------------------------------------

commands = st.sampled_from([
    *(b"#V,R,0;", b"#D,R,0;", b"#L,W,3,E,_,1;", b"#L,W,3,I,_,2;", b"#L,W,3,T,_,3;", b"#V,W,0;"),
    *(b"\x18", b"#O,W,1,2;", b"#T,D,1,2;", b"#C,W,18" + b",1" * 18 + b";", b"#I,S,6,a,b,c,d,e,f;"),
    *(b"#I,X,5,,,,,;", b"#S,W,2,_,99999999999;", b"#U,W,3,,,;", b"#L,R,0;", b"#R,W,0;"),
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=40) | commands, st.floats(0, 30)), max_size=20))
def test_no_input_makes_it_raise(steps: list[tuple[bytes, float]]) -> None:
    bench = Bench("net", logged=5)
    for data, wait in steps:
        bench.meter.receive(data)
        bench.hear(wait)
    assert bench.meter.seconds_to_event() >= 0.0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=30))
def test_the_same_bytes_come_in_reads_of_any_size(sizes: list[int]) -> None:
    whole = Bench(seed=3)
    whole.meter.receive(b"#L,W,3,E,_,1;#F,R,0;")
    whole.clock.advance(sum(sizes) * 0.05)
    parts = Bench(seed=3)
    parts.meter.receive(b"#L,W,3,E,_,1;#F,R,0;")
    pieces = b""
    for size in sizes:
        parts.clock.advance(size * 0.05)
        pieces += parts.meter.poll()
    everything = whole.meter.poll()
    # The last byte may still be on the wire: sums of times round differently.
    shorter, longer = sorted((everything, pieces), key=len)
    assert longer.startswith(shorter)
    assert len(longer) - len(shorter) <= 1


def test_two_models_differ_in_version_and_memory() -> None:
    assert Bench("es").ask(b"#V,R,0;").startswith(b"#v,-,8,2,524288,5,2,")
    assert Bench("es").ask(b"#N,R,0;") == b"#n,-,1,15420;"
    assert Bench("es", mode=LoggingMode.STOPPED).ask(b"#S,R,0;") == b"#s,-,3,_,1,0;"


def test_a_line_without_anything_to_send_has_no_time() -> None:
    assert Line(115_200, parse_faults("")).seconds_to_output(5.0) is None
