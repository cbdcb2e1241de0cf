# SPDX-License-Identifier: GPL-3.0-or-later
"""Run by ``test_schema``: wattui with a field more in its table continues a session, and records
a new one."""

from __future__ import annotations

import sys
from pathlib import Path

from wattui.measurement import fields

# As if it were another row of the table.
TEMPERATURE = fields.Field("temperature", "T", "°C", "Temperature", "°C", 10, 1, 0, 1_000, 19)
fields.FIELDS = (*fields.FIELDS, TEMPERATURE)
fields.FIELD_COUNT += 1
fields.FIELD_INDEX["temperature"] = 18
fields.CHANNEL["temperature"] = TEMPERATURE

from wattui.measurement.events import MeterInfo  # noqa: E402
from wattui.measurement.sample import Sample  # noqa: E402
from wattui.session import Session, SessionWriter, verify  # noqa: E402

METER = MeterInfo("A80012", "/dev/ttyUSB0", model="PRO", firmware="3.14", serial_number="A80012")
BEGIN = 1_700_010_000_000_000

for path in map(Path, sys.argv[1:]):
    with SessionWriter(path) as writer:
        for n in range(100):
            values = (423, *(None,) * 17, 215 + n % 21)
            writer.on_samples(METER, [Sample(BEGIN + n * 1_000_000, 1_000_000, values)])
    with Session.open(path) as session:
        samples = list(session.samples(1))
        found = session.statistics(1)
        lowest, highest = found["temperature"].low, found["temperature"].high
        assert found["temperature"].count == 100
        assert samples[-1]["temperature"] == 21.5 + 99 % 21 / 10
        assert len(session.envelope(1, ["temperature"], BEGIN, BEGIN + 10**8, 50))
        print(len(samples), lowest, highest, verify(path))
