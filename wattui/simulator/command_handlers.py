# SPDX-License-Identifier: GPL-3.0-or-later
"""The effect and the answer of each command of the protocol in the simulated meter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from wattui.measurement.fields import FIELD_COUNT, FIELDS
from wattui.protocol import FullHandling, LoggingMode, NetworkAddress, Packet, PostTarget
from wattui.protocol.commands import MAX_INTERVAL, MAX_NETWORK_TEXT, MAX_RATE_MILS, MAX_THRESHOLD
from wattui.simulator.faults import Fault
from wattui.simulator.meter_hardware import MeterHardware
from wattui.simulator.record_memory import CONDENSE_INTERVAL

Args = tuple[str, ...]


class _Refused(Exception):
    """The arguments of a known command are out of range: it has no effect."""


def obey(meter: MeterHardware, packet: Packet) -> None:
    """Carry out a well-formed command; answer ``#v`` if it is unknown."""
    least, action = _ACTIONS.get((packet.command, packet.subcommand), (0, None))
    impossible = packet.command == "I" and not meter.model.has_network
    impossible = impossible or (packet.command == "M" and not meter.model.old)
    if action is None or impossible or len(packet.args) < least:
        _version(meter, ())
        return
    if meter.diagnostics > 1:
        meter.diagnose(f"command {packet.command},{packet.subcommand}")
    try:
        action(meter, packet.args)
    except _Refused as refused:
        meter.diagnose(str(refused))


def _stubborn(meter: MeterHardware) -> bool:
    return Fault.STUBBORN in meter.faults


def _number(text: str, low: int, high: int, what: str) -> int:
    if not text.isdigit() or not low <= int(text[:9]) <= high or len(text) > 9:
        raise _Refused(f"{what} out of range: {text[:20]}")
    return int(text)


# -- reading ------------------------------------------------------------------


def _version(meter: MeterHardware, _args: Args) -> None:
    values = meter.model.version(meter.line.baudrate)
    meter.answer(f"#v,-,{len(values)},{','.join(values)};")


def _field_names(meter: MeterHardware, _args: Args) -> None:
    names = [field.header for field in FIELDS[: meter.model.fields]]
    meter.answer(f"#h,-,{len(names)},{','.join(names)};")


def _chosen(meter: MeterHardware, _args: Args) -> None:
    flags = [str(int(on)) for on in meter.memory.chosen]
    meter.answer(f"#c,-,{len(flags)},{','.join(flags)};")


def _limit(meter: MeterHardware, _args: Args) -> None:
    meter.answer(f"#n,-,1,{meter.memory.limit};")


def _handling(meter: MeterHardware, _args: Args) -> None:
    meter.answer(f"#o,-,1,{int(meter.memory.handling)};")


def _state(meter: MeterHardware, _args: Args) -> None:
    meter.answer(f"#s,-,3,_,{meter.shown_interval(meter.interval)},{int(meter.mode)};")


def _display_mode(meter: MeterHardware, _args: Args) -> None:
    meter.answer(f"#m,-,1,{meter.display_mode};")


def _user(meter: MeterHardware, _args: Args) -> None:
    display = meter.display
    meter.answer(f"#u,-,3,{display.rate_mils},{display.threshold},{int(display.euro)};")


def _calibration(meter: MeterHardware, _args: Args) -> None:
    # Plausible values: 16-bit gains near the middle, over 256 bytes in total.
    factors = [str(20_480 + (n * 7_919 + 331) % 24_989) for n in range(meter.model.factors)]
    meter.answer(f"#f,-,{len(factors)},{','.join(factors)};")


def _memory(meter: MeterHardware, _args: Args) -> None:
    meter.start_readout()


# -- logging ------------------------------------------------------------------


