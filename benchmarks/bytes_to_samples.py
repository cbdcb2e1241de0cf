# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes to samples: wattui against splitting lines by hand, as programs did in 2011.

Both ways process the same bytes alternately in one run, so that a machine that slows
down slows both.  See README.md in this folder.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from wattui.protocol import Framer, Packet, Record, encode, parse


def synthetic_capture(records: int, seed: int = 0) -> bytes:
    """Return the records of a desktop computer, with the stray NULs of a real meter."""
    chance = random.Random(seed)
    watts, energy = 650, 0.0
    lowest = highest = watts
    lines = []
    for _ in range(records):
        if chance.random() < 0.02:
            watts = chance.randint(400, 1_500)
        now = max(0, watts + chance.randint(-8, 8))
        lowest, highest = min(lowest, now), max(highest, now)
        volts = 1_198 + chance.randint(-3, 3)
        apparent = now * 100 // 96
        energy += now / 3_600
        values = (
            *(now, volts, apparent * 1_000 // volts, int(energy), int(energy * 0.08)),
            *(now * 72, now * 6, highest, 1_204, 1_310, lowest, 1_192, 345),
            *(96 - chance.randint(0, 1), 100, 0, 600 + chance.randint(-1, 1), apparent),
        )
        end = chance.choices((b"\r\n", b"\x00\r\n", b"\r\x00\n"), (93, 4, 3))[0]
        lines.append(encode(Packet("d", "-", tuple(map(str, values)))) + end)
    return b"".join(lines)


def by_hand(data: bytes) -> list[tuple[float, float, float]]:
    """Split lines and convert three fields, with no check except for the first two bytes."""
    taken = []
    for line in data.decode("ascii", "replace").split("\n"):
        if line.startswith("#d"):
            fields = line.split(",")
            if len(fields) > 5:
                watts = float(fields[3]) / 10
                volts = float(fields[4]) / 10
                amps = float(fields[5]) / 1000
                taken.append((watts, volts, amps))
    return taken


def by_wattui(data: bytes) -> list[tuple[int | None, ...]]:
    """Convert all 18 fields, checked, skipping everything else in the stream."""
    replies = Framer().decode_replies(data)
    return [reply for reply in replies if isinstance(reply, Record)]


def by_packets(data: bytes) -> list[tuple[int | None, ...]]:
    """Do the same packet by packet: what faulty stretches cost."""
    replies = map(parse, Framer().decode(data))
    return [reply for reply in replies if isinstance(reply, Record)]


def one_a_read(way: Callable[[bytes], object], lines: list[bytes]) -> None:
    for line in lines:
        way(line)


def interleaved(ways: dict[str, Callable[[], object]], repetitions: int) -> dict[str, list[float]]:
    """Return the times of each way in seconds; the ways alternate."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repetitions + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            result = way()
            times[name].append(time.perf_counter() - start)
            del result
    return {name: spent[1:] for name, spent in times.items()}  # the first round warms up


def report(what: str, times: dict[str, list[float]], records: int) -> None:
    first = statistics.median(next(iter(times.values())))
    print(f"\n{what}\n{'':34}{'µs a record':>12}{'records/s':>13}{'ratio':>8}")
    for name, spent in times.items():
        middle = statistics.median(spent)
        rate, ratio = records / middle, first / middle
        print(f"  {name:32}{1e6 / rate:12.2f}{rate:13,.0f}{ratio:8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, help="a raw capture instead of a synthetic one")
    parser.add_argument("--records", type=int, default=20_000, help="records of the synthetic one")
    parser.add_argument("--repetitions", type=int, default=15)
    given = parser.parse_args()
    data = given.file.read_bytes() if given.file else synthetic_capture(given.records)
    count = len(by_wattui(data))
    if not count:
        parser.error(f"there is no record in {given.file}: give a raw capture of a meter")
    hand = by_hand(data)
    print(f"{given.file or 'synthetic capture'}: {len(data):,} bytes, {count:,} records")
    print(f"taken by hand: {len(hand):,} records; ratio above 1: ahead of splitting by hand")
    assert by_packets(data) == by_wattui(data)

    times = interleaved(
        {
            "2011: split, three floats": lambda: by_hand(data),
            "wattui: 18 fields, checked": lambda: by_wattui(data),
            "wattui, packet by packet": lambda: by_packets(data),
        },
        given.repetitions,
    )
    report("The whole capture at once", times, count)

    lines = data.splitlines(keepends=True)[:4_000]
    framer = Framer()
    times = interleaved(
        {
            "2011: split, three floats": lambda: one_a_read(by_hand, lines),
            "wattui: 18 fields, checked": lambda: one_a_read(framer.decode_replies, lines),
        },
        given.repetitions,
    )
    report("One record a read, as it comes live", times, len(lines))


if __name__ == "__main__":
    main()
