# SPDX-License-Identifier: GPL-3.0-or-later
"""Where posts are received, and from whom."""

from __future__ import annotations

import pytest

from wattui.errors import PortUnknown
from wattui.ports.listen_url import ListenUrl, is_listen_url, parse_listen_url
from wattui.ports.port import open_port


@pytest.mark.parametrize(
    ("url", "host", "port", "serial_number"),
    [
        ("listen://", "127.0.0.1", 8080, ""),
        ("listen://:9000", "127.0.0.1", 9000, ""),
        ("listen://localhost:9000/", "127.0.0.1", 9000, ""),
        ("LISTEN://0.0.0.0", "0.0.0.0", 8080, ""),
        ("listen://0.0.0.0:80/1234", "0.0.0.0", 80, "1234"),
        ("listen://[::]:80/1234", "::", 80, "1234"),
    ],
)
def test_addresses(url: str, host: str, port: int, serial_number: str) -> None:
    where = parse_listen_url(url)
    assert is_listen_url(url)
    assert (where.host, where.port, where.serial_number) == (host, port, serial_number)
    assert parse_listen_url(str(where)) == where


def test_nothing_beyond_this_machine_listens_unless_asked() -> None:
    assert ListenUrl().host == parse_listen_url("listen://:8080").host == "127.0.0.1"


def test_private_networks_may_post_unless_others_are_named() -> None:
    where = parse_listen_url("listen://0.0.0.0:8080")
    for address in ("127.0.0.1", "10.1.2.3", "192.168.1.9", "::ffff:192.168.1.9", "fe80::1%eth0"):
        assert where.may_post(address), address
    for address in ("8.8.8.8", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8", "", "x"):
        assert not where.may_post(address), address
    narrow = parse_listen_url("listen://0.0.0.0:8080?allow=192.168.1.0/24&allow=10.0.0.5")
    assert narrow.may_post("192.168.1.9")
    assert narrow.may_post("10.0.0.5")
    for address in ("127.0.0.1", "192.168.2.9", "10.0.0.6"):
        assert not narrow.may_post(address), address
    assert parse_listen_url(str(narrow)) == narrow


@pytest.mark.parametrize(
    "url",
    [
        *("listen://example.org", "listen://:0", "listen://:99999", "listen://:x", "listen://a b"),
        *("listen://:1/a/b", "listen://:1/%3Cb%3E", "listen://:1/" + "1" * 33, "listen://u@:1"),
        *("listen://:1?allow=all", "listen://:1?allow", "listen://:1?key=1", "listen://:1#2"),
        *(
            "listen://:1?interval=0",
            "listen://:1?interval=x",
            "listen://[::1",
            "listen://300.1.1.1",
        ),
    ],
)
def test_an_address_that_makes_no_sense_is_explained(url: str) -> None:
    with pytest.raises(PortUnknown) as caught:
        parse_listen_url(url)
    assert url in caught.value.what
    assert "listen://0.0.0.0:8080" in caught.value.hint


def test_a_command_to_a_meter_that_posts_is_refused_with_what_to_do() -> None:
    with pytest.raises(PortUnknown) as caught:
        open_port("listen://:8080/1234")
    assert "USB" in caught.value.hint
