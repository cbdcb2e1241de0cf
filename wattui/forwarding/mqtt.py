# SPDX-License-Identifier: GPL-3.0-or-later
"""An MQTT broker, and Home Assistant behind it."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final
from urllib.parse import unquote, urlunsplit

from wattui import __version__
from wattui.forwarding.target import (
    Batch,
    TargetRefused,
    TargetUnreachable,
    load_package,
    secret,
    split_url,
    unreachable,
    values_of,
)
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import INTEGRATED_ENERGY
from wattui.measurement.text import iso_text

#: The variable of the environment for the password.
PASSWORD: Final = "WATTUI_MQTT_PASSWORD"

_TIMEOUT: Final = 10.0
_AT_LEAST_ONCE: Final = 1

#: Seconds, at least, after which a reading is no longer valid.
_EXPIRES: Final = 60

#: What Home Assistant shows: column, name, unit, class, and how it adds up.
_SENSORS: Final = (
    ("power_w", "Power", "W", "power", "measurement"),
    ("voltage_v", "Voltage", "V", "voltage", "measurement"),
    ("current_a", "Current", "A", "current", "measurement"),
    (INTEGRATED_ENERGY.column, "Energy", "Wh", "energy", "total_increasing"),
)


class Mqtt:
    """A broker that gets every sample, and the latest one of each meter as retained state.

    Parameters
    ----------
    url
        ``mqtt://user@host/topic``, or ``mqtts://`` for TLS.

    Raises
    ------
    PackageMissing
        paho-mqtt is not installed.
    TargetRefused
        The URL has a password, or no topic.
    """

    def __init__(self, url: str) -> None:
        parts = split_url(url, f"Leave it out, and put it into the variable {PASSWORD}.")
        self.base = unquote(parts.path).strip("/") or "wattui"
        if re.search(r"[#+\0]", self.base):
            raise TargetRefused(f"{self.base} is not a topic", "It must not contain # or +.")
        self._paho = load_package("paho.mqtt.client", "MQTT", "paho-mqtt", "mqtt")
        enums = load_package("paho.mqtt.enums", "MQTT", "paho-mqtt", "mqtt")
        self._versions = enums.CallbackAPIVersion
        self.name = urlunsplit(parts)
        self._parts = parts
        self._client: Any = None
        self._described: set[MeterInfo] = set()
        #: The energy of each meter's latest state, by its key.
        self._energies: dict[str, float] = {}

    def send(self, batch: Batch) -> None:
        """Publish a batch; return once the broker has acknowledged every sample."""
        if self._client is None:
            self._client = self._connect()
        try:
            self._describe(batch.meter)
            messages = [
                self._publish(f"{self._topic(batch.meter)}/sample", text)
                for text in map(json.dumps, _samples(batch))
            ]
            messages += self._publish_state(batch)
            for message in messages:
                message.wait_for_publish(_TIMEOUT)
                if not message.is_published():
                    raise TargetUnreachable(f"{self.name} does not acknowledge samples")
        except (OSError, ValueError, RuntimeError) as error:
            self.close()
            raise TargetUnreachable(f"{self.name} was lost: {error}") from error
        except TargetUnreachable:
            self.close()
            raise

    def _publish_state(self, batch: Batch) -> list[Any]:
        """Publish the latest sample; before it the first, if energy begins again with it.

        Home Assistant adds up energy, and sees by a decrease that a session has begun.
        """
        key, energies = batch.meter.key, batch.energies_wh
        samples = _samples(batch)
        begins = energies[0] < self._energies.get(key, math.inf)
        self._energies[key] = energies[-1]
        states = [samples[0], samples[-1]] if begins else [samples[-1]]
        topic = f"{self._topic(batch.meter)}/state"
        return [self._publish(topic, json.dumps(state), keep=True) for state in states]

    def _topic(self, meter: MeterInfo) -> str:
        return f"{self.base}/{slug(meter.key)}"

    def _publish(self, topic: str, text: str, *, keep: bool = False) -> Any:
        return self._client.publish(topic, text, qos=_AT_LEAST_ONCE, retain=keep)

    def _connect(self) -> Any:
        client = self._paho.Client(self._versions.VERSION2)
        # A batch is sent as a whole: what is not acknowledged is sent by the next try.
        client.max_queued_messages_set(0)
        client.max_inflight_messages_set(200)
        client.will_set(f"{self.base}/status", "offline", qos=_AT_LEAST_ONCE, retain=True)
        secure = self._parts.scheme == "mqtts"
        if secure:
            client.tls_set()
        if self._parts.username:
            user = unquote(self._parts.username)
            client.username_pw_set(user, secret(PASSWORD) or None)
        refused: list[str] = []

        def connected(_client: Any, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
            refused.append(str(reason) if reason.is_failure else "")
            if not reason.is_failure:
                # Also after paho has connected again: the broker has said "offline" meanwhile,
                # and one without a disk knows no meter any longer.
                client.publish(f"{self.base}/status", "online", qos=_AT_LEAST_ONCE, retain=True)
                self._described.clear()

        client.on_connect = connected
        try:
            client.connect(self._parts.hostname, self._parts.port or (8883 if secure else 1883))
        except (OSError, ValueError) as error:
            raise unreachable(self.name, error) from error
        self._await_answer(client, refused)
        client.loop_start()
        return client

    def _await_answer(self, client: Any, refused: list[str]) -> None:
        for _ in range(int(_TIMEOUT * 10)):
            client.loop(0.1)
            if refused:
                break
        if not refused:
            raise TargetUnreachable(f"{self.name} does not answer")
        if refused[0]:
            hint = f"Check the user in the URL, and {PASSWORD}."
            raise TargetRefused(f"{self.name} refused the connection: {refused[0]}", hint)

    def _describe(self, meter: MeterInfo) -> None:
        """Publish what Home Assistant needs to find the meter, once for each connection."""
        if meter in self._described:
            return
        for topic, text in discovery(self.base, meter):
            self._publish(topic, text, keep=True)
        self._described.add(meter)

    def close(self) -> None:
        """Publish that the meters are gone, and end the connection."""
        client, self._client = self._client, None
        if client is not None:
            client.publish(f"{self.base}/status", "offline", qos=_AT_LEAST_ONCE, retain=True)
            client.disconnect()
            client.loop_stop()


def slug(key: str) -> str:
    """Return the part of a topic for a meter's key."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", key).strip("_") or "meter"


