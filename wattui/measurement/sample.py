# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample: one record of a meter, and when it was."""

from __future__ import annotations

from dataclasses import dataclass

from wattui.measurement.fields import FIELD_COUNT, FIELD_INDEX, FIELDS, WireValue


@dataclass(frozen=True, slots=True)
class Sample:
    """One record and its time: what is recorded, shown and exported.

    A sample covers the *interval* that ends at its *time*.
    """

    #: When it arrived: microseconds since 1970, UTC.
    time: int
    #: Span that it covers, in microseconds, by the monotonic clock.
    interval: int
    #: Integers of the wire, one per field of :data:`~wattui.measurement.fields.FIELDS`;
    #: None where absent.
    values: tuple[WireValue, ...]
    #: Time that is missing before its interval, in microseconds; 0 where none is.
    gap: int = 0

    def __getitem__(self, name: str) -> float | None:
        """Return a field's value in its base unit (W, V, A, Wh, Hz, VA, ratios 0 to 1).

        Returns
        -------
        float or None
            None where the meter sent no value.

        Raises
        ------
        KeyError
            There is no field of that name.
        """
        index = FIELD_INDEX[name]
        return FIELDS[index].to_base(self.values[index])


def complete(values: tuple[WireValue, ...]) -> tuple[WireValue, ...]:
    """Return a record with all 18 fields: those that an older meter lacks are None."""
    missing = FIELD_COUNT - len(values)
    return values + (None,) * missing if missing > 0 else values