def _log(meter: MeterHardware, args: Args) -> None:
    interval = _number(args[2], 1, MAX_INTERVAL, "interval")
    if args[0] == "E":
        _same(meter, interval)
        meter.log(LoggingMode.EXTERNAL, interval)
    elif args[0] == "I":
        _log_internally(meter, interval)
    elif args[0] == "T" and meter.model.has_network:
        meter.start_posting(interval)
        meter.answer("#i,-,0;")
    else:
        _version(meter, ())


def _same(meter: MeterHardware, interval: int) -> None:
    if interval == meter.interval:
        meter.diagnose(f"No change; interval already =={interval}")


def _log_internally(meter: MeterHardware, interval: int) -> None:
    _set_interval(meter, interval)
    meter.mode = LoggingMode.INTERNAL
    meter.posting = False
    meter.erase()
    meter.answer(f"#s,-,3,_,{meter.shown_interval(meter.interval)},1;")


def _set_interval(meter: MeterHardware, interval: int) -> None:
    if not _stubborn(meter):
        condensing = meter.memory.handling is FullHandling.CONDENSE
        meter.memory.interval = CONDENSE_INTERVAL if condensing else interval


def _stop(meter: MeterHardware, _args: Args) -> None:
    if meter.mode is LoggingMode.EXTERNAL:
        meter.posting = False
        meter.mode = LoggingMode.STOPPED
    meter.answer(f"#l,-,2,{int(meter.uptime)},{meter.interval};")


# -- settings -----------------------------------------------------------------


def _choose(meter: MeterHardware, args: Args) -> None:
    flags = args[: meter.model.fields]
    if any(flag not in ("0", "1") for flag in flags) or "1" not in flags:
        raise _Refused("fields out of range")
    if not _stubborn(meter):
        meter.memory.choose([flag == "1" for flag in flags])
    meter.erase()
    _limit(meter, ())


def _set_handling(meter: MeterHardware, args: Args) -> None:
    handling = FullHandling(_number(args[0], 0, 2, "handling"))
    if not _stubborn(meter):
        meter.memory.handling = handling
    meter.erase()
    if meter.setup.talkative:
        _handling(meter, ())


def _set_display_mode(meter: MeterHardware, args: Args) -> None:
    mode = _number(args[0], 0, FIELD_COUNT, "display mode")
    if not _stubborn(meter):
        meter.display_mode = mode
    _display_mode(meter, ())


def _clear(meter: MeterHardware, _args: Args) -> None:
    if not _stubborn(meter):
        meter.erase()
    if meter.setup.talkative:
        meter.answer("#r,-,0;")


def _write_interval(meter: MeterHardware, args: Args) -> None:
    interval = _number(args[1], 1, MAX_INTERVAL, "interval")
    _same(meter, interval)
    _set_interval(meter, interval)
    meter.erase()
    if meter.mode is LoggingMode.EXTERNAL and not _stubborn(meter):
        meter.log(LoggingMode.EXTERNAL, interval)


def _write_user(meter: MeterHardware, args: Args) -> None:
    rate = _number(args[0], 0, MAX_RATE_MILS, "rate")
    threshold = _number(args[1], 0, MAX_THRESHOLD, "threshold")
    euro = _number(args[2], 0, 1, "currency")
    if not _stubborn(meter):
        display = meter.display
        display.rate_mils, display.threshold, display.euro = rate, threshold, euro == 1


def _restart(meter: MeterHardware, _args: Args) -> None:
    meter.line.drop()
    meter.display.reset()
    meter.start_up()


def _diagnostics(meter: MeterHardware, args: Args) -> None:
    meter.diagnostics = _number(args[0], 0, 2, "diagnostic level")


def _test_flash(meter: MeterHardware, args: Args) -> None:
    _number(args[0], 1, 1, "test")
    meter.answer("Flash write/verify test")
    meter.at(3.0, lambda: meter.send(f"Flash ok; {meter.model.memory} bytes verified"))


# -- network (.NET) -----------------------------------------------------------


def _address_text(meter: MeterHardware) -> str:
    a = meter.network.address
    texts = (a.ip, a.gateway, a.dns1, a.dns2, a.netmask, str(int(a.dhcp)))
    return ",".join(text or "_" for text in texts)


