# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten million random and mutated bytes through the framer: no exception, no growth.

Both ways read packets and replies, and the results are compared.  See README.md beside this
file.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator

from wattui.protocol import Framer, Packet, commands, encode, parse

_TEXTS = (b"WattsUp.NET $ Version: 3.23 $ 200712212301 60Hz 120V\r\n", b"No change; now ==2\r\n")
_MARKS = b"#;,_-dlvn0189 \x00\r\n\x18\xff"


def packets(chance: random.Random) -> bytes:
    """Return packets as a meter or a computer sends them."""
    kind = chance.randrange(6)
    if kind == 0:
        return commands.read_version().encode() + chance.choice(_TEXTS)
    if kind == 1:
        factors = tuple(str(chance.randrange(65_536)) for _ in range(48))
        return encode(Packet("f", "-", factors)) + b"\r\n"
    if kind == 2:
        return encode(Packet("l", "-", ("_", "1", "2")[: chance.randrange(4)])) + b"\r\n"
    count = chance.choice((18, 18, 18, 16, 17))
    record = encode(Packet("d", "-", tuple(str(chance.randrange(5_000)) for _ in range(count))))
    if chance.random() < 0.1:
        record = record.replace(b"9", b"_")
    return (record + chance.choice((b"\r\n", b"\x00\r\n", b""))) * chance.randrange(1, 60)


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Change, insert or remove a few bytes, and cut off the end."""
    mutant = bytearray(data)
    for _ in range(chance.choice((0, 0, 1, 2, 8))):
        place = chance.randrange(len(mutant))
        byte = chance.choice(_MARKS) if chance.random() < 0.7 else chance.randrange(256)
        kind = chance.randrange(3)
        if kind == 0:
            mutant[place] = byte
        elif kind == 1:
            mutant.insert(place, byte)
        elif len(mutant) > 1:
            del mutant[place]
    if chance.random() < 0.3:
        del mutant[chance.randrange(1, len(mutant) + 1) :]
    return bytes(mutant)


def chunks(total: int, chance: random.Random) -> Iterator[bytes]:
    """Yield *total* bytes in all, one read after another."""
    done = 0
    while done < total:
        if chance.random() < 0.15:
            stretch = chance.randbytes(chance.randrange(1, 20_000))
        elif chance.random() < 0.02:  # the patience of the framer
            stretch = b"#" + bytes(chance.choices(b"abc,123", k=chance.randrange(5_000)))
        else:
            stretch = mutate(packets(chance), chance)
        stretch = stretch[: total - done]
        done += len(stretch)
        size = chance.choice((1, 7, 64, 4096, 1 << 20))
        if size == 1:
            stretch, rest = stretch[:300], stretch[300:]
            yield rest
        for place in range(0, len(stretch), size):
            yield stretch[place : place + size]


def resident_peak() -> float:
    """Return the peak memory of this process so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bytes", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=2011)
    given = parser.parse_args()
    plain, short = Framer(), Framer()
    kinds: Counter[str] = Counter()
    marks: list[tuple[int, int, float]] = []
    most_held = 0
    spent = 0.0
    next_mark = given.bytes // 10
    tracemalloc.start()
    for chunk in chunks(given.bytes, random.Random(given.seed)):
        start = time.perf_counter()
        replies = short.decode_replies(chunk)
        spent += time.perf_counter() - start
        expected = [parse(packet) for packet in plain.decode(chunk)]
        if replies != expected or short.counts != plain.counts:
            print(f"the two ways differ after {short.counts.bytes} bytes, seed {given.seed}")
            return 1
        most_held = max(most_held, short.held, plain.held)
        kinds.update(type(reply).__name__ for reply in replies)
        if short.counts.bytes >= next_mark:
            del replies, expected
            gc.collect()
            marks.append((short.counts.bytes, tracemalloc.get_traced_memory()[0], resident_peak()))
            next_mark += given.bytes // 10
    counts = short.counts
    print(f"{counts.bytes:,} bytes, seed {given.seed}, no exception, both ways agree")
    print(counts)
    print("replies: " + ", ".join(f"{name} {number:,}" for name, number in kinds.most_common()))
    print(f"rate: {counts.bytes / spent / 1e6:.2f} MB/s while traced")
    print(f"held for the next read at most: {most_held:,} bytes")
    for done, traced, peak in marks:
        print(f"  after {done:>12,} bytes: {traced / 1024:8.1f} KiB allocated, peak {peak:.1f} MiB")
    first, last = marks[0], marks[-1]
    print(f"growth: {(last[1] - first[1]) / 1024:+.1f} KiB, peak {last[2] - first[2]:+.1f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
