# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reply, as the meter's manual has it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.measurement.fields import FIELDS
from wattui.protocol import (
    Calibration,
    FieldNames,
    FieldSelection,
    Framer,
    FullHandling,
    FullHandlingReply,
    LoggingMode,
    LoggingState,
    Malformed,
    NetworkAction,
    NetworkAddress,
    Packet,
    PostTarget,
    ReadoutEnd,
    ReadoutStart,
    Record,
    RecordLimit,
    Reply,
    TcpLoggingStarted,
    UserParameters,
    Version,
    parse,
)
from wattui.protocol.framing import decode_all

NAMES = "W,V,A,WH,Cost,WH/Mo,Cost/Mo,Wmax,Vmax,Amax,Wmin,Vmin,Amin,PF,DC,PC,Hz,VA"
EIGHTEEN = (423, 1198, 361, 79, 0, 34, 2, 423, 1202, 361, 0, 1199, 0, 97, 100, 0, 600, 432)

PRO = Version(1, 65_206, (5, 2), (3, 14), "200612211910", "0")

DIALOGUES: list[tuple[str, Reply]] = [
    # what the meter says, what it means
    ("#v,-,8,1,65206,5,2,3,14,200612211910,0;", PRO),
    ("#v,-,8,3,1048576,6,3,4,41,20071221230159,_;",
     Version(3, 1_048_576, (6, 3), (4, 41), "20071221230159", "_")),
    (f"#h,-,18,{NAMES};", FieldNames(tuple(NAMES.split(",")))),
    ("#c,-,18,1,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1;",
     FieldSelection((True,) * 3 + (False,) * 14 + (True,))),
    ("#n,-,1,1700;", RecordLimit(1700)),
    ("#n,-,3,_,1,120000;", ReadoutStart(1, 120_000)),
    ("#n,-,3,0,60,0;", ReadoutStart(60, 0)),
    ("#l,-,2,_,10;", ReadoutEnd(10)),
    ("#l,-,2,,10;", ReadoutEnd(10)),
    ("#l,-,2,1193443200,1;", ReadoutEnd(1)),
    ("#l,-,2,_,_;", ReadoutEnd(None)),
    ("#l,-,2,_,10,3;", ReadoutEnd(None)),
    ("#l,-,3,_,10,3;", ReadoutEnd(None)),
    ("#l,-,2,17,_,10;", ReadoutEnd(10)),
    ("#l,-,2,17,_,_;", ReadoutEnd(None)),
    ("#l,-,0;", ReadoutEnd(None)),
    ("#s,-,3,_,1,0;", LoggingState(1, LoggingMode.STOPPED)),
    ("#s,-,3,-,60,1;", LoggingState(60, LoggingMode.INTERNAL)),
    ("#s,-,3,,1,2;", LoggingState(1, LoggingMode.EXTERNAL)),
    ("#i,-,0;", TcpLoggingStarted()),
    ("#o,-,1,0;", FullHandlingReply(FullHandling.STOP)),
    ("#o,-,1,1;", FullHandlingReply(FullHandling.OVERWRITE)),
    ("#o,-,1,2;", FullHandlingReply(FullHandling.CONDENSE)),
    ("#u,-,3,80,5,0;", UserParameters(80, 5, euro=False)),
    ("#u,-,3,65500,5000,1;", UserParameters(65_500, 5_000, euro=True)),
    ("#f,-,48," + ",".join(["-32768"] * 48) + ";", Calibration(("-32768",) * 48)),
    ("#f,-,14," + ",".join(map(str, range(14))) + ";", Calibration(tuple(map(str, range(14))))),
    ("#i,q,7,10.0.0.7,10.0.0.1,8.8.8.8,_,255.255.255.0,1,0004a3b2c1d0;",
     NetworkAddress("10.0.0.7", "10.0.0.1", "8.8.8.8", "", "255.255.255.0", True, "0004a3b2c1d0")),
    ("#i,s,6,10.0.0.7,10.0.0.1,8.8.8.8,,255.255.255.0,0;",
     NetworkAddress("10.0.0.7", "10.0.0.1", "8.8.8.8", "", "255.255.255.0", False)),
    ("#i,e,5,example.org,80,/post,WattsUp.NET,20;",
     PostTarget("example.org", 80, "/post", "WattsUp.NET", 20)),
    ("#i,x,5,example.org,80,_,_,20;", PostTarget("example.org", 80, "", "", 20)),
    ("#i,x,6,example.org,80,/post,WattsUp.NET,20,0;",
     PostTarget("example.org", 80, "/post", "WattsUp.NET", 20)),
    ("#i,r,0;", NetworkAction("r")),
    ("#i,w,0;", NetworkAction("w")),
    ("#i,z,0;", NetworkAction("z")),
    ("#d,-,18," + ",".join(map(str, EIGHTEEN)) + ";", Record(EIGHTEEN)),
    ("#d,-,16," + ",".join(map(str, EIGHTEEN[:16])) + ";", Record((*EIGHTEEN[:16], None, None))),
    ("#d,-,3,1,_,3;", Record((1, None, 3, *(None,) * 15))),
    ("#d,-,3,1,,-;", Record((1, None, None, *(None,) * 15))),
    ("#d,-,1,5000000;", Record((5_000_000, *(None,) * 17))),
    ("#d,-,2,1,4294967295;", Record((1, 2**32 - 1, *(None,) * 16))),
]  # fmt: skip


