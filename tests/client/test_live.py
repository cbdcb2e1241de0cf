# SPDX-License-Identifier: GPL-3.0-or-later
"""A client and a scripted meter: what is sent, what is answered, and the result."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

import pytest
from fake_meter import (
    CONTROL_X,
    DEADLINE,
    OPENING,
    QUESTION,
    QUICK,
    START,
    STOP,
    VERSION,
    ManualClock,
    Notebook,
    ScriptedPort,
    client_on,
    record,
)

from wattui.client import ClientState, MeterClient, WrongTransition
from wattui.client.states import check_transition
from wattui.errors import (
    LinkLost,
    NoAnswer,
    NotAMeter,
    PortBusy,
    SettingOutOfRange,
    UnexpectedReply,
    WouldEraseMemory,
)
from wattui.measurement.events import EventKind, MeterInfo
from wattui.measurement.sample import Sample
from wattui.protocol import LoggingMode, LoggingState, commands

SECOND = 1_000_000
STATE = b"#S,R,0;"


Stopping = Callable[[MeterClient], None]


@pytest.fixture
def stopping() -> Iterator[Stopping]:
    """Stop clients at the end, even of a test that failed."""
    clients: list[MeterClient] = []
    yield clients.append
    for client in clients:
        client.stop(DEADLINE)


def running(
    stopping: Stopping, *dialogue: tuple[bytes, bytes], **options: object
) -> tuple[MeterClient, Notebook, ScriptedPort]:
    """Return a running client on a port with that script after the usual opening."""
    port = ScriptedPort([*OPENING, (START, b""), *dialogue])
    client, notebook = client_on(port, **options)
    stopping(client)
    client.start()
    client.wait_running(DEADLINE)
    return client, notebook, port


def test_opens_asks_and_starts_external_logging_and_nothing_else(stopping: Stopping) -> None:
    client, notebook, port = running(stopping)
    port.say(record(1000) + record(1010))
    notebook.wait_samples(2)
    port.expect((STOP, b""))
    client.stop()
    port.check()
    assert port.sent == CONTROL_X + QUESTION + START + STOP
    assert notebook.powers() == [100.0, 101.0]
    assert notebook.kinds() == [EventKind.STARTED, EventKind.STOPPED]
    assert client.state is ClientState.CLOSED


def test_info_describes_the_meter(stopping: Stopping) -> None:
    client, notebook, _port = running(stopping, name="fridge")
    assert client.info == MeterInfo(
        "/dev/script PRO 3.14", "/dev/script", "fridge", "PRO", "3.14", "", 1
    )
    assert client.version is not None
    assert client.version.memory == 65_206
    assert notebook.infos[0].model == "PRO"


def test_port_is_closed_by_the_thread_that_reads_it(stopping: Stopping) -> None:
    client, _notebook, port = running(stopping, (STOP, b""))
    client.stop()
    assert port.closed_by is not None
    assert port.closed_by.name == "wattui reader /dev/script"
    assert not port.closed_by.is_alive()


def test_states_are_reported_in_order_with_each_try(stopping: Stopping) -> None:
    port = ScriptedPort([*OPENING, (START, b""), (STOP, b"")])
    client, _notebook = client_on(port)
    reported: list[tuple[ClientState, str]] = []
    client.add_state_listener(lambda one: reported.append((one.state, one.activity)))
    client.start()
    client.wait_running(DEADLINE)
    client.stop()
    assert reported == [
        (ClientState.OPENING, ""),
        (ClientState.OPENING, "opening the port"),
        (ClientState.OPENING, "trying 115200 baud"),
        (ClientState.RUNNING, ""),
        (ClientState.CLOSED, ""),
    ]


def test_wrong_transition_raises() -> None:
    with pytest.raises(WrongTransition, match="running cannot follow closed"):
        check_transition(ClientState.CLOSED, ClientState.RUNNING)


def test_starting_and_stopping_twice_does_no_harm(stopping: Stopping) -> None:
    client, _notebook, port = running(stopping, (STOP, b""))
    client.start()
    client.stop()
    client.stop()
    port.check()


def test_impossible_interval_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(SettingOutOfRange, match="interval"):
        MeterClient("/dev/script", interval=0)


# -- the speed ---------------------------------------------------------------------


def test_likeliest_speed_is_tried_first(stopping: Stopping) -> None:
    asked: list[int] = []

    class OldMeter(ScriptedPort):
        def write(self, data: bytes) -> None:
            if data == QUESTION:
                asked.append(self.baudrate)
            super().write(data)

    deaf = ((CONTROL_X, b""), (QUESTION, b"\xfe\x80\x80"), (QUESTION, b""))
    port = OldMeter([*deaf, *deaf, *OPENING, (START, b"")])
    client, _notebook = client_on(port)
    stopping(client)
    activities: list[str] = []
    client.add_state_listener(lambda one: activities.append(one.activity))
    client.start()
    client.wait_running(DEADLINE)
    assert asked == [115_200, 115_200, 19_200, 19_200, 9_600]
    assert client.baudrate == 9_600
    assert "trying 19200 baud" in activities


def test_no_answer_fails_and_says_what_to_do(stopping: Stopping) -> None:
    port = ScriptedPort([(CONTROL_X, b""), (QUESTION, b"")] * 3)
    client, notebook = client_on(port)
    stopping(client)
    client.start()
    with pytest.raises(NoAnswer, match="Nothing answers at /dev/script"):
        client.wait_running(DEADLINE)
    assert client.state is ClientState.FAILED
    assert not notebook.events
    port.check()


def test_question_is_repeated_after_a_cut_off_answer(stopping: Stopping) -> None:
    port = ScriptedPort(
        [(CONTROL_X, b""), (QUESTION, VERSION[9:]), (QUESTION, VERSION), (START, b"")]
    )
    client, _notebook = client_on(port)
    stopping(client)
    client.start()
    client.wait_running(DEADLINE)
    assert client.baudrate == 115_200
    assert client.version is not None


def test_other_device_is_not_a_meter(stopping: Stopping) -> None:
    port = ScriptedPort([(CONTROL_X, b""), (QUESTION, b"ERROR\r\n"), (QUESTION, b"ERROR\r\n")] * 3)
    client, _notebook = client_on(port)
    stopping(client)
    client.start()
    with pytest.raises(NotAMeter):
        client.wait_running(DEADLINE)


def test_port_that_does_not_open_fails(stopping: Stopping) -> None:
    def busy(url: str) -> ScriptedPort:
        raise PortBusy(f"{url} is in use")

    client, _notebook = client_on(ScriptedPort([]), opener=busy)
    stopping(client)
    client.start()
    with pytest.raises(PortBusy):
        client.wait_running(DEADLINE)
    assert isinstance(client.error, PortBusy)


def test_meter_that_streams_but_never_answers_is_recorded_from_its_first_record(
    stopping: Stopping,
) -> None:
    port = ScriptedPort(
        [
            (CONTROL_X, record(1000)),
            *((QUESTION, record(1010)), (QUESTION, record(1020))),
            (START, b""),
        ]
    )
    client, notebook = client_on(port)
    stopping(client)
    client.start()
    client.wait_running(DEADLINE)
    assert client.version is None
    assert notebook.powers() == [100.0, 101.0, 102.0]


def test_rest_of_an_old_readout_does_not_become_live_records(stopping: Stopping) -> None:
    old = b"".join(record(number) for number in range(50))
    port = ScriptedPort([(CONTROL_X, old), (QUESTION, old[7:] + VERSION), (START, record(999))])
    client, notebook = client_on(port)
    stopping(client)
    client.start()
    notebook.wait_samples(1)
    assert notebook.powers() == [99.9]


def test_record_of_a_meter_that_was_already_streaming_is_not_lost(stopping: Stopping) -> None:
    port = ScriptedPort([(CONTROL_X, record(1000)), (QUESTION, VERSION), (START, record(1010))])
    client, notebook = client_on(port)
    stopping(client)
    client.start()
    notebook.wait_samples(2)
    assert notebook.powers() == [100.0, 101.0]


# -- unplugged and back --------------------------------------------------------------


def test_unplugged_in_mid_packet_and_back_after_a_minute(stopping: Stopping) -> None:
    clock = ManualClock()
    first = ScriptedPort([*OPENING, (START, b"")])
    second = ScriptedPort([*OPENING, (START, b"")])
    client, notebook = client_on(first, second, clock=clock)
    stopping(client)
    client.start()
    client.wait_running(DEADLINE)
    first.say(record(1000) + record(5000)[:20])
    notebook.wait_samples(1)
    clock.advance(60)  # while it is away
    first.unplug()
    notebook.wait_event(EventKind.RECONNECTED)
    client.wait_running(DEADLINE)
    second.say(record(1010))
    notebook.wait_samples(2)
    assert notebook.powers() == [100.0, 101.0]
    before, after = notebook.samples
    assert (after.interval_us, after.gap_us) == (SECOND, 59 * SECOND)
    assert after.time_us - before.time_us == 60 * SECOND
    assert notebook.kinds() == [
        EventKind.STARTED,
        EventKind.LOST,
        EventKind.RECONNECTED,
        EventKind.GAP,
    ]
    assert client.counts.cut == 1


def test_state_is_lost_until_the_meter_is_back(stopping: Stopping) -> None:
    first, second = ScriptedPort([*OPENING, (START, b"")]), ScriptedPort([*OPENING, (START, b"")])
    client, notebook = client_on(first, second)
    stopping(client)
    states: list[ClientState] = []
    client.add_state_listener(
        lambda one: states.append(one.state) if one.state not in states[-1:] else None
    )
    client.start()
    client.wait_running(DEADLINE)
    first.unplug()
    notebook.wait_event(EventKind.RECONNECTED)
    client.wait_running(DEADLINE)
    assert states == [
        ClientState.OPENING,
        ClientState.RUNNING,
        ClientState.LOST,
        ClientState.RUNNING,
    ]
    assert client.error is None


class GoneAgain(ScriptedPort):
    """A port that is gone when records are asked for."""

    def write(self, data: bytes) -> None:
        if data == START:
            raise LinkLost(f"The connection to {self.url} was lost")
        super().write(data)


def test_a_meter_that_is_gone_again_at_once_was_not_connected_again(stopping: Stopping) -> None:
    """It counted as connected again, and the next loss was not in the session."""
    first, last = ScriptedPort([*OPENING, (START, b"")]), ScriptedPort([*OPENING, (START, b"")])
    client, notebook = client_on(first, GoneAgain(OPENING), last)
    stopping(client)
    client.start()
    client.wait_running(DEADLINE)
    first.unplug()
    notebook.wait_event(EventKind.RECONNECTED)
    client.wait_running(DEADLINE)
    assert notebook.kinds() == [EventKind.STARTED, EventKind.LOST, EventKind.RECONNECTED]


def test_meter_is_found_at_another_port_by_its_serial_number(stopping: Stopping) -> None:
    first = ScriptedPort([*OPENING, (START, b"")], url="/dev/ttyUSB0")
    second = ScriptedPort([*OPENING, (START, b"")], url="/dev/ttyUSB1")
    for port in (first, second):
        port.serial_number = "A1"
    where = {"A1": "/dev/ttyUSB1"}
    client, notebook = client_on(first, second, finder=where.get)
    stopping(client)
    client.start()
    client.wait_running(DEADLINE)
    first.unplug()
    notebook.wait_event(EventKind.RECONNECTED)
    client.wait_running(DEADLINE)
    assert client.info.key == "A1"
    assert client.info.port == "/dev/ttyUSB1"


def test_another_adapter_at_the_old_port_is_not_mistaken_for_the_meter(
    stopping: Stopping,
) -> None:
    port = ScriptedPort([*OPENING, (START, b"")])
    port.serial_number = "A1"
    asked = threading.Event()

    def nowhere(number: str) -> None:
        asked.set()

    client, _notebook = client_on(port, finder=nowhere)
    stopping(client)
    client.start()
    client.wait_running(DEADLINE)
    port.unplug()
    assert asked.wait(DEADLINE)
    client.stop()
    assert "A1" in str(client.error)


def test_lost_meter_fails_without_reconnect(stopping: Stopping) -> None:
    port = ScriptedPort([*OPENING, (START, b"")])
    client, notebook = client_on(port, reconnect=False)
    stopping(client)
    client.start()
    client.wait_running(DEADLINE)
    port.unplug()
    notebook.wait_event(EventKind.STOPPED)
    client.stop(DEADLINE)
    assert notebook.kinds() == [EventKind.STARTED, EventKind.LOST, EventKind.STOPPED]


# -- silence, and the meter starting again ---------------------------------------------


def test_silent_meter_is_asked_and_logging_started_again(stopping: Stopping) -> None:
    clock = ManualClock()
    client, notebook, port = running(
        stopping, (QUESTION, VERSION), (START, record(1000)), clock=clock
    )
    clock.advance(3.5)  # three intervals of the meter's clock
    notebook.wait_samples(1)
    port.check()
    assert client.state is ClientState.RUNNING


def test_half_open_connection_is_lost_after_a_question_without_answer(
    stopping: Stopping,
) -> None:
    clock = ManualClock()
    second = ScriptedPort([*OPENING, (START, b"")])
    first = ScriptedPort([*OPENING, (START, b""), (QUESTION, b"")])
    client, notebook = client_on(first, second, clock=clock)
    stopping(client)
    client.start()
    client.wait_running(DEADLINE)
    clock.advance(3.5)
    notebook.wait_event(EventKind.RECONNECTED)
    first.check()
    assert "gone silent" in notebook.events[1].text


@pytest.mark.parametrize(
    "banner",
    [
        b"WattsUp.NET $ Version: 3.23 $ 200712212301 60Hz 120V\r\n",
        b"EED05F01 $Revision: 4.41 $ 200612212301 60Hz 120V\r\n",
    ],
)
def test_logging_starts_again_after_a_power_failure_even_if_the_meter_is_deaf_at_first(
    stopping: Stopping, banner: bytes
) -> None:
    _client, notebook, port = running(
        stopping, (QUESTION, b""), (QUESTION, VERSION), (START, record(1000))
    )
    port.say(banner[:9])  # it may come in pieces
    port.say(banner[9:])
    notebook.wait_samples(1)
    port.check()
    assert notebook.kinds()[:2] == [EventKind.STARTED, EventKind.POWER_ON]


def test_diagnostic_text_is_not_a_power_on(stopping: Stopping) -> None:
    _client, notebook, port = running(stopping)
    port.say(b"No change; interval already ==2\r\n" + record())
    notebook.wait_samples(1)
    assert notebook.kinds() == [EventKind.STARTED]


# -- asking --------------------------------------------------------------------------


def test_answer_is_found_among_records(stopping: Stopping) -> None:
    client, notebook, _port = running(
        stopping, (STATE, record(1) + b"#s,-,3,_,1,2;" + record(2)), (STOP, b"")
    )
    reply = client.request(commands.read_logging_state())
    assert reply == LoggingState(1, LoggingMode.EXTERNAL)
    client.stop()
    assert notebook.powers() == [0.1, 0.2]


def test_version_as_answer_means_that_a_command_is_unknown(
    stopping: Stopping,
) -> None:
    client, _notebook, _port = running(stopping, (STATE, VERSION))
    with pytest.raises(UnexpectedReply, match="does not know #S,R,0;"):
        client.request(commands.read_logging_state())


def test_answer_that_makes_no_sense_is_unexpected(stopping: Stopping) -> None:
    client, _notebook, _port = running(stopping, (STATE, b"#s,-,3,_,1,9;"))
    with pytest.raises(UnexpectedReply, match="makes no sense"):
        client.request(commands.read_logging_state())


def test_no_answer_within_the_limit(stopping: Stopping) -> None:
    client, _notebook, _port = running(stopping, (STATE, b""))
    with pytest.raises(NoAnswer, match=r"within 0\.05 s"):
        client.request(commands.read_logging_state(), timeout=0.05)


def test_command_without_an_answer_in_the_protocol_waits_for_none(stopping: Stopping) -> None:
    client, _notebook, port = running(stopping, (b"#U,W,3,80,0,0;", b""))
    assert client.request(commands.write_user_parameters(80, 0, False)) is None
    port.check()


def test_request_to_an_unplugged_meter_raises_link_lost(stopping: Stopping) -> None:
    client, notebook, port = running(stopping, (STATE, b""))
    failed: list[Exception] = []

    def ask() -> None:
        try:
            client.request(commands.read_logging_state(), timeout=DEADLINE)
        except LinkLost as error:
            failed.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    port.played()
    port.unplug()
    asking.join(DEADLINE)
    assert len(failed) == 1
    notebook.wait_event(EventKind.LOST)


def test_request_before_connecting_is_refused() -> None:
    client = MeterClient("/dev/script")
    with pytest.raises(LinkLost, match="not connected"):
        client.request(commands.read_version())


ERASING = [
    commands.clear_memory(),
    commands.write_interval(5),
    commands.start_internal_logging(5),
    commands.write_fields([True] * 18),
]


@pytest.mark.parametrize("command", ERASING, ids=str)
def test_erasing_command_is_not_sent_without_consent(
    stopping: Stopping, command: commands.Command
) -> None:
    client, _notebook, port = running(stopping)
    sent = port.sent
    with pytest.raises(WouldEraseMemory):
        client.request(command)
    with client.conversation() as talk, pytest.raises(WouldEraseMemory):
        talk.send(command)
    assert port.sent == sent


def test_erasing_command_is_sent_with_consent(stopping: Stopping) -> None:
    client, _notebook, port = running(stopping, (b"#R,W,0;", b""))
    assert client.request(commands.clear_memory(), consent=True) is None
    port.check()


# -- interval ------------------------------------------------------------------------


def test_new_interval_starts_external_logging_again(stopping: Stopping) -> None:
    client, notebook, port = running(stopping, (b"#L,W,3,E,_,10;", b""))
    client.set_interval(10)
    port.played()
    port.say(record())
    notebook.wait_samples(1)
    assert client.info.interval == 10


# -- conversations -------------------------------------------------------------------


def test_conversation_pauses_recording_and_gets_all_replies(stopping: Stopping) -> None:
    clock = ManualClock()
    client, notebook, port = running(
        stopping, (STOP, b""), (STATE, record(1) + b"#s,-,3,_,1,2;"), (START, b""), clock=clock
    )
    port.say(record(1000))
    notebook.wait_samples(1)
    with client.conversation(pause="a test") as talk:
        assert talk.ask(commands.read_logging_state()) == LoggingState(1, LoggingMode.EXTERNAL)
        assert client.paused == "a test"
        clock.advance(30)
    assert client.paused == ""
    port.say(record(1010))
    notebook.wait_samples(2)
    assert notebook.powers() == [100.0, 101.0]
    assert notebook.samples[1].gap_us == 29 * SECOND
    assert notebook.kinds() == [
        EventKind.STARTED,
        EventKind.PAUSED,
        EventKind.RESUMED,
        EventKind.GAP,
    ]
    assert notebook.events[1].text == "Live recording paused: a test"


def test_a_pause_and_its_end_are_reported_to_state_listeners(stopping: Stopping) -> None:
    client, _notebook, port = running(stopping, (STOP, b""), (START, b""))
    seen: queue.SimpleQueue[str] = queue.SimpleQueue()
    client.add_state_listener(lambda one: seen.put(one.paused))
    with client.conversation(pause="a test"):
        assert seen.get(timeout=DEADLINE) == "a test"
    assert seen.get(timeout=DEADLINE) == ""
    port.played()


def test_a_meter_that_restarts_pauses_until_its_next_record(stopping: Stopping) -> None:
    client, notebook, port = running(stopping, (QUESTION, b""))
    seen: queue.SimpleQueue[str] = queue.SimpleQueue()
    client.add_state_listener(lambda one: seen.put(one.paused))
    port.say(b"WattsUp.NET $ Version: 3.23 $ 200712212301 60Hz 120V\r\n")
    assert seen.get(timeout=DEADLINE) == "the meter is restarting"
    port.say(record(1000))
    notebook.wait_samples(1)
    assert seen.get(timeout=DEADLINE) == ""


def test_conversation_outlives_a_lost_link(stopping: Stopping) -> None:
    first = ScriptedPort([*OPENING, (START, b""), (STOP, b""), (STATE, b"#s,-")])
    second = ScriptedPort([*OPENING, (STATE, b"#s,-,3,_,1,1;"), (START, b"")])
    client, notebook = client_on(first, second)
    stopping(client)
    client.start()
    client.wait_running(DEADLINE)
    with client.conversation(pause="a test") as talk:
        talk.send(commands.read_logging_state())
        first.unplug()
        with pytest.raises(LinkLost):
            for _reply in talk.replies(DEADLINE):
                pass
        notebook.wait_event(EventKind.RECONNECTED)
        client.wait_running(DEADLINE)
        assert talk.ask(commands.read_logging_state()) == LoggingState(1, LoggingMode.INTERNAL)
    second.played()
    second.check()


def test_two_conversations_at_once_are_refused(stopping: Stopping) -> None:
    client, _notebook, _port = running(stopping)
    with client.conversation():
        with pytest.raises(NoAnswer, match="busy"):
            client.request(commands.read_version(), timeout=0.01)
        with (
            pytest.raises(NoAnswer, match="busy"),
            client.conversation(timeout=0.01),
        ):
            pass


def test_client_without_live_recording_starts_no_logging(stopping: Stopping) -> None:
    port = ScriptedPort([*OPENING, (STATE, b"#s,-,3,_,1,1;")])
    client, notebook = client_on(port, live=False)
    stopping(client)
    client.start()
    client.wait_running(DEADLINE)
    client.request(commands.read_logging_state())
    client.stop()
    port.check()
    assert not notebook.events


# -- listeners -----------------------------------------------------------------------


def test_listener_that_raises_does_not_end_the_recording(
    stopping: Stopping, caplog: pytest.LogCaptureFixture
) -> None:
    client, notebook, port = running(stopping)

    class Broken(Notebook):
        def on_samples(self, meter: MeterInfo, samples: object) -> None:
            raise RuntimeError("this listener is broken")

    client.remove_listener(notebook)
    client.add_listener(Broken())
    client.add_listener(notebook)
    port.say(record())
    port.say(record())
    notebook.wait_samples(2)
    assert "this listener is broken" in caplog.text


def test_stopping_from_a_listener_does_not_wait_for_itself(stopping: Stopping) -> None:
    client, notebook, port = running(stopping, (STOP, b""))

    class Stopper(Notebook):
        def on_samples(self, meter: MeterInfo, samples: list[Sample]) -> None:  # type: ignore[override]
            client.stop()

    client.add_listener(Stopper())
    port.say(record())
    notebook.wait_event(EventKind.STOPPED)
    client.stop()
    assert client.state is ClientState.CLOSED


@pytest.mark.parametrize(
    "garbled",
    [
        b"#d,-,18,10x0,1200,833;\r\n",
        b"#d,-,18,1000,1200;\r\n",
        b"#d,-,18,1000,12",
        b"xd" + record()[2:],
        record(4_000_000_000),
        b"#d,-,18" + b",_" * 18 + b";\r\n",
    ],
    ids=["letter", "short", "cut", "no beginning", "impossible power", "empty"],
)
def test_garbled_record_becomes_a_gap(stopping: Stopping, garbled: bytes) -> None:
    clock = ManualClock()
    port = ScriptedPort([*OPENING, (START, b""), (STOP, b"")], clock=clock)
    client, notebook = client_on(port)
    stopping(client)
    client.start()
    client.wait_running(DEADLINE)
    for line in (record(), garbled, record(2000), record(3000)):
        clock.advance(1.0)
        port.say(line)
    notebook.wait_samples(3)
    client.stop()
    assert notebook.powers() == [100.0, 200.0, 300.0]
    assert [sample.interval_us for sample in notebook.samples] == [SECOND] * 3
    assert [sample.gap_us for sample in notebook.samples] == [0, SECOND, 0]
    gaps = [event for event in notebook.events if event.kind is EventKind.GAP]
    assert [event.duration_us for event in gaps] == [SECOND]
    reported = [event for event in notebook.events if event.kind is EventKind.DROPPED]
    # Without its "#" it is not seen to have been a record.
    assert len(reported) == (not garbled.startswith(b"x"))


def test_records_of_nineteen_values_are_recorded_with_one_warning(stopping: Stopping) -> None:
    _client, notebook, port = running(stopping)
    for _time in range(3):
        port.say(record().replace(b"-,18,", b"-,19,").replace(b";", b",7;"))
    notebook.wait_samples(3)
    assert len(notebook.samples[0].values) == 18
    assert notebook.kinds().count(EventKind.NOTE) == 1


def test_dropped_packets_are_counted_and_logged_at_most_once_a_minute(
    stopping: Stopping, caplog: pytest.LogCaptureFixture
) -> None:
    client, notebook, port = running(stopping)
    for _time in range(5):
        port.say(b"#d,-,18,1,2;" + record())
    notebook.wait_samples(5)
    assert client.counts.wrong_count == 5
    assert caplog.text.count("dropped") <= 1
    assert QUICK.report == 60
