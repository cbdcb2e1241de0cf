# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample: one record of a meter, with its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattui.measurement.clock import MICROSECONDS, utc_time
from wattui.measurement.fields import FIELD_COUNT, FIELD_INDEX, FIELDS, WireValue, require_fields


@dataclass(frozen=True, slots=True)
class Sample:
    """One record and its time. Samples are recorded, shown and exported.

    A sample covers the *interval* that ends at its *time*.

    Examples
    --------
    >>> sample = Sample(1_700_000_000_500_000, 1_000_000, (423, 1200))
    >>> sample["power"], sample.interval, sample.time.isoformat()
    (42.3, 1.0, '2023-11-14T22:13:20.500000+00:00')
    """

    #: When it arrived: microseconds since 1970, UTC.
    time_us: int
    #: Span that it covers, in microseconds, by the monotonic clock.
    interval_us: int
    #: Integers of the wire, one per field of :data:`~wattui.measurement.fields.FIELDS`;
    #: None if absent.
    values: tuple[WireValue, ...]
    #: Time that is missing before its interval, in microseconds; 0 if none is.
    gap_us: int = 0

    @property
    def time(self) -> datetime:
        """When it arrived, in UTC."""
        return utc_time(self.time_us)

    @property
    def interval(self) -> float:
        """Span that it covers, in s."""
        return self.interval_us / MICROSECONDS

    @property
    def gap(self) -> float:
        """Time that is missing before its interval, in s."""
        return self.gap_us / MICROSECONDS

    def __getitem__(self, name: str) -> float | None:
        """Return a field's value in its base unit (W, V, A, Wh, Hz, VA, ratios 0 to 1).

        Returns
        -------
        float or None
            None if the meter sent no value.

        Raises
        ------
        UnknownField
            There is no field of that name; it is a KeyError too.
        """
        require_fields([name])
        index = FIELD_INDEX[name]
        return FIELDS[index].to_base(self.values[index])


def complete(values: tuple[WireValue, ...]) -> tuple[WireValue, ...]:
    """Return a record with all 18 fields; fields that an older meter lacks are None."""
    missing = FIELD_COUNT - len(values)
    return values + (None,) * missing if missing > 0 else values
