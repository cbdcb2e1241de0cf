# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings: read, written, read back, and never a record erased without consent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_meter import DEADLINE, QUICK, Connect, Notebook, connect_fixture  # noqa: F401 - a fixture
from spy_port import Spy, spy_fixture  # noqa: F401 - a fixture

from wattui.errors import SettingNotTaken, SettingOutOfRange, WouldEraseMemory
from wattui.measurement.events import EventKind
from wattui.measurement.fields import FIELDS
from wattui.meter_memory.readout import read_memory
from wattui.meter_memory.settings import (
    Changes,
    apply,
    check,
    clear_memory,
    read_calibration,
    read_settings,
)
from wattui.meter_memory.state import read_memory_state
from wattui.protocol import (
    FullHandling,
    LoggingMode,
    NetworkAddress,
    PostTarget,
    UserParameters,
    commands,
)

WVA = tuple(field.name in ("power", "voltage", "current") for field in FIELDS)
BASE = "speed=20&logging=internal&memory=100"


# -- reading -----------------------------------------------------------------------------


def test_all_settings_of_a_pro(connect: Connect) -> None:
    settings = read_settings(connect(f"sim://pro?{BASE}"))
    assert settings.version is not None
    assert settings.logging is not None
    assert settings.logging.mode is LoggingMode.INTERNAL
    assert settings.full_handling is FullHandling.STOP
    assert settings.fields == (True,) * 18
    assert settings.record_limit is not None
    assert settings.user == UserParameters(80, 0, False)
    assert settings.network is None
    assert "power_factor" in settings.field_names


def test_network_settings_of_a_net(connect: Connect) -> None:
    settings = read_settings(connect(f"sim://net?{BASE}"))
    assert isinstance(settings.network, NetworkAddress)
    assert isinstance(settings.post, PostTarget)


def test_settings_are_read_while_recording_goes_on(connect: Connect) -> None:
    client = connect("sim://pro?speed=50", live=True)
    assert read_settings(client).user == UserParameters(80, 0, False)


def test_calibration(connect: Connect) -> None:
    calibration = read_calibration(connect(f"sim://pro?{BASE}"))
    assert calibration is not None
    assert len(calibration.factors) == 48


def test_state_of_the_memory(connect: Connect) -> None:
    state = read_memory_state(connect("sim://pro?logging=internal&memory=100"))
    assert 100 <= state.used <= 110
    assert state.limit is not None
    assert state.limit > state.used
    assert state.mode is LoggingMode.INTERNAL
    assert state.span == state.used
    assert state.seconds_left == state.limit - state.used
    assert not state.full


def test_meter_that_is_recorded_live_logs_externally(connect: Connect) -> None:
    client = connect("sim://pro?speed=20&memory=100", live=True)
    assert read_memory_state(client).mode is LoggingMode.EXTERNAL


def test_full_memory_is_full(connect: Connect) -> None:
    state = read_memory_state(connect("sim://pro?speed=20&logging=internal&memory=full"))
    assert state.full


# -- writing -----------------------------------------------------------------------------


def test_user_parameters_are_written_and_keep_the_memory(connect: Connect, spy: Spy) -> None:
    client = connect(f"sim://pro?{BASE}")
    after = apply(client, Changes(rate_mils=120, euro=True))
    assert after.user == UserParameters(120, 0, True)
    assert len(read_memory(client).records) >= 100
    assert not spy.erasing


@pytest.mark.parametrize(
    ("changes", "attribute", "wanted"),
    [
        (Changes(fields=WVA), "fields", WVA),
        (Changes(full_handling=FullHandling.OVERWRITE), "full_handling", FullHandling.OVERWRITE),
    ],
)
def test_erasing_setting_is_written_with_consent_only(
    connect: Connect, spy: Spy, changes: Changes, attribute: str, wanted: object
) -> None:
    client = connect(f"sim://pro?{BASE}")
    with pytest.raises(WouldEraseMemory):
        apply(client, changes)
    assert not spy.erasing
    assert getattr(apply(client, changes, erase=True), attribute) == wanted
    assert len(spy.erasing) == 1


def test_interval_is_written(connect: Connect) -> None:
    after = apply(connect(f"sim://pro?{BASE}"), Changes(interval=10), erase=True)
    assert after.logging is not None
    assert after.logging.interval == 10


