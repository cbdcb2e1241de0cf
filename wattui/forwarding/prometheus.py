# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a recording for Prometheus, which fetches them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from wattui.errors import WattuiError
from wattui.forwarding.target import load_package

_LABELS: Final = ("meter", "serial_number", "model", "port")

#: Name, help, column of the sample, and how many of the metric's unit one of the column's is.
_GAUGES: Final = (
    ("wattui_power_watts", "Real power.", "power"),
    ("wattui_voltage_volts", "Voltage.", "voltage"),
    ("wattui_current_amperes", "Current.", "current"),
    ("wattui_power_factor_ratio", "Power factor, from 0 to 1.", "power_factor"),
    ("wattui_frequency_hertz", "Frequency of the mains.", "frequency"),
    ("wattui_apparent_power_voltamperes", "Apparent power.", "apparent_power"),
)
_COUNTERS: Final = (
    ("wattui_energy_joules", "Energy, integrated over the records.", "joules"),
    ("wattui_samples", "Samples on disk.", "samples"),
    ("wattui_gaps", "Gaps in the records.", "gaps"),
    ("wattui_gap_seconds", "Time that is missing in gaps.", "gap_s"),
)


@dataclass(frozen=True, slots=True)
class MeterFigures:
    """What is exported of one meter; only what is on disk."""

    label: str
    serial_number: str
    model: str
    port: str
    #: Whether its records come now.
    up: bool
    #: Time of its last sample, in seconds UTC; 0 for none.
    last_s: float = 0.0
    #: Fields of the last sample, by name, in base units; empty while the meter is not up.
    values: dict[str, float] = field(default_factory=dict)
    joules: float = 0.0
    samples: int = 0
    gaps: int = 0
    gap_s: float = 0.0


class Collector:
    """Makes metrics of the meters' figures each time that Prometheus asks."""

    def __init__(self, figures: Callable[[], Sequence[MeterFigures]]) -> None:
        self._figures = figures
        self._core: Any = importlib.import_module("prometheus_client.core")

    def collect(self) -> Iterator[Any]:
        """Yield one family per metric, with a sample per meter."""
        meters = [
            (one, (one.label, one.serial_number, one.model, one.port)) for one in self._figures()
        ]
        for name, words, key in _GAUGES:
            family = self._core.GaugeMetricFamily(name, words, labels=_LABELS)
            for one, labels in meters:
                if key in one.values:
                    family.add_metric(labels, one.values[key])
            yield family
        for name, words, key in _COUNTERS:
            family = self._core.CounterMetricFamily(name, words, labels=_LABELS)
            for one, labels in meters:
                family.add_metric(labels, getattr(one, key))
            yield family
        yield self._gauge("wattui_up", "Whether records come.", meters, lambda m: float(m.up))
        words = "When the last sample arrived, in seconds since 1970."
        yield self._gauge("wattui_last_sample_timestamp_seconds", words, meters, lambda m: m.last_s)

    def _gauge(
        self,
        name: str,
        words: str,
        meters: Sequence[tuple[MeterFigures, tuple[str, ...]]],
        value: Callable[[MeterFigures], float],
    ) -> Any:
        family = self._core.GaugeMetricFamily(name, words, labels=_LABELS)
        for one, labels in meters:
            family.add_metric(labels, value(one))
        return family


class Exporter:
    """Serves the figures over HTTP, on the loopback unless another address is given.

    Parameters
    ----------
    address
        ``:9464`` or ``HOST:9464``.
    figures
        Called for the current figures, on a thread of the server.

    Raises
    ------
    PackageMissing
        prometheus-client is not installed.
    WattuiError
        The address makes no sense, or is in use.
    """

    def __init__(self, address: str, figures: Callable[[], Sequence[MeterFigures]]) -> None:
        host, _, port = address.rpartition(":")
        if not port.isdecimal() or not 0 <= int(port) <= 65_535:
            raise WattuiError(f"{address} is not an address", "Write :9464, or HOST:9464.")
        client = load_package("prometheus_client", "Prometheus", "prometheus-client", "prometheus")
        registry = client.CollectorRegistry()
        registry.register(Collector(figures))
        try:
            self._server, self._thread = client.start_http_server(
                int(port), host.strip("[]") or "127.0.0.1", registry
            )
        except OSError as error:
            raise WattuiError(
                f"Nothing can be served at {address}: {error.strerror or error}",
                "Choose another port, or end the program that uses it.",
            ) from error

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2.0)
