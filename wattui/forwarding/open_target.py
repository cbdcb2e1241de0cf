# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the target that a URL names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from wattui.forwarding.influx import Influx
from wattui.forwarding.mqtt import Mqtt
from wattui.forwarding.postgres import Postgres
from wattui.forwarding.target import Target, TargetRefused

_KINDS: Final[dict[str, Callable[[str], Target]]] = {
    "http": Influx,
    "https": Influx,
    "mqtt": Mqtt,
    "mqtts": Mqtt,
    "postgresql": Postgres,
    "postgres": Postgres,
}


def open_target(url: str) -> Target:
    """Return the target that a URL names; nothing is connected yet.

    Raises
    ------
    TargetRefused
        There is no such target, or its URL makes no sense.
    PackageMissing
        It needs a package that is not installed.
    """
    scheme = url.partition(":")[0].lower()
    if scheme not in _KINDS:
        raise TargetRefused(
            f"{url} is neither a database nor a broker",
            "Write http(s)://HOST/?db=NAME, mqtt(s)://HOST/TOPIC or postgresql://HOST/DATABASE.",
        )
    return _KINDS[scheme](url)
