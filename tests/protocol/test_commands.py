# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command, as the meter's manual has it."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.errors import SettingOutOfRange
from wattui.protocol import Command, FullHandling, NetworkAddress, Packet, PostTarget, commands
from wattui.protocol.commands import erases_memory
from wattui.protocol.framing import decode_all

ALL = (True,) * 18
FIRST_THREE = (True,) * 3 + (False,) * 15
ADDRESS = NetworkAddress("10.0.0.7", "10.0.0.1", "8.8.8.8", "", "255.255.255.0", False)
TARGET = PostTarget("example.org", 80, "/post", "WattsUp.NET", 20)

KEEPS = [
    # what is called, what is sent, what it is answered with
    (commands.read_version(), "#V,R,0;", "v-"),
    (commands.read_field_names(), "#H,R,0;", "h-"),
    (commands.read_fields(), "#C,R,0;", "c-"),
    (commands.read_record_limit(), "#N,R,0;", "n-"),
    (commands.read_full_handling(), "#O,R,0;", "o-"),
    (commands.read_logging_state(), "#S,R,0;", "s-"),
    (commands.read_user_parameters(), "#U,R,0;", "u-"),
    (commands.read_calibration(), "#F,R,0;", "f-"),
    (commands.read_memory(), "#D,R,0;", "n-"),
    (commands.start_external_logging(1), "#L,W,3,E,_,1;", "d-"),
    (commands.stop_external_logging(), "#L,R,0;", "l-"),
    (commands.start_tcp_logging(20), "#L,W,3,T,_,20;", "i-"),
    (commands.write_user_parameters(80, 5, False), "#U,W,3,80,5,0;", None),
    (commands.write_user_parameters(65_500, 5_000, True), "#U,W,3,65500,5000,1;", None),
    (commands.restart(), "#V,W,0;", None),
    (commands.write_diagnostic_text(2), "#T,D,1,2;", None),
    (commands.test_flash(), "#T,T,1,1;", None),
    (commands.read_network_address(), "#I,Q,0;", "iq"),
    (
        commands.write_network_address(ADDRESS),
        "#I,S,6,10.0.0.7,10.0.0.1,8.8.8.8,_,255.255.255.0,0;",
        "is",
    ),
    (commands.read_post_target(), "#I,E,0;", "ie"),
    (
        commands.write_post_target(TARGET),
        "#I,X,5,example.org,80,/post,WattsUp.NET,20;",
        "ix",
    ),
    (commands.reload_network(), "#I,R,0;", "ir"),
    (commands.save_network(), "#I,W,0;", "iw"),
    (commands.reset_network(), "#I,Z,0;", "iz"),
]

ERASES = [
    (commands.write_fields(ALL), "#C,W,18,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1;", "n-"),
    (commands.write_fields(FIRST_THREE), "#C,W,18,1,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0;", "n-"),
    (commands.start_internal_logging(10), "#L,W,3,I,_,10;", "s-"),
    (commands.write_full_handling(FullHandling.STOP), "#O,W,1,0;", None),
    (commands.write_full_handling(FullHandling.OVERWRITE), "#O,W,1,1;", None),
    (commands.write_full_handling(FullHandling.CONDENSE), "#O,W,1,2;", None),
    (commands.clear_memory(), "#R,W,0;", None),
    (commands.write_interval(7), "#S,W,2,_,7;", None),
]


@pytest.mark.parametrize(("command", "sent", "reply"), KEEPS + ERASES, ids=lambda x: str(x))
def test_what_is_sent(command: Command, sent: str, reply: str | None) -> None:
    assert command.encode() == sent.encode()
    assert str(command) == sent
    assert decode_all(command.encode()) == [command.packet]
    assert command.reply == (None if reply is None else tuple(reply))


@pytest.mark.parametrize("command", [row[0] for row in ERASES], ids=str)
def test_erases_the_memory(command: Command) -> None:
    assert command.erases


@pytest.mark.parametrize("command", [row[0] for row in KEEPS], ids=str)
def test_keeps_the_memory(command: Command) -> None:
    assert not command.erases


