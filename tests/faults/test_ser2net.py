# SPDX-License-Identifier: GPL-3.0-or-later
"""A meter on another machine: a real ser2net on the loopback, which is killed and comes back."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from account import Account, events_of
from numbered_meter import NumberedMeter
from real_servers import Server, find, free_port
from running_log import RunningLog


class Ser2net(Server):
    """Serves a port over raw TCP and over RFC 2217."""

    def __init__(self, device: Path, config: Path) -> None:
        # Somebody who connects to a port opens the device: an echo shows that it runs.
        self.raw, self.telnet, echo = free_port(), free_port(), free_port()
        device_line = f"  connector: serialdev,{device},115200n81,local\n"
        config.write_text(
            f"connection: &raw\n  accepter: tcp,127.0.0.1,{self.raw}\n{device_line}"
            f"connection: &telnet\n  accepter: telnet(rfc2217),tcp,127.0.0.1,{self.telnet}\n"
            f"{device_line}"
            f"connection: &echo\n  accepter: tcp,127.0.0.1,{echo}\n  connector: echo\n"
        )
        super().__init__([find("ser2net"), "-n", "-d", "-c", str(config)], echo)

    def url(self, scheme: str) -> str:
        return f"{scheme}://127.0.0.1:{self.raw if scheme == 'socket' else self.telnet}"


@pytest.fixture
def server(meter: NumberedMeter, tmp_path: Path) -> Iterator[Ser2net]:
    made = Ser2net(meter.link, tmp_path / "ser2net.yaml")
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
def test_a_server_that_is_killed_leaves_a_gap_and_nothing_else(
    scheme: str, meter: NumberedMeter, server: Ser2net, account: Account, tmp_path: Path
) -> None:
    path = tmp_path / "a.wattui"
    with RunningLog(server.url(scheme), "--session", path) as log:
        log.wait_shown(meter.first + 3)
        for _ in range(2):
            server.stop(signal.SIGKILL)
            log.wait_for(lambda: "unplugged" in log.said, "the loss")
            meter.wait_more(5)
            server.start()
            log.wait_shown(meter.number + 1)
        meter.hold()
        log.wait_shown(meter.number)
        assert log.end() == 0
    account.add(meter.sent, [path], log.shown)
    account.counts["restarts"] = 2
    kinds = [kind for kind, _text in events_of(path)]
    assert kinds.count("lost") == kinds.count("reconnected") == 2


def test_the_speed_of_the_port_is_set_over_rfc_2217(account: Account, tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    with NumberedMeter(tmp_path / "port", baudrate=19_200) as meter:
        server = Ser2net(meter.link, tmp_path / "ser2net.yaml")
        server.start()
        try:
            with RunningLog(server.url("rfc2217"), "--session", path) as log:
                log.wait_shown(meter.first + 3)
                meter.hold()
                log.wait_shown(meter.number)
                assert log.end() == 0
        finally:
            server.stop()
        account.add(meter.sent, [path], log.shown)


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
def test_a_second_client_is_refused_and_the_first_one_goes_on(
    scheme: str, meter: NumberedMeter, server: Ser2net, account: Account, tmp_path: Path
) -> None:
    path = tmp_path / "a.wattui"
    with RunningLog(server.url("socket"), "--session", path) as log:
        log.wait_shown(meter.first)
        with RunningLog(server.url(scheme), "--session", tmp_path / "b.wattui") as second:
            assert second.wait() == 3
        assert "nobody else uses it" in second.said
        log.wait_shown(meter.number + 1)
        meter.hold()
        log.wait_shown(meter.number)
        assert log.end() == 0
    account.add(meter.sent, [path], log.shown)
