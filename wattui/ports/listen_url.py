# SPDX-License-Identifier: GPL-3.0-or-later
"""``listen://`` URLs: where posts of .NET meters are received, from whom, and of which meter."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from wattui.errors import PortUnknown
from wattui.ports.listing import scheme_of
from wattui.protocol.commands import MAX_INTERVAL
from wattui.protocol.posts import SERIAL_NUMBER

SCHEME: Final = "listen"

AddressRange = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Where it listens unless another port is given.
DEFAULT_PORT: Final = 8080

#: Who may post unless the URL says: this machine, and private networks.
PRIVATE: Final[tuple[AddressRange, ...]] = tuple(
    map(
        ipaddress.ip_network,
        (
            *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
            *("::1/128", "fc00::/7", "fe80::/10"),
        ),
    )
)

_HINT: Final = (
    "Write listen://ADDRESS:PORT, as in listen://0.0.0.0:8080; for one meter append /SERIAL, "
    "and ?allow=NETWORK to say who may post."
)


@dataclass(frozen=True, slots=True)
class ListenUrl:
    """What a ``listen://`` URL says."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    #: The meter; empty for every meter that posts.
    serial_number: str = ""
    #: Who may post.
    allowed: tuple[AddressRange, ...] = PRIVATE
    #: Seconds between two posts that the meters are told; None: as the meters are set.
    interval: int | None = None

    @property
    def place(self) -> tuple[str, int]:
        """The address and the port."""
        return self.host, self.port

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        meter = f"/{self.serial_number}" if self.serial_number else ""
        query = [] if self.allowed == PRIVATE else [f"allow={one}" for one in self.allowed]
        if self.interval is not None:
            query.append(f"interval={self.interval}")
        return f"{SCHEME}://{host}:{self.port}{meter}{'?' if query else ''}{'&'.join(query)}"

    def may_post(self, address: str) -> bool:
        """Check whether posts from an address are accepted."""
        try:
            one = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(one, "ipv4_mapped", None)
        return any((mapped or one) in network for network in self.allowed)


def own_address() -> str:
    """Return the address of this machine that others reach; empty if it has no network.

    Nothing is sent.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(("192.0.2.1", 9))  # an address of no machine, which needs a route only
            return str(one.getsockname()[0])
        except OSError:
            return ""


def is_listen_url(url: str) -> bool:
    """Check whether a port is a place where meters post to."""
    return scheme_of(url) == SCHEME


def parse_listen_url(url: str) -> ListenUrl:
    """Read a ``listen://`` URL.

    Raises
    ------
    PortUnknown
        It makes no sense; the message says why.
    """
    try:
        return _parsed(url)
    except ValueError as error:
        raise PortUnknown(f"{url} cannot be understood: {error}", _HINT) from error


def _parsed(url: str) -> ListenUrl:
    parts = urlsplit(url)
    if parts.scheme != SCHEME or parts.username is not None or parts.fragment:
        raise ValueError("it is not an address")
    host = parts.hostname or "127.0.0.1"
    if host == "localhost":
        host = "127.0.0.1"
    serial_number = parts.path.strip("/")
    if serial_number and not SERIAL_NUMBER.fullmatch(serial_number):
        raise ValueError("what follows the slash is not a serial number")
    port = DEFAULT_PORT if parts.port is None else parts.port
    if not port:
        raise ValueError("the port is not from 1 to 65535")
    allowed: list[AddressRange] = []
    interval = None
    for key, value in parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True):
        if key == "allow":
            allowed.append(parse_network(value))
        elif key == "interval":
            if not value.isascii() or not value.isdigit() or not 1 <= len(value) <= 5:
                raise ValueError("the interval is not a number of seconds")
            interval = int(value)
            if not 1 <= interval <= MAX_INTERVAL:
                raise ValueError(f"the interval is not from 1 to {MAX_INTERVAL} s")
        else:
            raise ValueError(f"unknown option {key!r}; use allow or interval")
    address = str(ipaddress.ip_address(host))
    return ListenUrl(address, port, serial_number, tuple(allowed) or PRIVATE, interval)


def parse_network(text: str) -> AddressRange:
    """Return a network that may post; an address is a network of its own.

    Raises
    ------
    ValueError
        It is neither.
    """
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(
            f"{text!r} is not an address or a network such as 192.168.1.0/24"
        ) from None
