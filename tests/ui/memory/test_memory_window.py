# SPDX-License-Identifier: GPL-3.0-or-later
"""A meter's memory in the window: overview, settings, consent, logging in the field."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from opened_window import OpenedWindow, threads_left
from PyQt5 import QtCore, QtTest, QtWidgets
from quick_line import hasten
from traitsui.testing.api import MouseClick, UITester

from wattui.meter_memory.settings import Settings
from wattui.meter_memory.state import MemoryState
from wattui.model.memory import Consent
from wattui.ports.port import Port
from wattui.protocol import (
    FullHandling,
    LoggingMode,
    LoggingState,
    NetworkAddress,
    Packet,
    PostTarget,
    UserParameters,
    Version,
)
from wattui.protocol.commands import erases_memory
from wattui.session import Session
from wattui.simulator.devices import forget_devices, release_device, take_device
from wattui.ui.memory import consent as consent_module
from wattui.ui.memory.memory_link import COST
from wattui.ui.memory.settings_draft import Draft, number

HALF = "sim://pro?id=a&memory=900&speed=10&logging=stopped"
ALL = (True,) * 18
STOPPED, INTERNAL = LoggingMode.STOPPED, LoggingMode.INTERNAL
STOP, OVERWRITE, CONDENSE = FullHandling

PRO = Settings(
    version=Version(1, 65_206, (5, 2), (3, 14), "200612211910", "0"),
    logging=LoggingState(1, STOPPED),
    full_handling=STOP,
    fields=ALL,
    record_limit=1917,
    user=UserParameters(80, 0, False),
)
NET = replace(
    PRO,
    version=Version(3, 524_288, (6, 3), (3, 23), "200712212301", "0"),
    network=NetworkAddress(
        "10.0.0.5", "10.0.0.1", "0.0.0.0", "0.0.0.0", "255.0.0.0", True, "0090C2D3E4F5"
    ),
    post=PostTarget("www.example.com", 80, "_", "WattsUp.NET", 60),
)


def memory_state(used=900, handling=STOP, mode=STOPPED, interval=1):
    """Return the state that a PRO would report."""
    return MemoryState(used, 1917, interval, handling, mode, ALL)


TESTER = UITester(auto_process_events=False)


@pytest.fixture
def window(monkeypatch):
    hasten(monkeypatch)
    forget_devices()
    opened = OpenedWindow()
    yield opened
    opened.close()
    assert threads_left() == []


@pytest.fixture
def spy(monkeypatch):
    """Note the packets that erase and were sent to any port."""
    sent = []
    write = Port.write

    def watched(port, data):
        for command, subcommand, args in re.findall(r"#(.),(.),\d+,?([^;]*);", data.decode()):
            packet = Packet(command, subcommand, tuple(args.split(",") if args else ()))
            if erases_memory(packet):
                sent.append(str(packet))
        write(port, data)

    monkeypatch.setattr(Port, "write", watched)
    return sent


class Panel:
    """*Memory and settings*, open and filled."""

    def __init__(self, window, url=HALF, state=None, network=False):
        """Open it for a meter, or with a given *state* and no meter."""
        self.window = window
        self.memory = window.context.memory.memory
        window.model.port = url
        if state is not None:
            settings = NET if network else PRO
            self.memory.trait_set(source=url, settings=settings, state=state, read_at=1e9)
        window.handler.do(window.info, "memory")
        self.ui = window.context.memory.panel_ui
        self.model = self.ui.context["object"]
        self.draft = self.model.draft
        self.idle()

    def idle(self):
        self.window.wait_for(lambda: not self.memory.work, "the end of the work")

    def control(self, name):
        control = getattr(self.ui.info, name).control
        return getattr(control, "field", control)

    def click(self, name):
        button = self.control(name)
        assert button.isVisible()
        assert button.isEnabled(), f"{name} is greyed out"
        self.window.click(button)

    def question(self):
        """Return the open question, once it is there."""
        found = []

        def there():
            found[:] = [
                one
                for one in QtWidgets.QApplication.topLevelWidgets()
                if isinstance(one, consent_module.Question) and one.isVisible()
            ]
            return bool(found)

        self.window.wait_for(there, "the question")
        return found[0]

    def answer(self, name):
        self.window.click(self.question().buttons[name])
        self.window.handle_events()

    def notices(self):
        return [(notice.kind, notice.text) for notice in self.model.notices]


# -- the overview --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "headline", "badge", "share"),
    [
        (memory_state(0), "Empty, room for 1,917 records", "Stopped", 0.0),
        (memory_state(900), "900 of 1,917 records", "Stopped", 0.47),
        (memory_state(1917), "1,917 of 1,917 records", "Full, stopped", 1.0),
        (
            memory_state(1677, CONDENSE, INTERNAL, 2),
            "1,677 of 1,917 records",
            "Logging into the memory",
            0.875,
        ),
        (
            memory_state(1917, OVERWRITE, INTERNAL),
            "1,917 of 1,917 records",
            "Logging, overwriting the oldest",
            1.0,
        ),
    ],
    ids=["empty", "half full", "full", "condensing", "overwriting"],
)
def test_the_overview_shows_the_state_of_the_memory(window, state, headline, badge, share):
    card = Panel(window, state=state).control("overview")
    assert card.headline.text() == headline
    assert card.badge.text() == badge
    assert card.bar.share == pytest.approx(share, abs=0.01)
    assert card.bar.halves == (state.full_handling is CONDENSE)
    assert card.sentence.text()
    assert set(card.facts) == {"Stored", "Interval", "Until full", "Fields"}


def test_panel_asks_the_meter_when_it_is_opened(window):
    panel = Panel(window)
    assert panel.control("overview").headline.text() == "900 of 1,917 records"
    assert panel.control("overview").meter.full_text.startswith("PRO, firmware 3.14")


@pytest.mark.parametrize("name", ["memory", "prepare"])
def test_a_look_at_a_meter_pauses_its_recording(window, name):
    """Opening the dialog asked the meter, and samples were missing."""
    window.connect(f"{HALF}&interval=1")
    asked = []
    windows = window.context.memory
    windows.memory.observe(lambda event: asked.append(event.new), "work")
    window.handler.do(window.info, name)
    window.handle_events()
    ui = windows.panel_ui if name == "memory" else windows.preparation_ui
    meter = window.bench.meter
    count = meter.sample_count
    window.wait_for(lambda: meter.sample_count > count + 2, "more samples")
    assert asked == []
    assert meter.gap_count == 0
    labels = [one.text() for one in ui.control.findChildren(QtWidgets.QLabel) if one.isVisible()]
    assert COST in labels
    button = ui.info.refresh_button if name == "memory" else ui.info.ask_button
    assert button.control.text() == "Ask the meter"
    window.click(button.control)
    window.wait_for(lambda: windows.memory.settings is not None, "the answer")
    window.handle_events()
    labels = [one.text() for one in ui.control.findChildren(QtWidgets.QLabel) if one.isVisible()]
    assert COST not in labels


def test_panel_is_not_modal_and_opens_once(window):
    panel = Panel(window, state=memory_state())
    assert not panel.ui.control.isModal()
    window.handler.do(window.info, "memory")
    assert window.context.memory.panel_ui is panel.ui
    QtTest.QTest.keyClick(panel.ui.control, QtCore.Qt.Key_Escape)
    window.handle_events()
    assert window.context.memory.panel_ui is None
    assert window.window.isVisible()


def test_everything_can_be_reached_and_is_named(window):
    panel = Panel(window, state=memory_state(), network=True)
    buttons = panel.ui.control.findChildren(QtWidgets.QPushButton)
    assert [b.text() for b in buttons if not (b.accessibleName() or b.text())] == []
    for page in ("logging", "meter", "network"):
        window.click(panel.control("page").buttons[page])
        shown = [w for w in panel.ui.control.findChildren(QtWidgets.QWidget) if w.isVisible()]
        typed = [w for w in shown if isinstance(w, QtWidgets.QLineEdit | QtWidgets.QComboBox)]
        assert typed
        assert [w for w in typed if w.focusPolicy() == QtCore.Qt.NoFocus] == []
        assert [w for w in typed if not w.toolTip() and not w.parentWidget().toolTip()] == []


def test_a_port_that_fails_is_reported_in_the_panel(window):
    panel = Panel(window, "/dev/ttyUSB77")
    assert "ttyUSB77" in panel.notices()[0][1]
    assert QtWidgets.QApplication.activeModalWidget() is None
    (band,) = panel.control("notices").bands
    window.click(band.buttons["dismiss"])
    assert panel.notices() == []


# -- settings ------------------------------------------------------------------------


def test_only_what_differs_is_written(window, spy):
    panel = Panel(window)
    window.click(panel.control("page").buttons["meter"])
    assert not panel.control("write_button").isEnabled()
    panel.control("rate").clear()
    QtTest.QTest.keyClicks(panel.control("rate"), "0.12")
    window.handle_events()
    assert "rate 0.08 → 0.12" in panel.model.change_text
    TESTER.find_by_name(panel.ui, "write_button").perform(MouseClick())
    window.handle_events()
    panel.idle()
    assert panel.memory.settings.user.rate_mils == 120
    assert panel.notices() == [("info", "Written, read back, and the same.")]
    assert not panel.model.changed
    assert spy == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"interval": "0"}, "from 1 to 65,535 s"),
        ({"interval": "soon"}, "from 1 to 65,535 s"),
        ({"rate": "70"}, "from 0 to 65.5"),
        ({"threshold": "5001"}, "from 0 to 5,000 W"),
        ({"fields": []}, "at least one"),
    ],
)
def test_a_value_out_of_range_is_reported_and_not_sent(window, changes, named):
    panel = Panel(window, state=memory_state())
    panel.draft.trait_set(**changes)
    window.handle_events()
    (band,) = panel.control("notices").bands
    assert named in band.notice.hint
    assert band.isVisible()
    assert not panel.control("write_button").isEnabled()
    panel.model.revert()
    assert panel.notices() == []


def test_an_invalid_network_address_is_refused(window):
    panel = Panel(window, state=memory_state(), network=True)
    panel.draft.trait_set(dhcp=False, ip="192.168.1.300")
    assert "not an address" in panel.notices()[0][1]
    panel.draft.ip = "192.168.1.30"
    assert panel.notices() == []
    assert "network addresses" in panel.model.change_text


def test_only_a_net_has_the_network_page(window):
    panel = Panel(window, state=memory_state())
    assert not panel.control("page").buttons["network"].isVisible()
    panel.memory.settings = NET
    assert panel.control("page").buttons["network"].isVisible()


def test_network_settings_are_written_saved_and_reset(window):
    panel = Panel(window, "sim://net?id=n")
    window.click(panel.control("page").buttons["network"])
    panel.draft.trait_set(host="example.org", post_port="8080", dhcp=False, ip="10.0.0.7")
    panel.click("write_button")
    panel.idle()
    settings = panel.memory.settings
    assert (settings.post.host, settings.post.port, settings.network.ip) == (
        "example.org",
        8080,
        "10.0.0.7",
    )
    panel.click("network_save_button")
    panel.idle()
    panel.click("network_reset_button")
    panel.answer("reset")
    panel.idle()
    assert panel.memory.settings.network.ip != "10.0.0.7"


@pytest.mark.parametrize("recorded", [False, True])
def test_a_net_starts_to_post_after_a_question(window, recorded):
    url = "sim://net?id=n"
    if recorded:
        window.connect(url)
    panel = Panel(window, url)
    if recorded:
        panel.click("refresh_button")
        panel.idle()
    window.click(panel.control("page").buttons["network"])
    for answer in ("cancel", "post"):
        panel.click("network_post_button")
        ends = [one.text() for one in panel.question().labels if "USB ends" in one.text()]
        assert bool(ends) is recorded
        panel.answer(answer)
        panel.idle()
    assert panel.memory.said == "The meter posts its records now"
    window.wait_for(lambda: not window.bench.recording, "the end of a recording by USB")
    device = take_device(url)
    try:
        assert device.meter.posting
    finally:
        release_device(device)


def test_a_setting_that_the_meter_ignores_shows_both_values(window):
    panel = Panel(window, f"{HALF}&faults=stubborn")
    panel.draft.rate = "0.12"
    window.context.memory.panel_ui.handler.do(panel.ui.info, "write")
    panel.idle()
    ((kind, text),) = panel.notices()
    assert kind == "error"
    assert "120" in text
    assert "80" in text


def test_chosen_fields_determine_how_long_the_memory_lasts(window):
    panel = Panel(window, state=memory_state())
    assert panel.model.lasts.startswith("1,917 records fit: 31 minutes")
    window.click(panel.control("fields").presets["W, V, A"])
    assert panel.draft.fields == ["power", "voltage", "current"]
    assert panel.model.lasts.startswith("About 1")
    window.click(panel.control("fields").boxes["frequency"])
    assert panel.draft.fields == ["power", "voltage", "current", "frequency"]


def test_condensing_needs_no_interval(window):
    panel = Panel(window, state=memory_state())
    panel.draft.handling = "condense"
    window.handle_events()
    assert not panel.control("interval").isEnabled()
    assert "interval doubles" in panel.model.handling_sentence


def test_empty_texts_of_the_meter_do_not_count_as_changes(window):
    panel = Panel(window, state=memory_state(), network=True)
    assert not panel.model.changed


def test_draft_accepts_a_decimal_comma():
    from wattui.ui.memory.settings_draft import decimal

    assert decimal("0,32", "rate", 65.5) == pytest.approx(0.32)
    assert number(" 12 ", "interval", 1, 20, "s") == 12
    assert Draft().chosen() == (False,) * 18


# -- consent -------------------------------------------------------------------------


def test_consent_shows_what_would_be_lost_and_cancel_is_the_default(window, spy):
    panel = Panel(window)
    panel.draft.interval = "10"
    panel.click("write_button")
    question = panel.question()
    words = " ".join(label.text() for label in question.labels)
    assert "900 records would be lost" in words
    assert "Writing the interval erases" in words
    assert question.buttons["cancel"].isDefault()
    assert set(question.buttons) == {"fetch", "erase", "cancel"}
    QtTest.QTest.keyClick(question, QtCore.Qt.Key_Return)
    window.handle_events()
    panel.idle()
    assert spy == []
    assert panel.memory.settings.logging.interval == 1


def test_escape_and_closing_do_not_give_consent(window, spy):
    panel, asked = Panel(window, state=memory_state()), []
    for close in (
        lambda question: QtTest.QTest.keyClick(question, QtCore.Qt.Key_Escape),
        lambda question: question.close(),
    ):
        consent_module._show(panel.ui.control, panel.memory, "This", asked.append, print)
        close(panel.question())
        window.handle_events()
    assert asked == []
    assert spy == []


def test_erase_clears_the_memory(window, spy):
    panel = Panel(window)
    panel.click("clear_button")
    panel.answer("erase")
    panel.idle()
    assert spy == ["#R,W,0;"]
    assert panel.memory.state.used < 30
    assert ("info", "The memory was cleared.") in panel.notices()


def test_fetch_first_fetches_and_asks_again(window, spy):
    panel = Panel(window)
    panel.click("clear_button")
    panel.answer("fetch")
    window.wait_for(lambda: panel.memory.fetched is not None, "the read-out")
    question = panel.question()
    words = " ".join(label.text() for label in question.labels)
    assert "900 records were fetched" in words
    assert panel.memory.fetched.path.name in words
    assert spy == []
    panel.answer("cancel")
    panel.idle()
    assert spy == []


def test_an_empty_memory_has_nothing_to_fetch_first(window):
    panel = Panel(window, "sim://pro?id=e&memory=0&logging=stopped")
    panel.click("clear_button")
    question = panel.question()
    assert set(question.buttons) == {"erase", "cancel"}
    assert "no record would be lost" in " ".join(label.text() for label in question.labels)
    panel.answer("cancel")


def test_only_the_consent_dialog_creates_a_consent():
    """Reads the source: one place calls ``Consent(``, and it is the dialog."""
    from pathlib import Path

    import wattui

    root = Path(wattui.__file__).parent
    makers = [
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if re.search(r"(?<!class )\bConsent\(", path.read_text(encoding="utf-8"))
    ]
    assert makers == ["ui/memory/consent.py"]
    assert Consent("sim://pro", 3).url == "sim://pro"


# -- logging and the field -----------------------------------------------------------


def test_internal_logging_is_started_with_consent_and_stopped(window, spy):
    panel = Panel(window)
    assert panel.control("start_button").isVisible()
    panel.click("start_button")
    panel.answer("erase")
    panel.idle()
    assert panel.memory.state.mode is LoggingMode.INTERNAL
    assert len(spy) == 1
    panel.click("stop_button")
    panel.idle()
    assert panel.memory.state.mode is LoggingMode.STOPPED
    assert len(spy) == 1


def test_prepare_for_the_field_shows_how_long_it_lasts_and_how_to_fetch(window, spy):
    window.model.port = HALF
    window.handler.do(window.info, "prepare")
    ui = window.context.memory.preparation_ui
    model, memory = ui.context["object"], window.context.memory.memory
    window.wait_for(lambda: model.ready, "the settings")
    model.draft.trait_set(handling="overwrite", interval="30", fields=["power", "energy"])
    assert "the newest" in model.lasts
    assert not ui.control.isModal()
    window.click(ui.info.start_button.control)
    panel = Panel.__new__(Panel)
    panel.window, panel.memory = window, memory
    panel.answer("erase")
    window.wait_for(lambda: model.started, "the start")
    assert memory.state.mode is LoggingMode.INTERNAL
    assert memory.settings.full_handling is FullHandling.OVERWRITE
    assert memory.settings.logging.interval == 30
    assert memory.settings.field_names == ("power", "energy")
    assert "wattui fetch" in ui.info.afterwards.control.text()
    assert ui.info.afterwards.control.isVisible()
    assert not ui.info.start_button.control.isVisible()
    assert spy
    window.click(ui.info.close_button.control)
    assert window.context.memory.preparation_ui is None


def test_preparing_a_meter_that_is_recorded_ends_the_recording(window):
    window.connect(f"{HALF}&interval=1")
    window.handler.do(window.info, "prepare")
    model = window.context.memory.preparation_ui.context["object"]
    window.click(window.context.memory.preparation_ui.info.ask_button.control)
    window.wait_for(lambda: model.ready, "the settings")
    window.click(window.context.memory.preparation_ui.info.start_button.control)
    panel = Panel.__new__(Panel)
    panel.window, panel.memory = window, window.context.memory.memory
    panel.answer("erase")
    window.wait_for(lambda: model.started and not window.bench.recording, "the end")
    assert window.model.state == "stopped"
    with Session.open(window.bench.session_path) as session:
        assert session.count(session.meters[0].id) > 0


def focused():
    return QtWidgets.QApplication.focusWidget()


def tab_to(window, button):
    """Press Tab until a button has the focus."""
    for _ in range(80):
        if focused() is button:
            return
        window.key(QtCore.Qt.Key_Tab)
    raise AssertionError(f"Tab does not reach {button.text()}")


def test_a_fetch_is_followed_cancelled_and_opened_in_the_panel_with_keys_alone(window):
    panel = Panel(window, url="sim://es?id=k&memory=full&fields=w,v,a&speed=4&logging=stopped")
    panel.ui.control.activateWindow()
    bar, width = panel.control("task"), panel.ui.control.width()
    tab_to(window, panel.control("fetch_button"))
    window.key(QtCore.Qt.Key_Space)
    window.wait_for(lambda: panel.memory.done > 50 and panel.memory.rate, "some records")
    assert bar.isVisible()
    assert re.fullmatch(
        r"Fetching: [\d,]+ of [\d,]+ records · [\d,]+/s · .+ left", bar.text.full_text
    )
    assert focused() is bar.cancel
    window.key(QtCore.Qt.Key_Space)
    window.wait_for(lambda: not panel.memory.work, "the end")
    assert not bar.isVisible()
    (band,) = panel.control("notices").bands
    assert "the read-out was cancelled" in band.notice.text
    window.wait_for(lambda: focused() is band.buttons["open_fetched"], "the next step")
    assert panel.ui.control.width() == width
    window.key(QtCore.Qt.Key_Space)
    window.wait_for(lambda: window.model.state == "opened", "the session")
    assert window.bench.session_path == panel.memory.fetched.path
    assert window.context.memory.panel_ui is None, "the panel covers the session"


def test_the_result_of_a_fetch_can_be_fetched_again_and_dismissed_in_the_panel(window):
    panel = Panel(window, url="sim://pro?id=k&memory=900&speed=20&logging=stopped")
    panel.click("fetch_button")
    panel.idle()
    (band,) = panel.control("notices").bands
    assert "900 records" in band.notice.text
    assert panel.model.notices == window.model.notices
    window.click(band.buttons["dismiss_fetched"])
    assert panel.notices() == []
    assert window.model.notices == []


def test_a_panel_that_was_closed_before_its_question_ended_in_an_error(window, spy):
    panel = Panel(window)
    panel.click("clear_button")
    assert panel.memory.work
    panel.ui.control.close()
    window.handle_events()
    panel.idle()
    opened = [one for one in QtWidgets.QApplication.topLevelWidgets() if one.isVisible()]
    assert opened == [window.window]
    assert not spy


def type_into(window, box, text):
    window.click(box)
    box.selectAll()
    QtTest.QTest.keyClicks(box, text)
    window.handle_events()


def test_what_was_entered_in_prepare_for_the_field_was_lost_when_start_asked_the_meter(window):
    # It logs, so that its state is another one each time it is asked.
    window.model.port = "sim://pro?id=e&memory=900&speed=20&logging=internal"
    window.handler.do(window.info, "prepare")
    ui = window.context.memory.preparation_ui
    model = ui.context["object"]
    window.wait_for(lambda: model.ready, "the settings")
    assert "as of " in model.meter_text
    type_into(window, ui.info.interval.control.field, "7")
    window.click(ui.info.start_button.control)
    panel = Panel.__new__(Panel)
    panel.window, panel.memory = window, window.context.memory.memory
    panel.answer("cancel")
    assert model.draft.interval == "7"
    window.click(ui.info.start_button.control)
    panel.answer("erase")
    window.wait_for(lambda: model.started, "the start")
    assert panel.memory.state.interval == 7


def test_what_was_entered_in_the_panel_was_lost_when_the_meter_was_asked(window):
    panel = Panel(window)
    type_into(window, panel.control("interval"), "5")
    panel.click("write_button")
    panel.answer("cancel")
    assert panel.draft.interval == "5"
    assert "interval 1 → 5 s" in panel.model.change_text
    panel.click("refresh_button")
    panel.idle()
    assert panel.draft.interval == "5"
    panel.click("write_button")
    panel.answer("erase")
    panel.idle()
    assert panel.memory.settings.logging.interval == 5
    assert panel.model.change_text == ""
    assert not panel.model.touched


def test_work_in_prepare_for_the_field_is_shown_with_cancel(window):
    window.model.port = "sim://es?id=k&memory=full&fields=w,v,a&speed=4&logging=stopped"
    window.handler.do(window.info, "prepare")
    ui = window.context.memory.preparation_ui
    window.wait_for(lambda: ui.context["object"].ready, "the settings")
    window.click(ui.info.start_button.control)
    panel = Panel.__new__(Panel)
    panel.window, panel.memory = window, window.context.memory.memory
    panel.answer("fetch")
    bar = ui.info.task.control
    window.wait_for(lambda: panel.memory.done > 50, "some records")
    assert bar.text.full_text.startswith("Fetching: ")
    window.click(bar.cancel)
    panel.idle()
    (band,) = ui.info.notices.control.bands
    assert {"open_fetched", "fetch_now", "dismiss_fetched"} == set(band.buttons)
    assert not ui.context["object"].started


def test_restart_shows_what_it_does_before_the_meter_restarts(window, spy):
    panel = Panel(window)
    window.click(panel.control("page").buttons["meter"])
    sent = len(spy)
    panel.click("restart_button")
    question = panel.question()
    assert "keeps its settings and its records" in question.labels[0].text()
    QtTest.QTest.keyClick(question, QtCore.Qt.Key_Escape)
    window.handle_events()
    assert spy[sent:] == []
    assert not panel.memory.work