def test_every_function_that_makes_a_command_is_in_the_tables() -> None:
    made = {
        name
        for name, function in vars(commands).items()
        if inspect.isfunction(function)
        and not name.startswith("_")
        and inspect.signature(function).return_annotation == "Command"
    }
    source = inspect.getsource(inspect.getmodule(test_what_is_sent))  # type: ignore[arg-type]
    assert {name for name in made if f"commands.{name}(" not in source} == set()
    assert len(made) == 28  # as many as the protocol has


@pytest.mark.parametrize(
    "sent",
    [
        *("#R,W,0;", "#r,w,0;", "#O,W,1,7;", "#C,W,0;", "#S,W,2,,1;", "#S,W,2,0,1;"),
        *("#L,W,3,I,_,1;", "#l,w,3,i,_,1;", "#L,W,3,,_,1;", "#L,W,3,X,_,1;", "#L,W,0;"),
    ],
)
def test_what_others_may_send_to_erase_is_known_for_it(sent: str) -> None:
    (packet,) = decode_all(sent.encode())
    assert erases_memory(packet)


@pytest.mark.parametrize(
    "sent", ["#L,W,3,E,,1;", "#L,W,3,e,0,1;", "#L,W,3,T,-,1;", "#D,R,0;", "#d,-,1,0;", "#s,-,1,0;"]
)
def test_what_others_may_send_to_log_is_known_to_keep(sent: str) -> None:
    (packet,) = decode_all(sent.encode())
    assert not erases_memory(packet)


@given(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), st.sampled_from("RDTQSEXZ-"))
def test_only_writes_erase(command: str, subcommand: str) -> None:
    assert not erases_memory(Packet(command, subcommand, ("I", "_", "1")))


REFUSED: list[tuple[Callable[[], Command], str]] = [
    (lambda: commands.start_external_logging(0), "from 1 to 65535 s"),
    (lambda: commands.start_internal_logging(65_536), "from 1 to 65535 s"),
    (lambda: commands.start_tcp_logging(-1), "from 1 to 65535 s"),
    (lambda: commands.write_interval(0), "from 1 to 65535 s"),
    (lambda: commands.write_user_parameters(65_501, 0, False), "from 0 to 65500 mils per kWh"),
    (lambda: commands.write_user_parameters(-1, 0, False), "from 0 to 65500 mils per kWh"),
    (lambda: commands.write_user_parameters(0, 5_001, False), "from 0 to 5000 W"),
    (lambda: commands.write_diagnostic_text(3), "from 0 to 2"),
    (lambda: commands.write_fields((True,) * 17), "at least one of the 18 fields"),
    (lambda: commands.write_fields((False,) * 18), "at least one of the 18 fields"),
    (lambda: commands.write_post_target(post(port=0)), "from 1 to 65535"),
    (lambda: commands.write_post_target(post(port=65_536)), "from 1 to 65535"),
    (lambda: commands.write_post_target(post(interval=0)), "from 1 to 65535 s"),
    (lambda: commands.write_post_target(post(host="x" * 41)), "at most 40 ASCII characters"),
    (lambda: commands.write_post_target(post(file="/a,b")), "Leave out commas"),
    (lambda: commands.write_post_target(post(file="/a;#R")), "Leave out commas"),
    (lambda: commands.write_post_target(post(user_agent="a\r\n")), "ASCII characters"),
    (lambda: commands.write_post_target(post(host="bücher.example")), "ASCII characters"),
]


def post(
    host: str = "h", port: int = 80, file: str = "/", user_agent: str = "a", interval: int = 1
) -> PostTarget:
    return PostTarget(host, port, file, user_agent, interval)


@pytest.mark.parametrize(("make", "hint"), REFUSED)
def test_a_value_out_of_range_is_refused_and_the_range_named(
    make: Callable[[], Command], hint: str
) -> None:
    with pytest.raises(SettingOutOfRange) as refusal:
        make()
    assert hint in refusal.value.hint
    assert refusal.value.exit_status == 2


@pytest.mark.parametrize("interval", [1, 10, 65_535])
def test_intervals_up_to_the_ends_of_the_range_are_taken(interval: int) -> None:
    assert commands.write_interval(interval).packet.args == ("_", str(interval))


@given(st.text(max_size=60))
def test_no_text_can_smuggle_in_a_second_packet(text: str) -> None:
    try:
        command = commands.write_post_target(post(file=text))
    except SettingOutOfRange:
        return
    assert decode_all(command.encode()) == [command.packet]
    assert len(command.packet.args) == 5