def _read_address(meter: MeterHardware, _args: Args) -> None:
    meter.answer(f"#i,q,7,{_address_text(meter)},{meter.network.address.mac};")


def _write_address(meter: MeterHardware, args: Args) -> None:
    addresses = ["" if text == "_" else text for text in args[:5]]
    for address in filter(None, addresses):
        parts = address.split(".")
        if len(parts) != 4 or any(not _is_byte(part) for part in parts):
            raise _Refused(f"address out of range: {address[:20]}")
    dhcp = _number(args[5], 0, 1, "DHCP") == 1
    if not _stubborn(meter):
        mac = meter.network.address.mac
        ip, gateway, dns1, dns2, netmask = addresses
        meter.network.address = NetworkAddress(ip, gateway, dns1, dns2, netmask, dhcp, mac)
    meter.answer(f"#i,s,6,{_address_text(meter)};")


def _is_byte(part: str) -> bool:
    return part.isdigit() and len(part) <= 3 and int(part) <= 255


def _target_text(meter: MeterHardware) -> str:
    t = meter.network.target
    texts = (t.host, str(t.port), t.file, t.user_agent, str(t.interval))
    return ",".join(text or "_" for text in texts)


def _read_target(meter: MeterHardware, _args: Args) -> None:
    meter.answer(f"#i,e,5,{_target_text(meter)};")


def _write_target(meter: MeterHardware, args: Args) -> None:
    host, port, file, agent, interval = args[:5]
    if max(map(len, (host, file, agent))) > MAX_NETWORK_TEXT:
        raise _Refused("text too long")
    texts = ("" if text == "_" else text for text in (host, file, agent))
    host, file, agent = texts
    target = PostTarget(
        *(host, _number(port, 1, 65_535, "port"), file, agent),
        _number(interval, 1, MAX_INTERVAL, "interval"),
    )
    if not _stubborn(meter):
        meter.network.target = target
        if meter.posting:
            meter.interval = target.interval
    meter.answer(f"#i,x,5,{_target_text(meter)};")


def _reload(meter: MeterHardware, _args: Args) -> None:
    meter.network.reload()
    meter.answer("#i,r,0;")


def _save(meter: MeterHardware, _args: Args) -> None:
    meter.network.save()
    meter.answer("#i,w,0;")


def _reset(meter: MeterHardware, _args: Args) -> None:
    meter.network.reset()
    meter.answer("#i,z,0;")


#: By command and subcommand: the smallest number of arguments, and the handler.
_ACTIONS: Final[dict[tuple[str, str], tuple[int, Callable[[MeterHardware, Args], None]]]] = {
    ("V", "R"): (0, _version),
    ("V", "W"): (0, _restart),
    ("H", "R"): (0, _field_names),
    ("C", "R"): (0, _chosen),
    ("C", "W"): (16, _choose),
    ("N", "R"): (0, _limit),
    ("M", "R"): (0, _display_mode),
    ("M", "W"): (1, _set_display_mode),
    ("D", "R"): (0, _memory),
    ("F", "R"): (0, _calibration),
    ("L", "W"): (3, _log),
    ("L", "R"): (0, _stop),
    ("O", "R"): (0, _handling),
    ("O", "W"): (1, _set_handling),
    ("R", "W"): (0, _clear),
    ("S", "R"): (0, _state),
    ("S", "W"): (2, _write_interval),
    ("U", "R"): (0, _user),
    ("U", "W"): (3, _write_user),
    ("T", "D"): (1, _diagnostics),
    ("T", "T"): (1, _test_flash),
    ("I", "Q"): (0, _read_address),
    ("I", "S"): (6, _write_address),
    ("I", "E"): (0, _read_target),
    ("I", "X"): (5, _write_target),
    ("I", "R"): (0, _reload),
    ("I", "W"): (0, _save),
    ("I", "Z"): (0, _reset),
}
