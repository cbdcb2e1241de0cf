# SPDX-License-Identifier: GPL-3.0-or-later
"""The corpus of the fuzzers without a fuzzer: every file that ever failed is read again."""

from __future__ import annotations

import pytest
from fuzz_targets import all_targets
from hostile_bytes import CORPUS, seeds_of, through_framer, through_targets

TARGETS = all_targets()


@pytest.mark.parametrize("name", TARGETS)
def test_every_file_of_the_corpus_is_read_or_refused(name: str) -> None:
    seeds = seeds_of(name)
    assert seeds
    for data in seeds:
        TARGETS[name](data)
        TARGETS[name](data[: len(data) // 2])
    TARGETS[name](b"")


def test_the_corpus_is_small_and_of_known_targets() -> None:
    files = [one for one in CORPUS.rglob("*") if one.is_file()]
    assert {one.parent.name for one in files} == set(TARGETS)
    assert sum(one.stat().st_size for one in files) < 60_000


def test_mutated_files_are_read_or_refused() -> None:
    assert through_framer(100_000, seed=1)["exceptions"] == 0
    found = through_targets(100_000, seed=1)
    assert found["failures"] == {}
    assert found["files"]


@pytest.mark.parametrize("name", ["texts", "urls"])
def test_mutated_texts_are_read_or_refused(name: str) -> None:
    found = through_targets(20_000, seed=2, targets={name: TARGETS[name]})
    assert found["failures"] == {}
