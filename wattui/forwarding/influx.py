# SPDX-License-Identifier: GPL-3.0-or-later
"""InfluxDB 1 and 2, VictoriaMetrics, QuestDB, Telegraf: line protocol over HTTP."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection, responses
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlunsplit

from wattui import __version__
from wattui.forwarding.target import (
    Batch,
    TargetDropped,
    TargetRefused,
    TargetUnreachable,
    secret,
    split_url,
    unreachable,
    values_of,
)
from wattui.measurement.fields import INTEGRATED_ENERGY

#: Variables of the environment for a token (InfluxDB 2), and for the password of a user.
TOKEN: Final = "WATTUI_INFLUX_TOKEN"
PASSWORD: Final = "WATTUI_INFLUX_PASSWORD"

#: The measurement, as a table is called there.
MEASUREMENT: Final = "wattsup"

_TIMEOUT: Final = 20.0
_UNREACHABLE: Final = (408, 425, 429)

#: What a server answers that has written the other samples of a batch.
_TOO_OLD: Final = re.compile(r"(?i)beyond retention|outside (?:of )?(?:the )?retention")


class Influx:
    """A database that takes line protocol.

    Parameters
    ----------
    url
        ``http://host:8086/?db=power`` for InfluxDB 1 and what understands it, or
        ``https://host:8086/?org=lab&bucket=power`` for InfluxDB 2.

    Raises
    ------
    TargetRefused
        The URL makes no sense.
    """

    def __init__(self, url: str) -> None:
        parts = split_url(url, f"Leave it out, and put it into the variable {PASSWORD}.")
        query = dict(parse_qsl(parts.query))
        if not ("db" in query or {"org", "bucket"} <= query.keys()):
            raise TargetRefused(
                f"{url} names no database",
                "Add ?db=NAME, or ?org=NAME&bucket=NAME for InfluxDB 2.",
            )
        self.name = urlunsplit(parts)
        self._parts = parts
        base = parts.path.rstrip("/")
        if "db" in query:
            self._path = f"{base}/write?{urlencode({**query, 'precision': 'u'})}"
        else:
            self._path = f"{base}/api/v2/write?{urlencode({**query, 'precision': 'us'})}"
        self._headers = {
            "Content-Encoding": "gzip",
            "Content-Type": "text/plain; charset=utf-8",
            "User-Agent": f"wattui/{__version__}",
            **_authorization(parts),
        }
        self._connection: HTTPConnection | None = None

    def send(self, batch: Batch) -> None:
        """Write a batch."""
        body = gzip.compress("\n".join(lines(batch)).encode(), 5)
        try:
            status, answer = self._post_again(body)
        except (OSError, HTTPException) as error:
            self.close()
            raise unreachable(self.name, error) from error
        if status // 100 == 2:
            return
        if _TOO_OLD.search(answer):
            raise TargetDropped(
                f"{self.name} does not keep samples that are so old: {answer}",
                "A longer retention of its database would keep them.",
            )
        words = f"{status} {responses.get(status, '')}: {answer}".strip(": ")
        if status in _UNREACHABLE or status >= 500:
            raise TargetUnreachable(f"{self.name} does not take samples now: {words}")
        hint = f"Check the database, and {TOKEN} or {PASSWORD}."
        if status // 100 == 3:
            hint = "It is at another address: give that one."
        raise TargetRefused(f"{self.name} refused samples: {words}", hint)

    def _post_again(self, body: bytes) -> tuple[int, str]:
        """Write a body; once more if the server had closed a connection that was idle."""
        was_open = self._connection is not None
        try:
            return self._post(body)
        except (ConnectionError, HTTPException):
            self.close()
            if not was_open:
                raise
            return self._post(body)

    def _post(self, body: bytes) -> tuple[int, str]:
        if self._connection is None:
            kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
            self._connection = kind(self._parts.hostname or "", self._parts.port, timeout=_TIMEOUT)
        self._connection.request("POST", self._path, body, self._headers)
        response = self._connection.getresponse()
        answer = response.read(1000).decode("utf-8", "replace")
        if response.will_close or not response.isclosed():
            self.close()
        return response.status, " ".join(answer.split())[:200]

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _authorization(parts: SplitResult) -> dict[str, str]:
    if token := secret(TOKEN):
        return {"Authorization": f"Token {token}"}
    if parts.username:
        pair = f"{unquote(parts.username)}:{secret(PASSWORD)}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {}


def lines(batch: Batch) -> Iterator[str]:
    """Yield a batch as line protocol, with times in microseconds.

    The tags are the meter's label, model, serial number and key: the same in every line, so that a
    sample that is sent twice is stored once.
    """
    meter = batch.meter
    tags = {
        "meter": meter.label,
        "model": meter.model,
        "serial_number": meter.serial_number,
        "key": meter.key,
    }
    head = ",".join(f"{name}={_quoted(text)}" for name, text in tags.items() if text.strip())
    for sample, energy in zip(batch.samples, batch.energies_wh, strict=True):
        values = {
            **values_of(sample),
            INTEGRATED_ENERGY.column: energy,
            "interval_s": sample.interval,
            "gap_s": sample.gap,
        }
        fields = ",".join(f"{name}={value!r}" for name, value in values.items())
        yield f"{MEASUREMENT},{head} {fields} {sample.time_us}"


def _quoted(text: str) -> str:
    """Return the text of a tag; line breaks and a backslash at the end cannot be written."""
    plain = re.sub(r"\s+", " ", text.encode("utf-8", "replace").decode()).strip()
    return re.sub(r"([,= ])", r"\\\1", plain.rstrip("\\"))
