# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from wattui.cli.durations import format_elapsed, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("5m", 300),
        ("8h", 28_800),
        ("2d", 172_800),
        ("1h30m", 5_400),
        ("1h 30m", 5_400),
        ("1.5h", 5_400),
        (".5m", 30),
        ("1D2H3M4S", 93_784),
        ("0.25", 0.25),
    ],
)
def test_spans_that_are_understood(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h",
        "1x",
        "-5",
        "0",
        "0s",
        "1h1h",
        "1h30",
        "5 minutes",
        "1e3",
        "nan",
        "inf",
        "1:30",
        "9" * 40,
    ],
)
def test_spans_that_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "00:00:00"),
        (-1, "00:00:00"),
        (59.9994, "00:01:00"),
        (751, "00:12:31"),
        (3 * 86_400 + 4 * 3600 + 5 * 60 + 6, "3 d 04:05:06"),
    ],
)
def test_elapsed_time_reads_like_a_clock(seconds: float, text: str) -> None:
    assert format_elapsed(seconds) == text
