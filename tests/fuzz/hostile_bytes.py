# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten million random and mutated bytes through the framer, and as many through the readers.

There must be no exception and no growth.  Of the framer's two ways to read packets, the results
are compared.
"""

from __future__ import annotations

import gc
import itertools
import random
import resource
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from fuzz_targets import Target, all_targets

from wattui.protocol import Framer, Packet, commands, encode, parse

CORPUS = Path(__file__).parent / "corpus"

#: The targets that write a session each time get an input in one of that many rounds.
_SELDOM = {"import": 8, "session": 8}

#: Bytes after which the memory of a run is compared, as a share of the whole.
_WARM = 0.1

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


class Growth:
    """How much more memory is allocated at the end than after the first tenth."""

    def __init__(self, total: int) -> None:
        self._warm = total * _WARM
        self._first: int | None = None
        self.figures: dict[str, float] = {}

    def at(self, done: int, *, last: bool = False) -> None:
        """Note the memory after *done* bytes."""
        if not last and (self._first is not None or done < self._warm):
            return
        gc.collect()
        traced = tracemalloc.get_traced_memory()[0]
        self._first = traced if self._first is None else self._first
        self.figures = {
            "growth in KiB": round((traced - self._first) / 1024, 1),
            "peak in MiB": round(resident_peak(), 1),
        }


def through_framer(total: int, seed: int) -> dict[str, object]:
    """Read bytes in both ways; the replies and counts must be the same."""
    plain, short = Framer(), Framer()
    growth, most_held, start = Growth(total), 0, time.perf_counter()
    for chunk in chunks(total, random.Random(seed)):
        replies = short.decode_replies(chunk)
        expected = [parse(packet) for packet in plain.decode(chunk)]
        assert replies == expected, f"the two ways differ after {short.counts.bytes} bytes"
        assert short.counts == plain.counts
        most_held = max(most_held, short.held, plain.held)
        del replies, expected
        growth.at(short.counts.bytes)
    growth.at(total, last=True)
    return {
        "bytes": short.counts.bytes,
        "exceptions": 0,
        **growth.figures,
        "held for the next read in bytes, at most": most_held,
        "packets": short.counts.packets,
        "dropped packets": short.counts.dropped,
        "seconds": round(time.perf_counter() - start, 1),
    }


def seeds_of(name: str) -> list[bytes]:
    """Return the small files from which the fuzzing of a target starts."""
    folders = CORPUS.glob("reader-*") if name == "import" else ()
    files = itertools.chain.from_iterable(
        sorted(one.iterdir()) for one in (*folders, CORPUS / name)
    )
    return [file.read_bytes() for file in files]


def splice(seeds: list[bytes], chance: random.Random) -> bytes:
    """Return parts of two files joined together, with mutations."""
    one, other = chance.choice(seeds), chance.choice(seeds)
    cut = chance.randrange(len(one) + 1) if chance.random() < 0.4 else len(one)
    data = (one[:cut] + other[chance.randrange(len(other) + 1) :]) or b"\0"
    return mutate(data * chance.choice((1, 1, 1, 4)), chance)


def through_targets(
    total: int, seed: int, targets: dict[str, Target] | None = None
) -> dict[str, object]:
    """Read mutated files with every reader, until they have read *total* bytes together."""
    chosen = all_targets() if targets is None else targets
    seeds = {name: seeds_of(name) for name in chosen}
    chance = random.Random(seed)
    growth, start, done, count = Growth(total), time.perf_counter(), 0, 0
    failures: Counter[str] = Counter()
    for turn in itertools.count():
        if done >= total:
            break
        for name, target in chosen.items():
            if turn % _SELDOM.get(name, 1):
                continue
            data = splice(seeds[name], chance)
            done += len(data)
            count += 1
            try:
                target(data)
            except Exception as error:  # noqa: BLE001 - what is looked for
                failures[f"{name}: {type(error).__name__}: {error}"] += 1
                save_crash(name, data)
        growth.at(done)
    growth.at(done, last=True)
    return {
        "bytes": done,
        "files": count,
        "exceptions": failures.total(),
        **growth.figures,
        "seconds": round(time.perf_counter() - start, 1),
        "failures": dict(failures.most_common(20)),
    }


def save_crash(name: str, data: bytes) -> None:
    """Save the bytes that made a target fail, to become a regression test."""
    folder = Path(".pytest_cache/fuzz") / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"crash-{hash(data) & 0xFFFFFFFF:08x}").write_bytes(data)


def run(total: int, seed: int = 2011) -> dict[str, dict[str, object]]:
    """Return the figures of both runs."""
    tracemalloc.start()
    figures = {"framer": through_framer(total, seed), "readers": through_targets(total, seed)}
    tracemalloc.stop()
    return figures
