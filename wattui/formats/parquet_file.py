# SPDX-License-Identifier: GPL-3.0-or-later
"""Parquet for data frames and databases: one row per sample, base units, zstd.

Every column has its unit among its metadata, and the file says which session and meters it is
from.  PyArrow writes it, which comes with the extra ``parquet``.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import numpy as np

from wattui import __version__
from wattui.formats.export_job import ExportJob, Part, SampleRow
from wattui.formats.file_format import Format
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.energy import ERROR_RULE
from wattui.measurement.fields import FIELD_INDEX, FIELDS, INTEGRATED_ENERGY, POWER_LIMIT, Field
from wattui.session.span_statistics import ENERGY_SCALE

#: Rows that are written together.
_GROUP: Final = 100_000

_POWER: Final = FIELD_INDEX["power"]


def pyarrow(name: str = "pyarrow") -> Any:
    """Return PyArrow, or a module of it; it takes long to load."""
    return importlib.import_module(name)


def fields_of(job: ExportJob) -> list[Field]:
    """Return the fields that are written."""
    return [field for field in FIELDS if not job.fields or field.name in job.fields]


def schema_of(job: ExportJob) -> Any:
    """Return the columns with their types and units."""
    pa = pyarrow()
    name = pa.dictionary(pa.int32(), pa.string())

    def column(title: str, kind: Any, unit: str, words: str) -> Any:
        return pa.field(title, kind, metadata={"unit": unit, "description": words})

    energy = INTEGRATED_ENERGY
    columns = [
        column("time", pa.timestamp("us", tz="UTC"), "", "End of the interval of the record"),
        column("meter", name, "", "Name of the meter"),
        column("serial_number", name, "", "Serial number of the meter"),
        *(column(one.column, pa.float64(), one.unit, one.label) for one in fields_of(job)),
        column(energy.column, pa.float64(), energy.unit, "Energy since the first row of the meter"),
        column("interval_s", pa.float64(), "s", "Time that the record stands for"),
        column("gap_s", pa.float64(), "s", "Time that is missing before that"),
    ]
    return pa.schema(columns, metadata={"wattui": json.dumps(_facts(job))})


def _facts(job: ExportJob) -> dict[str, object]:
    """Return what the file says about its origin."""
    return {
        "software": f"wattui {__version__}",
        "session": job.session.path.name,
        "energy_error": f"at most {ERROR_RULE}",
        "info": job.session.info,
        "meters": [
            {
                "meter": part.label,
                "key": part.meter.info.key,
                "model": part.meter.info.model,
                "firmware": part.meter.info.firmware,
                "serial_number": part.meter.info.serial_number,
                "port": part.meter.info.port,
                "energy_wh": part.figures.energy_wh,
                "energy_error_wh": part.figures.energy_error_wh,
                "gaps": part.figures.gap_count,
                "replay_of": part.meter.info.replay,
            }
            for part in job.parts
        ],
    }


class BatchMaker:
    """Makes batches of rows of one meter; the energy goes on from batch to batch."""

    def __init__(self, job: ExportJob, part: Part, schema: Any) -> None:
        self._pa = pyarrow()
        self._part = part
        self._schema = schema
        self._fields = fields_of(job)
        self._energy = 0

    def batch(self, rows: Sequence[SampleRow]) -> Any:
        """Return samples as a batch."""
        # Microseconds are exact in 53 bits until the year 2255.
        table = np.array(rows, np.float64)
        info = self._part.meter.info
        columns = [
            self._pa.array(table[:, 0].astype(np.int64), self._schema.field("time").type),
            self._names(self._part.label, len(rows)),
            self._names(info.serial_number, len(rows)),
            *(self._values(table[:, 3 + FIELD_INDEX[f.name]] / f.scale) for f in self._fields),
            self._values(self._energies(rows)),
            self._values(table[:, 1] / MICROSECONDS),
            self._values(np.nan_to_num(table[:, 2]) / MICROSECONDS),
        ]
        return self._pa.RecordBatch.from_arrays(columns, schema=self._schema)

    def _names(self, text: str, count: int) -> Any:
        places = self._pa.array(np.zeros(count, np.int32))
        return self._pa.DictionaryArray.from_arrays(places, self._pa.array([text]))

    def _values(self, values: Any) -> Any:
        return self._pa.array(values, self._pa.float64(), from_pandas=True)

    def _energies(self, rows: Sequence[SampleRow]) -> Any:
        """Return the energy up to each sample, in Wh: summed in integers."""
        products = (min(row[3 + _POWER] or 0, POWER_LIMIT) * row[1] for row in rows)
        sums = list(accumulate(products, initial=self._energy))
        self._energy = sums[-1]
        return np.array(sums[1:], np.float64) / ENERGY_SCALE


def batches(job: ExportJob, schema: Any) -> Iterator[Any]:
    """Yield the samples of all meters in batches."""
    for part in job.parts:
        maker = BatchMaker(job, part, schema)
        for rows in job.chunks(part):
            yield maker.batch(rows)


def write_file(job: ExportJob, path: Path) -> None:
    """Write the samples of all meters."""
    write_batches(path, schema_of(job), batches(job, schema_of(job)))


def write_batches(path: Path, schema: Any, found: Iterator[Any]) -> None:
    """Write batches to a file, many of them as one row group: readers skip whole ones."""
    pa, parquet = pyarrow(), pyarrow("pyarrow.parquet")
    waiting: list[Any] = []
    # By the file: PyArrow refuses names that are not UTF-8.
    with (
        path.open("wb") as file,
        parquet.ParquetWriter(file, schema, compression="zstd") as writer,
    ):
        for batch in found:
            waiting.append(batch)
            if sum(len(one) for one in waiting) >= _GROUP:
                writer.write_table(pa.Table.from_batches(waiting, schema))
                waiting.clear()
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting, schema))


FORMAT: Final = Format(
    name="parquet",
    title="Parquet",
    suffix=".parquet",
    write_file=write_file,
    package="pyarrow",
    chooses_fields=True,
    several_meters=True,
    holds_replay=True,
    cannot_hold=("Marks, spans and other events",),
)
