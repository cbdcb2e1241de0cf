# SPDX-License-Identifier: GPL-3.0-or-later
"""What a .NET posts, and the answer that steers it."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.measurement.fields import FIELD_INDEX, POWER_LIMIT, WIRE_MAXIMUM
from wattui.protocol.posts import POST_NAMES, PostAnswer, parse_answer, parse_post

#: The example of the manufacturer.
EXAMPLE = b"id=1&w=0&v=1199&a=381&wh=0&pcy=0&frq=599&va=458&rnc=0&sr=20"


def test_the_example_of_the_manufacturer() -> None:
    record = parse_post(EXAMPLE)
    assert (record.serial_number, record.relay_open, record.interval) == ("1", False, 20)
    values = {name: record.values[FIELD_INDEX[name]] for name in FIELD_INDEX}
    assert {name: value for name, value in values.items() if value is not None} == {
        "power": 0,
        "voltage": 1199,
        "current": 381,
        "energy": 0,
        "power_cycles": 0,
        "frequency": 599,
        "apparent_power": 458,
    }


@given(
    st.dictionaries(st.sampled_from(sorted(POST_NAMES)), st.integers(0, POWER_LIMIT), min_size=1),
    st.sampled_from([None, 0, 1]),
    st.one_of(st.none(), st.integers(1, 65_535)),
    st.from_regex(r"[0-9A-Za-z_-]{1,32}", fullmatch=True),
)
def test_every_record_that_a_meter_can_post_is_read(
    fields: dict[str, int], relay: int | None, interval: int | None, serial_number: str
) -> None:
    values: dict[str, object] = {"id": serial_number, **fields, "rnc": relay, "sr": interval}
    body = urlencode({name: value for name, value in values.items() if value is not None})
    record = parse_post(body.encode())
    assert record.serial_number == serial_number
    assert record.relay_open is (None if relay is None else relay == 1)
    assert record.interval == interval
    for name, field in POST_NAMES.items():
        assert record.values[FIELD_INDEX[field]] == fields.get(name)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"w=1",
        b"id=1",
        b"id=1&rnc=0&sr=1",
        b"id=&w=1",
        b"id=1&id=2&w=1",
        b"id=1&w=1&w=2",
        b"id=%3Cb%3E&w=1",
        b"id=..%2F..%2Fx&w=1",
        b"id=" + b"1" * 33 + b"&w=1",
        b"id=1&w=-1",
        b"id=1&w=1.5",
        b"id=1&w=+1",
        b"id=1&w=%D9%A1",
        b"id=1&w=1e3",
        b"id=1&w=%d" % (POWER_LIMIT + 1),
        b"id=1&v=%d" % (WIRE_MAXIMUM + 1),
        b"id=1&w=1&rnc=2",
        b"id=1&w=1&rnc=",
        b"id=1&w=1&sr=0",
        b"id=1&w=1&sr=65536",
        b"id=1&w=1&sr=%D9%A1",
        b"id=1&w=1&sr=999999999999",
        b"id=1&w=\xff",
        b"id=1&w=1&" + b"&".join(b"x%d=1" % number for number in range(60)),
    ],
)
def test_what_no_meter_posts_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^[a-z]"):
        parse_post(body)


@given(st.binary(max_size=200))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    for one in (body, EXAMPLE[: len(body)] + body):
        try:
            record = parse_post(one)
        except ValueError:
            continue
        assert record.serial_number.isascii()


@given(st.booleans(), st.one_of(st.none(), st.integers(1, 65_535)))
def test_an_answer_is_read_as_it_was_written(relay_open: bool, interval: int | None) -> None:
    answer = PostAnswer(relay_open, interval)
    assert " " not in answer.encode()
    assert parse_answer(answer.encode()) == answer


def test_an_answer_changes_the_interval_only_if_it_should() -> None:
    assert PostAnswer(False).encode() == "[0]"
    assert PostAnswer(True).encode() == "[1]"
    assert PostAnswer(False, 4).encode() == "[0!4]"
    assert parse_answer("") is None
