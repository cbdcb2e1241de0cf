# SPDX-License-Identifier: GPL-3.0-or-later
"""What receives samples: a database, a broker."""

from __future__ import annotations

import importlib
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from wattui.desktop.program_command import extra_hint
from wattui.errors import PackageMissing, WattuiError
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELDS
from wattui.measurement.sample import Sample


class TargetUnreachable(WattuiError):
    """A target does not answer, or not now: it is tried again."""


class TargetRefused(WattuiError):
    """A target refuses what it is sent, and somebody has to change that."""


class TargetDropped(WattuiError):
    """A target has taken what it wants of a batch, and will never take the rest."""


#: What to do about a certificate that is not trusted.
TLS_HINT: Final = (
    "If it is the right server, name the file with the certificate of its authority in the "
    "variable SSL_CERT_FILE."
)

#: Parameters of URLs that hold secrets.
_SECRETS: Final = frozenset({"p", "password", "passwd", "token", "secret", "sslpassword"})


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
        TargetDropped
            It does not have all of them, and sending them again would not help.
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
        query = parse_qsl(parts.query, keep_blank_values=True)
        plain = [(name, value) for name, value in query if name.lower() not in _SECRETS]
        has_password = parts.password is not None or len(plain) < len(query)
        port = parts.port
    except ValueError as error:
        raise TargetRefused(f"{url} is not an address: {error}", "Check it.") from None
    if has_password:
        user, _, host = parts.netloc.rpartition("@")
        name = user.partition(":")[0]
        shown = urlunsplit(
            parts._replace(netloc=f"{name}@{host}" if name else host, query=urlencode(plain))
        )
        raise TargetRefused(
            f"There is a password in {shown}, where other users of this machine can see it", secret
        )
    # A PostgreSQL without a host is that of this machine.
    if not parts.hostname and port is None and not parts.scheme.startswith("postgres"):
        raise TargetRefused(f"{url} names no host", "Write it as in http://localhost:8086.")
    return parts


def secret(name: str) -> str:
    """Return a password or token: the variable *name*, or the file that *name*_FILE names.

    Raises
    ------
    TargetRefused
        The file cannot be read, or others can read it too.
    """
    path = os.environ.get(f"{name}_FILE", "")
    if not path or os.environ.get(name):
        return os.environ.get(name, "")
    try:
        file = Path(path)
        if os.name != "nt" and file.stat().st_mode & 0o007:
            raise TargetRefused(
                f"{path} can be read by other users of this machine", f"Run chmod 600 {path}."
            )
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TargetRefused(
            f"{path} cannot be read: {reason}", f"Check the variable {name}_FILE."
        ) from error


def unreachable(name: str, error: BaseException) -> TargetUnreachable:
    """Return the error for a target that could not be connected to."""
    text = str(error) or type(error).__name__
    untrusted = isinstance(error, ssl.SSLCertVerificationError) or "certificate verify" in text
    if untrusted:
        return TargetUnreachable(f"The certificate of {name} is not trusted: {text}", TLS_HINT)
    return TargetUnreachable(f"{name} cannot be reached: {text}")
