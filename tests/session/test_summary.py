# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of samples become arrays, whichever of their fields are absent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.session.schema import SAMPLE_COLUMNS
from wattui.session.summary import ABSENT, as_samples

WIDTH = len(SAMPLE_COLUMNS)
COLUMNS = st.sets(st.integers(0, WIDTH - 1))
VALUES = st.one_of(st.none(), st.integers(0, 2**53))


def with_absent(rows: list[tuple[int | None, ...]]) -> list[list[int]]:
    return [[ABSENT if value is None else value for value in row] for row in rows]


@given(st.lists(st.tuples(*[VALUES] * WIDTH), max_size=4))
def test_any_fields_can_be_absent(rows: list[tuple[int | None, ...]]) -> None:
    table = as_samples(rows)
    assert table.tolist() == with_absent(rows)
    assert (table.shape, table.dtype) == ((len(rows), WIDTH), np.int64)


@given(COLUMNS, st.integers(1, 3))
def test_usually_the_same_fields_are_absent(columns: set[int], count: int) -> None:
    rows = [
        tuple(None if index in columns else 1000 * n + index for index in range(WIDTH))
        for n in range(count)
    ]
    assert as_samples(rows).tolist() == with_absent(rows)


def test_a_text_in_the_place_of_a_value_is_refused() -> None:
    with pytest.raises((TypeError, ValueError)):
        as_samples([("x", *[0] * (WIDTH - 1))])