def _samples(batch: Batch) -> list[dict[str, object]]:
    return [
        {
            "time": iso_text(sample.time_us),
            "unix_time": sample.time_us / 1e6,
            "meter": batch.meter.label,
            "serial_number": batch.meter.serial_number,
            "interval_s": sample.interval,
            "gap_s": sample.gap,
            INTEGRATED_ENERGY.column: round(energy, 6),
            **values_of(sample),
        }
        for sample, energy in zip(batch.samples, batch.energies_wh, strict=True)
    ]


def discovery(base: str, meter: MeterInfo) -> list[tuple[str, str]]:
    """Return the topics and texts with which Home Assistant finds a meter's sensors."""
    name = slug(meter.key)
    expires = round(max(_EXPIRES, 10 * meter.interval))
    found = []
    for column, label, unit, kind, adds_up in _SENSORS:
        config = {
            "name": label,
            "unique_id": f"wattui_{name}_{column}",
            "state_topic": f"{base}/{name}/state",
            "availability_topic": f"{base}/status",
            "value_template": f"{{{{ value_json.{column} }}}}",
            "unit_of_measurement": unit,
            "device_class": kind,
            "state_class": adds_up,
            # What a meter shows that was unplugged is not known; its energy stays.
            **({} if adds_up != "measurement" else {"expire_after": expires}),
            "device": {
                "identifiers": [f"wattui_{name}"],
                "name": meter.label,
                "manufacturer": "Electronic Educational Devices",
                "model": f"Watts up? {meter.model}".strip(),
                "sw_version": meter.firmware,
                "serial_number": meter.serial_number,
            },
            "origin": {"name": "wattui", "sw_version": __version__},
        }
        found.append((f"homeassistant/sensor/wattui_{name}/{column}/config", json.dumps(config)))
    return found
