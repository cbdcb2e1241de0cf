# SPDX-License-Identifier: GPL-3.0-or-later
"""The health of a recording in the window: a click on the status shows it."""

from __future__ import annotations

from collections import namedtuple

import pytest
from opened_window import OpenedWindow
from PyQt5 import QtCore, QtTest, QtWidgets

from wattui.session import health

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()


def details_of(window):
    return window.control("status").details


def count_of(details, name):
    return int(dict(details.lines)[name].split()[0].replace(",", "").replace("no", "0"))


def test_a_click_on_the_status_shows_what_is_on_disk(window):
    bar = window.control("status")
    assert not bar.details.isVisible()
    window.connect()
    window.wait_for(lambda: window.bench.health is not None, "the first report")
    QtTest.QTest.mouseClick(bar.left, QtCore.Qt.LeftButton)
    assert bar.details.isVisible()
    before = count_of(bar.details, "On disk")
    window.wait_for(lambda: count_of(bar.details, "On disk") > before, "an update")
    assert count_of(bar.details, "Lost") == 0
    assert "lasts for" in dict(bar.details.lines)["Free disk"] or window.bench.health.growth is None
    QtTest.QTest.keyClick(bar.details, QtCore.Qt.Key_Escape)
    assert not bar.details.isVisible()
    window.model.disconnect_all()
    window.wait_for(lambda: not window.bench.recording, "the end")
    window.wait_for(lambda: window.bench.health.waiting == 0, "the end of the recording's report")
    assert window.bench.health.received == window.bench.health.stored > 0


def test_it_fits_above_the_status_bar_and_is_in_the_menu(window):
    window.connect()
    window.wait_for(lambda: window.bench.health is not None, "the first report")
    window.handler.do(window.info, "health")
    details, bar = details_of(window), window.control("status")
    assert details.isVisible()
    assert details.geometry().bottom() <= bar.mapToGlobal(QtCore.QPoint(0, 0)).y()
    for label in details.findChildren(QtWidgets.QLabel):
        assert label.width() >= label.sizeHint().width()
    details.close()


def test_a_disk_that_fills_up_is_a_notice_while_it_records(window, monkeypatch):
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _path: Usage(10**9, 0, 90_000_000))
    window.connect()
    window.wait_for(lambda: window.control("notices").bands, "the notice")
    (band,) = window.control("notices").bands
    assert band.notice.kind == "warning"
    assert "has 90 MB left" in band.label.text()