def test_an_unchanged_setting_is_not_written_again(connect: Connect, spy: Spy) -> None:
    client = connect(f"sim://pro?{BASE}")
    apply(client, Changes(interval=1, full_handling=FullHandling.STOP, fields=(True,) * 18))
    assert not spy.erasing


def test_fewer_fields_make_room_for_more_records(connect: Connect) -> None:
    client = connect(f"sim://pro?{BASE}")
    before = read_settings(client).record_limit
    after = apply(client, Changes(fields=WVA), erase=True).record_limit
    assert before is not None
    assert after is not None
    assert after > before


@pytest.mark.parametrize("live", [True, False])
def test_internal_logging_is_started_and_not_disturbed_by_recording(
    connect: Connect, live: bool
) -> None:
    client = connect("sim://pro?speed=20&logging=stopped&memory=100", live=live)
    changes = Changes(interval=5, fields=WVA, full_handling=FullHandling.OVERWRITE)
    after = apply(client, replace(changes, start_internal=True), erase=True)
    assert after.logging is not None
    assert (after.logging.mode, after.logging.interval) == (LoggingMode.INTERNAL, 5)
    assert read_memory_state(client).mode is LoggingMode.INTERNAL


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        (Changes(rate_mils=120), "120"),
        (
            Changes(full_handling=FullHandling.CONDENSE),
            "condense was written, but the meter reports stop",
        ),
        (Changes(fields=WVA), "W,V,A was written"),
        (Changes(interval=10), "10 was written, but the meter reports 1"),
    ],
)
def test_a_setting_that_is_not_accepted_shows_both_values(
    connect: Connect, changes: Changes, shown: str
) -> None:
    client = connect(f"sim://pro?{BASE}&faults=stubborn")
    with pytest.raises(SettingNotTaken) as caught:
        apply(client, changes, erase=True)
    assert shown in caught.value.what


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        (Changes(interval=0), "from 1 to 65535 s"),
        (Changes(rate_mils=70_000), "from 0 to 65500"),
        (Changes(threshold=-1), "from 0 to 5000 W"),
        (Changes(fields=(False,) * 18), "at least one"),
    ],
)
def test_value_out_of_range_is_refused_before_sending(changes: Changes, named: str) -> None:
    with pytest.raises(SettingOutOfRange) as caught:
        check(changes)
    assert named in caught.value.hint


def test_posting_is_written(connect: Connect) -> None:
    client = connect(f"sim://net?{BASE}")
    target = PostTarget("example.org", 8080, "/watts", "wattui", 30)
    assert apply(client, Changes(post=target)).post == target


def test_address_is_written(connect: Connect) -> None:
    client = connect(f"sim://net?{BASE}")
    address = NetworkAddress("10.0.0.7", "10.0.0.1", "10.0.0.2", "10.0.0.3", "255.0.0.0", False)
    after = apply(client, Changes(network=address)).network
    assert after is not None
    assert replace(after, mac="") == address


def test_memory_is_cleared_with_consent_only(connect: Connect, spy: Spy) -> None:
    client = connect("sim://pro?logging=internal&memory=100")
    with pytest.raises(WouldEraseMemory):
        clear_memory(client)
    assert not spy.erasing
    clear_memory(client, erase=True)
    assert read_memory_state(client).used < 20


def test_a_memory_that_was_not_cleared_is_an_error(connect: Connect) -> None:
    client = connect("sim://pro?logging=internal&memory=100&faults=stubborn")
    with pytest.raises(SettingNotTaken, match="still holds"):
        clear_memory(client, erase=True)


def test_nothing_that_a_client_does_by_itself_erases_the_memory(connect: Connect, spy: Spy) -> None:
    client = connect("sim://net?speed=50&memory=100", live=True)
    notebook = Notebook()
    client.add_listener(notebook)
    client.set_interval(2)
    client.request(commands.read_version())
    read_settings(client)
    read_calibration(client)
    read_memory_state(client)
    read_memory(client)
    client.request(commands.restart())
    notebook.wait_event(EventKind.POWER_ON)
    before = len(notebook.samples)
    notebook.wait_samples(before + 1)
    client.stop()
    assert len(spy.sent) > 10
    assert not spy.erasing
