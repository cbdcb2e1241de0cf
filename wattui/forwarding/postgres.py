# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL, with TimescaleDB where it is there: many loggers into one table."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl

from wattui.errors import WattuiError
from wattui.forwarding.target import (
    TLS_HINT,
    Batch,
    TargetRefused,
    TargetUnreachable,
    load_package,
    split_url,
    unreachable,
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


#: Seconds until a server that does not answer is given up.
_PATIENCE: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}

#: Classes of errors of a server without room, or that is just starting or ending.
_NOT_NOW: Final = ("53", "57", "25")


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
        parts = split_url(
            url, "Leave it out, and put it into the variable PGPASSWORD or into ~/.pgpass."
        )
        self._psycopg = load_package("psycopg", "PostgreSQL", "psycopg", "postgres")
        self.name = url
        self._security = _security(parts)
        self._connection: Any = None

    def send(self, batch: Batch) -> None:
        """Copy a batch in one transaction, without what is there already."""
        errors = self._psycopg.errors
        try:
            self._write_again(batch)
        except (errors.InsufficientPrivilege, errors.UndefinedColumn, errors.SyntaxError) as error:
            self.close()
            hint = f"Give its user the right to create and fill the table {TABLE}."
            raise TargetRefused(f"{self.name} refused samples: {_first(error)}", hint) from error
        except self._psycopg.Error as error:
            self.close()
            raise self._explained(error) from error

    def _explained(self, error: Any) -> TargetUnreachable:
        text = _first(error)
        if "does not support SSL" in text:
            return TargetUnreachable(
                f"{self.name} has no encryption",
                "Add ?sslmode=disable to the URL if you trust the network in between.",
            )
        if "authentication" in text or "no password supplied" in text:
            hint = "Check the user in the URL, and PGPASSWORD or ~/.pgpass."
            return TargetUnreachable(f"{self.name} refused the connection: {text}", hint)
        if "does not match host name" in text or "root certificate" in text:
            return TargetUnreachable(
                f"The certificate of {self.name} is not trusted: {text}", TLS_HINT
            )
        if (error.sqlstate or "")[:2] in _NOT_NOW:
            return TargetUnreachable(f"{self.name} does not take samples now: {text}")
        return unreachable(self.name, WattuiError(text))

    def _write_again(self, batch: Batch) -> None:
        """Write a batch; once more if the server had closed a connection that was idle."""
        was_open = self._connection is not None
        try:
            self._write(batch)
        except self._psycopg.OperationalError:
            if not (was_open and self._connection.broken):
                raise
            self.close()
            self._write(batch)

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
            self.name, application_name="wattui", autocommit=True, **_PATIENCE, **self._security
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


def _security(parts: SplitResult) -> dict[str, str]:
    """Return parameters that verify the server, unless it is local or somebody decided otherwise.

    By default, libpq would take any certificate, and none.
    """
    given = {name for name, _ in parse_qsl(parts.query)}
    host = parts.hostname or dict(parse_qsl(parts.query)).get("host") or os.environ.get("PGHOST")
    if "sslmode" in given or os.environ.get("PGSSLMODE") or not host:
        return {}
    if host.startswith(("/", "127.")) or host in ("localhost", "::1"):
        return {}
    found = {"sslmode": "verify-full"}
    own = Path.home() / ".postgresql" / "root.crt"
    if not ("sslrootcert" in given or os.environ.get("PGSSLROOTCERT") or own.exists()):
        found["sslrootcert"] = ssl.get_default_verify_paths().cafile or "system"
    return found


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
