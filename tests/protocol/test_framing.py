# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets out of any stream: against a framer that takes one byte at a time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reference_framer import ReferenceFramer

from wattui.protocol import Framer, Malformed, Packet, ReadoutEnd, Record, encode, parse
from wattui.protocol.framing import MAX_PACKET, MAX_TEXTS, decode_all

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"

RECORD = b"#d,-,18,423,1198,361,79,0,34,2,423,1202,361,0,1199,0,97,100,0,600,432;"
OLD_RECORD = b"#d,-,16,423,1198,361,79,0,34,2,423,1202,361,0,1199,0,97,100,0;"
VALUES = (423, 1198, 361, 79, 0, 34, 2, 423, 1202, 361, 0, 1199, 0, 97, 100, 0, 600, 432)

#: What a hold may come to: a packet, a line of text, sixteen lines of escaped bytes.
MOST_HELD = MAX_PACKET + 200 + MAX_TEXTS * 4 * 200


def counts_of(framer: Framer) -> tuple[int, ...]:
    counts = framer.counts
    return (
        *(counts.bytes, counts.packets, counts.skipped_bytes, counts.cut),
        *(counts.wrong_count, counts.malformed),
    )


def fed(chunks: list[bytes], way: str) -> dict[str, object]:
    """Feed chunks as packets, as replies, or as both alternately, and return all results."""
    framer = Framer()
    replies: list[object] = []
    for number, chunk in enumerate(chunks):
        if way == "replies" or (way == "turns" and number % 2):
            replies += framer.decode_replies(chunk)
        else:
            replies += map(parse, framer.decode(chunk))
        assert framer.held <= MOST_HELD
    return {"replies": replies, "texts": framer.take_texts(), "counts": counts_of(framer)}


def chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


#: Machines that test are slow at times: that is no failure.
unhurried = settings(deadline=None)


# -- strategies ---------------------------------------------------------------

letters = st.sampled_from("VDHLvdhlnsuicf")
numbers = st.integers(0, 2**33).map(str) | st.integers(0, 9).map(str)
odd_args = st.sampled_from(["", "_", "-", "007", "1_8", "-5", "+5", " 5", "12a", "0_", "_0"])
long_args = st.sampled_from(["9" * 9, "9" * 10, "9" * 11, "0" * 12, "4294967295", "4294967296"])
args = numbers | odd_args | long_args
packets = st.builds(Packet, letters, letters | st.just("-"), st.lists(args, max_size=20).map(tuple))


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """Runs of records: faultless most often, else with something odd in one of them."""
    size = draw(st.sampled_from([18, 18, 18, 16, 17]))
    count = draw(st.integers(1, 40))
    row = [draw(st.integers(0, 60_000)) for _ in range(size)]
    rows = [[str(value + (step * (i % 3))) for i, value in enumerate(row)] for step in range(count)]
    if draw(st.booleans()):
        rows[draw(st.integers(0, count - 1))][draw(st.integers(0, size - 1))] = draw(args)
    if draw(st.booleans()):  # a field that is not logged
        for one in rows:
            one[draw(st.integers(0, 2))] = "_"
    end = draw(st.sampled_from([b"\r\n", b"", b"\x00\r\n", b"\r\x00\n"]))
    return b"".join(encode(Packet("d", "-", tuple(one))) + end for one in rows)


