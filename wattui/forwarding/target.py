# SPDX-License-Identifier: GPL-3.0-or-later
"""What receives samples: a database, a broker."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit, urlunsplit

from wattui.desktop.program_command import extra_hint
from wattui.errors import PackageMissing, WattuiError
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELDS
from wattui.measurement.sample import Sample


class TargetUnreachable(WattuiError):
    """A target does not answer, or not now: it is tried again."""


class TargetRefused(WattuiError):
    """A target refuses what it is sent, and somebody has to change that."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples of one meter, in order."""

    meter: MeterInfo
    samples: Sequence[Sample]
    #: Energy after each of them in Wh, integrated since the beginning of their session.
    energies_wh: Sequence[float]

    def __len__(self) -> int:
        return len(self.samples)


class Target(Protocol):
    """Receives batches, on the thread of its forwarder."""

    #: Where it is, without passwords: the key of what was sent to it.
    name: str

    def send(self, batch: Batch) -> None:
        """Send a batch; return once the target has it.

        It may get samples again that it has already, and keeps one of each meter and time.

        Raises
        ------
        TargetUnreachable, TargetRefused
            It does not have all of them.
        """

    def close(self) -> None:
        """End the connection."""


def load_package(module: str, what: str, package: str, extra: str) -> Any:
    """Return the module of a package that comes with an extra.

    Raises
    ------
    PackageMissing
        It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise PackageMissing(
            f"{what} needs the package {package} ({error})",
            extra_hint(extra),
        ) from error


def values_of(sample: Sample) -> dict[str, float]:
    """Return the fields that a sample has, by the names of their columns, in base units."""
    return {
        field.column: wire / field.scale
        for field, wire in zip(FIELDS, sample.values, strict=False)
        if wire is not None
    }


def split_url(url: str, secret: str) -> SplitResult:
    """Return the parts of a target's URL.

    Raises
    ------
    TargetRefused
        There is a password in it, which other users of this machine could see; *secret* says
        where it belongs.  Or the URL makes no sense.
    """
    try:
        parts = urlsplit(url)
        has_password = parts.password is not None
        port = parts.port
    except ValueError as error:
        raise TargetRefused(f"{url} is not an address: {error}", "Check it.") from None
    if has_password:
        host = parts.netloc.rpartition("@")[2]
        shown = urlunsplit(parts._replace(netloc=f"{parts.username}@{host}"))
        raise TargetRefused(
            f"There is a password in {shown}, where other users of this machine can see it", secret
        )
    # A PostgreSQL without a host is that of this machine.
    if not parts.hostname and port is None and not parts.scheme.startswith("postgres"):
        raise TargetRefused(f"{url} names no host", "Write it as in http://localhost:8086.")
    return parts
