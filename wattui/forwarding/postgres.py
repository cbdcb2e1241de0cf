# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL, with TimescaleDB where it is there: many loggers into one table."""

from __future__ import annotations

from typing import Any, Final

from wattui.forwarding.target import (
    Batch,
    TargetRefused,
    TargetUnreachable,
    load_package,
    split_url,
)
from wattui.measurement.fields import FIELDS, INTEGRATED_ENERGY

TABLE: Final = "wattui_sample"

#: The columns before those of the fields, and their types.
_OWN: Final = (
    ("time", "timestamptz NOT NULL"),
    ("meter", "text NOT NULL"),
    ("label", "text NOT NULL"),
    ("model", "text NOT NULL"),
    ("serial_number", "text NOT NULL"),
    ("interval_s", "double precision NOT NULL"),
    ("gap_s", "double precision NOT NULL"),
    (INTEGRATED_ENERGY.column, "double precision"),
)
_COLUMNS: Final = (*_OWN, *((field.column, "double precision") for field in FIELDS))
_NAMES: Final = ", ".join(name for name, _ in _COLUMNS)

_CREATE: Final = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} ({', '.join(' '.join(one) for one in _COLUMNS)},"
    " PRIMARY KEY (meter, time))"
)
_TIMESCALE: Final = "SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'"
_HYPERTABLE: Final = (
    f"SELECT create_hypertable('{TABLE}', 'time', if_not_exists => true, migrate_data => true)"
)


class Postgres:
    """A database with a table of samples, whose key is the meter and the time.

    Parameters
    ----------
    url
        ``postgresql://user@host/database``.

    Raises
    ------
    PackageMissing
        psycopg is not installed.
    TargetRefused
        The URL has a password.
    """

    def __init__(self, url: str) -> None:
        split_url(url, "Leave it out, and put it into the variable PGPASSWORD or into ~/.pgpass.")
        self._psycopg = load_package("psycopg", "PostgreSQL", "psycopg", "postgres")
        self.name = url
        self._connection: Any = None

    def send(self, batch: Batch) -> None:
        """Copy a batch in one transaction, without what is there already."""
        errors = self._psycopg.errors
        try:
            self._write(batch)
        except (errors.InsufficientPrivilege, errors.UndefinedColumn, errors.SyntaxError) as error:
            self.close()
            hint = f"Give its user the right to create and fill the table {TABLE}."
            raise TargetRefused(f"{self.name} refused samples: {_first(error)}", hint) from error
        except self._psycopg.Error as error:
            self.close()
            raise TargetUnreachable(f"{self.name} cannot be reached: {_first(error)}") from error

    def _write(self, batch: Batch) -> None:
        if self._connection is None:
            self._connection = self._connect()
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE wattui_new (LIKE {TABLE}) ON COMMIT DROP")
            with cursor.copy(f"COPY wattui_new ({_NAMES}) FROM STDIN") as copy:
                for row in _rows(batch):
                    copy.write_row(row)
            cursor.execute(
                f"INSERT INTO {TABLE} ({_NAMES}) SELECT {_NAMES} FROM wattui_new"
                " ON CONFLICT (meter, time) DO NOTHING"
            )

    def _connect(self) -> Any:
        connection = self._psycopg.connect(
            self.name, connect_timeout=10, application_name="wattui", autocommit=True
        )
        with connection.transaction():
            # Two loggers that start at once would both create it.
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (0x57415454,))
            connection.execute(_CREATE)
            if connection.execute(_TIMESCALE).fetchone():
                connection.execute(_HYPERTABLE)
        return connection

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _rows(batch: Batch) -> Any:
    meter = batch.meter
    head = tuple(
        text.encode("utf-8", "replace").decode().replace("\0", "")
        for text in (meter.key, meter.label, meter.model, meter.serial_number)
    )
    for sample, energy in zip(batch.samples, batch.energies_wh, strict=True):
        values = (field.to_base(wire) for field, wire in zip(FIELDS, sample.values, strict=False))
        yield (sample.time, *head, sample.interval, sample.gap, energy, *values)


def _first(error: Exception) -> str:
    """Return the first line of an error of the database."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
