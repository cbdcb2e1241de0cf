# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin for pytest: the marker and the fixture ``energy``, for tests with a budget.

Without a port, marked tests run as usual and are not measured, and tests that use the fixture
are skipped.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from wattui.benchmark.record_source import RecordSource
    from wattui.benchmark.result import CommandResult

#: Environment variable that names the port.
_VARIABLE: Final = "WATTUI_PORT"

_MARKER: Final = (
    "energy(max_joules, *, runs=3, min_time=3, idle=10): measure the test with a Watts up? meter, "
    "and fail if its energy above idle is larger."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and the setting for the port."""
    text = "Port of the Watts up? meter for tests that are marked with energy."
    parser.getgroup("energy").addoption("--energy-port", metavar="PORT", help=text)
    parser.addini("energy_port", text, default="")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER)
    port = config.getoption("--energy-port") or config.getini("energy_port")
    config.stash[_METER] = _Meter(str(port or os.environ.get(_VARIABLE, "")))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the port."""
    meter = config.stash.get(_METER, None)
    if meter is not None:
        meter.close()


class _Meter:
    """The meter, which is opened by the first test that needs it, and the results."""

    def __init__(self, port: str) -> None:
        self.port = port
        self._source: RecordSource | None = None
        self.lines: list[str] = []

    def measure(self, function: Callable[[], object], name: str, **options: Any) -> CommandResult:
        """Return the energy of a function, and remember it for the summary."""
        from wattui.benchmark.code_measurement import measure_function
        from wattui.benchmark.quantity_text import with_error
        from wattui.benchmark.record_source import open_source

        if self._source is None:
            self._source = open_source(self.port, None, lambda: False)
        found = measure_function(function, self._source, name=name, **options)
        result = found.commands[0]
        energy = with_error(result.above.mean, result.above.half_width)
        self.lines.append(f"{name}: {energy} above idle, {result.above.count} runs")
        self.lines += [f"  {one.reason}: {one.text}" for one in found.all_findings()]
        return result

    def close(self) -> None:
        """End the recording."""
        if self._source is not None:
            self._source.close()


_METER: Final = pytest.StashKey[_Meter]()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object | None:
    """Call a marked test many times, and fail if it needs too much energy."""
    marker = pyfuncitem.get_closest_marker("energy")
    meter = pyfuncitem.config.stash[_METER]
    if marker is None or not meter.port:
        return None
    options = dict(marker.kwargs)
    limit = marker.args[0] if marker.args else options.pop("max_joules", None)
    names = pyfuncitem._fixtureinfo.argnames
    values = {name: pyfuncitem.funcargs[name] for name in names}
    result = meter.measure(
        lambda: pyfuncitem.obj(**values), pyfuncitem.nodeid.rpartition("/")[2], **options
    )
    pyfuncitem.user_properties.append(("energy_above_idle_j", result.above.mean))
    if limit is not None and result.above.mean > limit:
        pytest.fail(
            f"The test needed {result.above.mean:.4g} J above idle (95 %: {result.above.low:.4g} "
            f"to {result.above.high:.4g} J), and {limit:g} J are allowed.",
            pytrace=False,
        )
    return True


@pytest.fixture
def energy(request: pytest.FixtureRequest) -> Callable[..., CommandResult]:
    """Return a function that measures another one: ``energy(work, runs=5).above.mean``."""
    meter = request.config.stash[_METER]
    if not meter.port:
        pytest.skip(f"no meter: use --energy-port, energy_port or {_VARIABLE}")

    def measured(function: Callable[[], object], **options: Any) -> CommandResult:
        return meter.measure(function, request.node.nodeid.rpartition("/")[2], **options)

    return measured


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    """List the energies that were measured."""
    del exitstatus
    lines = config.stash[_METER].lines
    if lines:
        terminalreporter.section("energy")
        for line in lines:
            terminalreporter.line(line)
