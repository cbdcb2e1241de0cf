# SPDX-License-Identifier: GPL-3.0-or-later
"""The Grafana dashboard asks for figures that there are, in words that Prometheus understands."""

from __future__ import annotations

import functools
import json
import re
import signal
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from log_process import Log
from real_servers import Server, find, free_port, wait_for

from wattui.forwarding.prometheus import Collector, MeterFigures
from wattui.session import Session

DASHBOARD: dict[str, Any] = json.loads(
    (resources.files("wattui.resources") / "wattui-dashboard.json").read_text("utf-8")
)
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]

#: What Grafana replaces, and with what.
VARIABLES = {"$__range": "5m", "$__rate_interval": "10s", "$__interval": "10s", "$meter": ".+"}


def queries() -> Iterator[tuple[str, str]]:
    """Yield titles and queries."""
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for one in DASHBOARD["annotations"]["list"]:
        yield one["name"], one["expr"]


def plain(query: str) -> str:
    """Return a query without the variables of Grafana."""
    for name in sorted(VARIABLES, key=len, reverse=True):
        query = query.replace(name, VARIABLES[name])
    assert "$" not in query
    return query


def test_every_query_is_about_figures_that_are_exported() -> None:
    client = pytest.importorskip("prometheus_client")
    values = dict.fromkeys(
        ("power", "voltage", "current", "power_factor", "frequency", "apparent_power"), 1.0
    )
    figures = MeterFigures("fan", "A1", "PRO", "/dev/ttyUSB0", up=True, values=values)
    registry = client.CollectorRegistry()
    registry.register(Collector(lambda: [figures]))
    text = client.generate_latest(registry).decode()
    exported = set(re.findall(r"^(wattui_\w+)\{", text, re.MULTILINE))
    asked = {name for _, query in queries() for name in re.findall(r"wattui_\w+", query)}
    assert asked <= exported
    assert exported - asked == {"wattui_apparent_power_voltamperes"}


def test_panels_have_their_places_and_a_source_that_can_be_chosen() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
        assert panel["datasource"]["uid"] == "${datasource}"
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


class Prometheus(Server):
    """A Prometheus that asks several times a second."""

    def __init__(self, folder: Path, source: int) -> None:
        port = free_port()
        config = folder / "prometheus.yml"
        config.write_text(
            "global:\n  scrape_interval: 200ms\n  scrape_timeout: 200ms\n"
            "scrape_configs:\n  - job_name: wattui\n    static_configs:\n"
            f"      - targets: ['127.0.0.1:{source}']\n"
        )
        super().__init__(
            [
                find("prometheus"), f"--config.file={config}",
                f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}",
            ],
            port,
        )  # fmt: skip

    def is_ready(self) -> bool:
        """Check whether it answers: its port is open before it does."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=20):
                return True
        except urllib.error.HTTPError:
            return False

    def ask(self, query: str) -> list[float]:
        """Return the values of a query now."""
        given = urllib.parse.urlencode({"query": query})
        url = f"http://127.0.0.1:{self.port}/api/v1/query?{given}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            found = json.load(answer)
        assert found["status"] == "success", found
        return [float(one["value"][1]) for one in found["data"]["result"]]


def test_a_prometheus_has_an_answer_for_every_panel_and_sees_an_outage(
    program: list[str], tmp_path: Path
) -> None:
    source = free_port()
    server = Prometheus(tmp_path, source)
    log = Log(program, "sim://pro?load=lamp&speed=20", "--prometheus", f":{source}")
    try:
        server.start()
        wait_for(server.is_ready, "Prometheus")
        for title, query in queries():
            if title != "Gaps":
                wait_for(functools.partial(server.ask, plain(query)), title)
        assert server.ask(plain(dict(queries())["Gaps"])) == []
        (power,) = server.ask("avg_over_time(wattui_power_watts[10s])")
        wait_for(lambda: server.ask("wattui_samples_total")[0] > 100, "a hundred samples")
        (mean,) = server.ask("wattui_energy_joules_total / wattui_samples_total")
        assert mean == pytest.approx(power, rel=0.2)
        (samples,) = server.ask("wattui_samples_total")
        assert log.end(signal.SIGTERM) == 0
        wait_for(lambda: server.ask("up") == [0.0], "the outage")
        assert server.ask("wattui_power_watts") == [], "no old figure looks like a new one"
    finally:
        log.close()
        server.stop()
    with Session.open(Path(log.lines[-1])) as session:
        assert samples <= session.statistics(1).count