@pytest.mark.parametrize(("said", "meant"), DIALOGUES)
def test_what_the_meter_says_and_what_it_means(said: str, meant: Reply) -> None:
    (packet,) = decode_all(said.encode())
    assert parse(packet) == meant
    assert type(parse(packet)) is type(meant)
    assert Framer().decode_replies(said.encode() + b"\r\n") == [meant]


IMPOSSIBLE = [
    *("#x,-,0;", "#V,R,0;", "#v,R,0;", "#d,X,1,5;", "#D,-,1,5;"),
    *("#v,-,2,1,2;", "#v,-,8,PRO,65206,5,2,3,14,200612211910,0;", "#v,-,9,1,2,3,4,5,6,7,8,9;"),
    *("#c,-,0;", "#c,-,2,1,2;", "#c,-,19," + ",".join("1" * 19) + ";"),
    *("#n,-,0;", "#n,-,2,1,2;", "#n,-,1,-5;", "#n,-,3,_,x,5;", "#n,-,1,99999999999;"),
    *("#s,-,3,_,1,3;", "#s,-,2,_,1;", "#s,-,3,_,_,1;"),
    *("#o,-,1,3;", "#o,-,0;", "#u,-,2,80,5;", "#u,-,3,80,5,2;", "#u,-,3,80,_,0;"),
    *("#i,q,5,a,b,c,d,e;", "#i,s,6,a,b,c,d,e,f;", "#i,e,4,h,80,f,a;", "#i,x,5,h,port,f,a,1;"),
    *(
        "#d,-,0;",
        "#d,-,18" + ",_" * 18 + ";",
        "#d,-,1,_;",
        "#d,-,1,5000001;",
        "#d,-,1,4294967296;",
        "#d,-,1,-5;",
    ),
    *("#d,-,1,+5;", "#d,-,1, 5;", "#d,-,2,1_8,3;", "#d,-,2,1.5,3;", "#d,-,2,_,1_8;", "#d,-,1,__;"),
]


@pytest.mark.parametrize("said", IMPOSSIBLE)
def test_packets_that_no_meter_sends_are_malformed(said: str) -> None:
    packets = decode_all(said.encode())
    assert [parse(packet) for packet in packets] == [Malformed(packet) for packet in packets]
    assert len(packets) == 1


def test_a_command_of_two_letters_is_not_a_packet() -> None:
    assert list(decode_all(b"#dX,-,0;")) == []


@pytest.mark.parametrize("digits", ["٣", "²", "५५"])
def test_digits_of_other_scripts_are_not_numbers(digits: str) -> None:
    for packet in (Packet("d", "-", (digits,)), Packet("n", "-", (digits,))):
        assert parse(packet) == Malformed(packet)


@given(
    st.sampled_from("vhcnlsouidfx"),
    st.sampled_from("-qsexrwz"),
    st.lists(st.text(max_size=12), max_size=50),
)
def test_parse_never_raises(command: str, subcommand: str, args: list[str]) -> None:
    parse(Packet(command, subcommand, tuple(args)))


def test_a_record_is_eighteen_values_however_many_came() -> None:
    for count in range(1, 19):
        record = parse(Packet("d", "-", ("5",) * count))
        assert isinstance(record, Record)
        assert len(record.values) == len(FIELDS)
        assert record.values.count(None) == 18 - count


def test_a_record_shows_itself_and_matches() -> None:
    record = Record((1, None))
    assert repr(record) == "Record((1, None))"
    match record:
        case Record(values):
            assert values == (1, None)


@pytest.mark.parametrize(
    ("model", "name", "network"),
    [
        *((0, "Standard", False), (1, "PRO", False), (2, "PRO ES", False), (3, ".NET", True)),
        *((4, "Blind Module", False), (9, "model 9", False)),
    ],
)
def test_model_names(model: int, name: str, network: bool) -> None:
    version = Version(model, 65_206, (5, 2), (3, 14), "", "")
    assert (version.model_name, version.has_network) == (name, network)
    assert version.firmware_text == "3.14"


@pytest.mark.parametrize(
    ("digits", "text"),
    [
        ("200612211910", "2006-12-21 19:10"),
        ("20071221230159", "2007-12-21 23:01:59"),
        ("odd", "odd"),
        ("", ""),
    ],
)
def test_the_firmwares_time_stamp_is_a_date(digits: str, text: str) -> None:
    assert replace(PRO, built=digits).built_text == text


def test_record_of_nineteen_values_gives_its_first_eighteen_and_is_counted() -> None:
    framer = Framer()
    line = ("#d,-,19," + ",".join(map(str, (*EIGHTEEN, 7))) + ";").encode()
    assert framer.decode_replies(line * 2) == [Record(EIGHTEEN)] * 2
    assert (framer.counts.long_records, framer.counts.dropped) == (2, 0)


@pytest.mark.parametrize("count", [1, 100])
@pytest.mark.parametrize("power", [5_000_001, 4_294_967_295])
def test_record_beyond_the_power_limit_is_garbled_alone_and_among_many(
    count: int, power: int
) -> None:
    good = f"#d,-,18,{','.join(map(str, EIGHTEEN))};"
    bad = f"#d,-,18,{','.join(map(str, (power, *EIGHTEEN[1:])))};"
    replies = Framer().decode_replies((good * count + bad + good * count).encode())
    assert [type(reply) for reply in replies].count(Record) == 2 * count
    assert isinstance(replies[count], Malformed)