noise = st.binary(max_size=60) | st.sampled_from(
    [
        *(b"#", b";", b"\x00", b"\r\n", b";#", b"##", b"#;", b"7", b",", b"_", b"No change; 2\r\n"),
        *(b"#d,-,18,", b"#d,-,18,1,2,3;", b"5#d,-,18,", b"#d,-,2,1,2,3;", b"#l,-,2,_,1,4;"),
        *(b"#V,R,0,;", b"#V,R,1,;", b"#v,-,1_0;", b"#" + b"d" * 1020, b"x" * 1100, b"#" * 20),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Records with a few bytes changed, left out or put in."""
    data = bytearray(draw(records()))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data) - 1))
        kind = draw(st.sampled_from(["change", "remove", "insert"]))
        byte = draw(st.sampled_from(b"#;,_-d018 \x00\n\xff"))
        if kind == "insert":
            data.insert(place, byte)
        elif kind == "change":
            data[place] = byte
        elif len(data) > 1:
            del data[place]
    return bytes(data)


streams = st.lists(records() | mutated() | packets.map(encode) | noise, max_size=6).map(b"".join)


# -- properties ---------------------------------------------------------------


@unhurried
@given(data=streams, cuts=st.lists(st.integers(0, 100_000), max_size=12))
@example(data=b"abc#V,R,0;", cuts=[3])
@example(data=b"##V,R,0;#", cuts=[])
@example(data=b"#" + b"x" * 1022 + b";", cuts=[1023])
@example(data=b"#" + b"x" * 1023 + b";", cuts=[1024])
@example(data=b"#" + b"x" * 3000 + b";text\r\n#V,R,0;", cuts=[1500])
@example(data=RECORD + b"5" + RECORD, cuts=[])
@example(data=RECORD * 20 + RECORD.replace(b"d,-,18", b"d,-,19") + RECORD * 20, cuts=[])
@example(data=RECORD * 20 + RECORD.replace(b",79,", b",,") + RECORD * 20, cuts=[])
@example(data=RECORD * 20 + RECORD.replace(b",79,", b"," + b"0" * 1000 + b"79,"), cuts=[])
@example(data=RECORD.replace(b",18,423,", b",18,0423,") * 20, cuts=[])
@example(data=RECORD.replace(b",432;", b",;") * 20, cuts=[])
@example(data=RECORD.replace(b"423", b"4294967296", 1), cuts=[])
@example(data=RECORD.replace(b",432;", b",9999999999;") * 20, cuts=[])
@example(data=(RECORD + OLD_RECORD) * 9 + OLD_RECORD * 30, cuts=[700])
def test_any_chunking_and_any_way_is_the_reference(data: bytes, cuts: list[int]) -> None:
    reference = ReferenceFramer()
    reference.decode(data)
    expected = reference.outcome()
    assert fed([data], "packets") == expected
    assert fed([data], "replies") == expected
    chunks = chunked(data, cuts)
    assert fed(chunks, "packets") == expected
    assert fed(chunks, "replies") == expected
    assert fed(chunks, "turns") == expected


@unhurried
@given(data=streams)
def test_byte_by_byte_is_the_same(data: bytes) -> None:
    chunks = [data[i : i + 1] for i in range(len(data))]
    assert fed(chunks, "replies") == fed([data], "packets")


@unhurried
@given(packet=packets, before=noise, after=noise)
def test_a_packet_survives_noise_before_and_after_it(
    packet: Packet, before: bytes, after: bytes
) -> None:
    assert packet in decode_all(before + encode(packet) + after)


@unhurried
@given(packet=packets, data=st.data())
def test_control_characters_are_ignored_anywhere_inside(
    packet: Packet, data: st.DataObject
) -> None:
    wire = encode(packet)
    for _ in range(5):
        place = data.draw(st.integers(0, len(wire)))
        control = data.draw(st.sampled_from([b"\x00", b"\r", b"\n", b"\t", b"\x7f", b"\x18"]))
        wire = wire[:place] + control + wire[place:]
    framer = Framer()
    assert framer.decode(wire) == [packet]
    assert framer.counts.skipped_bytes == 0


@unhurried
@given(packet=packets)
def test_encode_and_decode_are_inverse(packet: Packet) -> None:
    assert decode_all(encode(packet)) == [packet]


# -- the line of a real meter -------------------------------------------------

WHAT_COMES = [
    # bytes of the wire, packets that they hold, counts of cut, wrong and malformed ones
    (b"#v,-,1,4;\r\n", ["#v,-,1,4;"], (0, 0, 0)),
    (b"198,361,79,0;\r\n#n,-,1,1700;\r\n", ["#n,-,1,1700;"], (0, 0, 0)),
    (b"#d,-,18,423,11#n,-,1,1700;", ["#n,-,1,1700;"], (1, 0, 0)),
    (b"#####n,-,1,1700;", ["#n,-,1,1700;"], (4, 0, 0)),
    (b"#n,-,1,17\x00\x0000\x00;\r\x00\n", ["#n,-,1,1700;"], (0, 0, 0)),
    (b"#n,-,2,1700;", [], (0, 1, 0)),
    (b"#n,-,0,1700;", [], (0, 1, 0)),
    (b"#n,-,x,1700;", [], (0, 1, 0)),
    (b"#n,-,,1700;", [], (0, 1, 0)),
    (b"#nn,-,1,1700;", [], (0, 0, 1)),
    (b"#n;", [], (0, 0, 1)),
    (b"#;", [], (0, 0, 1)),
    (b"#n,-,1,17\xff0;", [], (0, 0, 1)),
    (b"#L,W,3,E,,1;", ["#L,W,3,E,,1;"], (0, 0, 0)),
    (b"#V,R,0,;", ["#V,R,0;"], (0, 0, 0)),
    (b"#l,-,2,_,1,7;", ["#l,-,3,_,1,7;"], (0, 0, 0)),
    (b"#n,-,1,1;#n,-,1,2;", ["#n,-,1,1;", "#n,-,1,2;"], (0, 0, 0)),
]


@pytest.mark.parametrize(("wire", "texts", "dropped"), WHAT_COMES)
def test_what_comes_and_what_is_made_of_it(
    wire: bytes, texts: list[str], dropped: tuple[int, ...]
) -> None:
    framer = Framer()
    assert [str(packet) for packet in framer.decode(wire)] == texts
    counts = framer.counts
    assert (counts.cut, counts.wrong_count, counts.malformed) == dropped
    assert counts.dropped == sum(dropped)
    assert counts.packets == len(texts)
    assert f"{sum(dropped)} dropped" in str(counts)


def test_text_keeps_its_semicolon_and_ends_with_its_line() -> None:
    framer = Framer()
    banner = b"WattsUp.NET $ Version: 3.23 $ 200712212301 60Hz 120V\r\n"
    assert framer.decode(banner + b"No change; interval already ==2\r\n" + RECORD) == [
        Packet("d", "-", tuple(map(str, VALUES)))
    ]
    assert framer.take_texts() == [
        "WattsUp.NET $ Version: 3.23 $ 200712212301 60Hz 120V",
        "No change; interval already ==2",
    ]
    assert framer.take_texts() == []


def test_text_before_a_packet_in_another_read_is_a_text_of_its_own() -> None:
    framer = Framer()
    framer.decode(b"abc")
    framer.decode(RECORD)
    framer.decode(b"def")
    assert framer.take_texts() == ["abc", "def"]


def test_the_last_sixteen_texts_stay_of_200_characters() -> None:
    framer = Framer()
    for number in range(40):
        framer.decode(b"%d " % number + b"x" * 500 + b"\r\n")
    texts = framer.take_texts()
    assert [text.split()[0] for text in texts] == [str(number) for number in range(24, 40)]
    assert {len(text) for text in texts} == {200}


@pytest.mark.parametrize("way", ["packets", "replies"])
@pytest.mark.parametrize("start", [b"", b"#", b"#d,-,18,1", b"text "])
@pytest.mark.parametrize("size", [7, 4096, 1 << 20])
def test_a_megabyte_without_a_semicolon_is_forgotten(way: str, start: bytes, size: int) -> None:
    framer = Framer()
    decode = framer.decode if way == "packets" else framer.decode_replies
    data = start + b"x" * (1 << 20)
    for place in range(0, len(data), size):
        assert not decode(data[place : place + size])
        assert framer.held <= MOST_HELD
    assert framer.counts.cut == (1 if start.startswith(b"#") else 0)
    assert framer.counts.skipped_bytes == len(data)
    assert len(decode(RECORD)) == 1


def test_an_overlong_packet_counts_once_however_it_comes() -> None:
    wire = b"#f,-,2," + b"1" * 2000 + b",2;" + RECORD
    for way in ("packets", "replies"):
        for size in (1, 100, 1024, 5000):
            chunks = [wire[i : i + size] for i in range(0, len(wire), size)]
            outcome = fed(chunks, way)
            assert outcome["counts"] == (len(wire), 1, len(wire) - len(RECORD), 1, 0, 0)


def test_the_longest_packet_is_taken() -> None:
    packet = Packet("f", "-", ("1" * (MAX_PACKET - len("#f,-,1,;")),))
    assert len(encode(packet)) == MAX_PACKET
    assert decode_all(encode(packet)) == [packet]
    longer = packet._replace(args=(packet.args[0] + "1",))
    assert decode_all(encode(longer)) == []


def test_reset_forgets_the_packet_that_has_begun() -> None:
    framer = Framer()
    framer.decode(b"#d,-,18,1,2")
    framer.reset()
    assert framer.decode(b"3;" + RECORD)
    assert (framer.counts.cut, framer.counts.packets) == (1, 1)
    assert framer.counts.skipped_bytes == len(b"#d,-,18,1,2") + len(b"3;")


# -- the short way ------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 30, 300, 3000])
def test_a_run_of_records_becomes_records(count: int) -> None:
    framer = Framer()
    assert framer.decode_replies((RECORD + b"\r\n") * count) == [Record(VALUES)] * count
    assert framer.counts.packets == count
    assert framer.counts.skipped_bytes == 0


def test_integers_are_pythons_own() -> None:
    (record, *_others) = Framer().decode_replies(RECORD * 300)
    assert isinstance(record, Record)
    assert {type(value) for value in record.values} == {int}


def test_one_fault_in_a_read_out_costs_one_record() -> None:
    wire = bytearray((RECORD + b"\r\n") * 1000)
    wire[40_000] = ord("?")
    replies = Framer().decode_replies(bytes(wire))
    assert [type(reply) for reply in replies].count(Malformed) <= 1
    assert replies.count(Record(VALUES)) == 999


def test_a_read_out_with_preamble_and_end() -> None:
    unlogged = RECORD.replace(b",1198,361,", b",_,_,")
    wire = b"#n,-,3,_,1,500;\r\n" + unlogged * 500 + b"#l,-,2,_,1,7;\r\n"
    start, *records, end = Framer().decode_replies(wire)
    assert records == [Record((423, None, None, *VALUES[3:]))] * 500
    assert end == ReadoutEnd(None)
    assert start == parse(Packet("n", "-", ("_", "1", "500")))


# -- real bytes ---------------------------------------------------------------

CAPTURES = [("fan.raw", 1_792, 755_658), ("iphone4.raw", 6_423, 314_974)]


def capture(name: str) -> bytes:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the capture {name} is not beside the repository")
    return path.read_bytes()


@pytest.mark.parametrize(("name", "count", "watts"), CAPTURES)
@pytest.mark.parametrize("way", ["packets", "replies"])
def test_a_capture_is_taken_whole(name: str, count: int, watts: int, way: str) -> None:
    outcome = fed([capture(name)], way)
    replies = outcome["replies"]
    assert isinstance(replies, list)
    assert len(replies) == count
    assert sum(reply.values[0] for reply in replies) == watts
    assert outcome["counts"] == (len(capture(name)), count, 0, 0, 0, 0)


@pytest.mark.parametrize(("name", "count", "watts"), CAPTURES)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_capture_in_chunks_with_stray_nuls(name: str, count: int, watts: int, seed: int) -> None:
    chance = random.Random(seed)
    data = capture(name)
    chunks = []
    place = 0
    while place < len(data):
        size = chance.choice([1, 3, 20, 80, 500, 20_000])
        chunk = data[place : place + size]
        if chance.random() < 0.5:
            nul = chance.randrange(len(chunk) + 1)
            chunk = chunk[:nul] + b"\x00" + chunk[nul:]
        chunks.append(chunk)
        place += size
    replies = fed(chunks, "turns")["replies"]
    assert isinstance(replies, list)
    assert len(replies) == count
    assert sum(reply.values[0] for reply in replies) == watts


# -- a bounded fuzz run; `make fuzz` does ten million bytes ----------------------


def fuzz(chance: random.Random, total: int) -> Iterator[bytes]:
    done = 0
    while done < total:
        if chance.random() < 0.2:
            chunk = chance.randbytes(chance.randrange(1, 3000))
        else:
            mutant = bytearray((RECORD + b"\r\n") * chance.randrange(1, 40))
            for _ in range(chance.randrange(6)):
                mutant[chance.randrange(len(mutant))] = chance.choice(b"#;,_-dl0189 \x00\n\xff")
            chunk = bytes(mutant[: chance.randrange(1, len(mutant) + 1)])
        done += len(chunk)
        yield chunk


def test_fuzz_raises_nothing_and_holds_little() -> None:
    packets, replies, reference = Framer(), Framer(), ReferenceFramer()
    for chunk in fuzz(random.Random(2011), 300_000):
        assert replies.decode_replies(chunk) == [parse(packet) for packet in packets.decode(chunk)]
        reference.decode(chunk)
        assert replies.held <= MOST_HELD
        assert counts_of(replies) == counts_of(packets)
    expected = reference.outcome()
    assert counts_of(packets) == expected["counts"]
    assert packets.take_texts() == replies.take_texts() == expected["texts"]
    assert packets.counts.packets > 1000
