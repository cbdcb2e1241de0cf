# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog *Listen for .NET meters*: where posts are received, and from whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pyface.qt import QtCore, QtGui

from wattui.errors import PortUnknown
from wattui.ports.listen_url import (
    DEFAULT_PORT,
    PRIVATE,
    ListenUrl,
    is_listen_url,
    own_address,
    parse_listen_url,
    parse_network,
)
from wattui.ui.theme.style_sheet import GRID
from wattui.ui.widgets.form_layout import LABELS, dress_window, set_role, window_column
from wattui.ui.widgets.plain_text import PlainLabel
from wattui.ui.widgets.screen_fit import fit_to_screen, scroll_above

_WIDTH: Final = 520

#: Addresses that are offered, and what they mean.
_EVERYWHERE: Final = "0.0.0.0"
_HERE: Final = "127.0.0.1"


class ListenDialog(QtGui.QDialog):
    """Asks where to listen; not modal.

    Parameters
    ----------
    parent
        The window.
    before
        The port that was chosen before: its answers are offered again.
    listen
        Called with the URL.
    """

    def __init__(
        self, parent: QtGui.QWidget | None, before: str, listen: Callable[[str], object]
    ) -> None:
        super().__init__(parent)
        self._listen = listen
        self.setWindowTitle("Listen for .NET meters")
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = window_column(self)
        layout.addWidget(
            _words(
                "A .NET posts its records over the network by itself. Each meter that posts to "
                "this computer is recorded in its own row.",
                "",
            )
        )
        layout.addLayout(self._form(_listening_before(before)))
        self.meaning = _words("", "small")
        self.meaning.setAlignment(QtCore.Qt.AlignmentFlag.AlignTop)
        self.meaning.setMinimumHeight(4 * self.meaning.fontMetrics().lineSpacing())
        layout.addWidget(self.meaning)
        layout.addStretch(1)
        layout.addLayout(self._button_row())
        scroll_above(layout)
        self.setFixedWidth(_WIDTH)
        self._show_meaning()
        self.ok.setFocus()
        dress_window(self)
        fit_to_screen(self)

    def _form(self, before: ListenUrl) -> QtGui.QGridLayout:
        form = QtGui.QGridLayout()
        form.setHorizontalSpacing(GRID)
        form.setVerticalSpacing(GRID)
        form.setColumnMinimumWidth(0, LABELS)
        self.reach = QtGui.QComboBox()
        self.reach.addItem("From the network", _EVERYWHERE)
        self.reach.addItem("From this computer only", _HERE)
        if before.host not in (_EVERYWHERE, _HERE):
            self.reach.addItem(f"At {before.host} only", before.host)
        self.reach.setCurrentIndex(self.reach.findData(before.host))
        self.reach.setToolTip("Who can reach this computer to post")
        self.reach.currentIndexChanged.connect(lambda _index: self._show_meaning())
        self.number = QtGui.QLineEdit(str(before.port))
        self.number.setToolTip("The port of this computer; it is set in the meters too")
        allowed = "" if before.allowed == PRIVATE else ", ".join(map(str, before.allowed))
        self.allowed = QtGui.QLineEdit(allowed)
        self.allowed.setPlaceholderText("Private networks")
        self.allowed.setToolTip("Addresses or networks, such as 192.168.1.0/24, with commas")
        for field in (self.number, self.allowed):
            field.textChanged.connect(lambda _text: self._show_meaning())
        rows = {"Posts are accepted": self.reach, "Port": self.number, "Allowed": self.allowed}
        for row, (name, widget) in enumerate(rows.items()):
            widget.setAccessibleName(name)
            form.addWidget(PlainLabel(name), row, 0)
            form.addWidget(widget, row, 1)
        return form

    def _button_row(self) -> QtGui.QHBoxLayout:
        row = QtGui.QHBoxLayout()
        row.setSpacing(GRID)
        row.addStretch(1)
        self.ok = QtGui.QPushButton("&Listen")
        self.ok.setToolTip("Record each meter that posts (Return)")
        self.ok.setDefault(True)
        set_role(self.ok, "primary")
        self.ok.clicked.connect(lambda _on: self.accept())
        cancel = QtGui.QPushButton("Cancel")
        cancel.setToolTip("Change nothing (Esc)")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(lambda _on: self.reject())
        row.addWidget(self.ok)
        row.addWidget(cancel)
        return row

    def _where(self) -> ListenUrl:
        """Return what was entered.

        Raises
        ------
        ValueError
            It makes no sense.
        """
        number = self.number.text().strip()
        if not number.isascii() or not number.isdigit() or not 1 <= int(number[:6]) <= 65_535:
            raise ValueError("The port is a number from 1 to 65535")
        names = [one for one in self.allowed.text().replace(",", " ").split() if one]
        networks = tuple(map(parse_network, names))
        return ListenUrl(self.reach.currentData(), int(number), allowed=networks or PRIVATE)

    def _show_meaning(self) -> None:
        """Show what must be set in the meters, or what makes no sense."""
        try:
            where = self._where()
        except ValueError as error:
            text, look = f"{error}.", "refusal"
        else:
            text, look = _advice(where), "small"
        self.meaning.setText(text)
        if self.meaning.property("look") != look:
            self.meaning.setProperty("look", look)
            self.meaning.style().unpolish(self.meaning)
            self.meaning.style().polish(self.meaning)
        if hasattr(self, "ok"):
            self.ok.setEnabled(look == "small")

    def accept(self) -> None:
        """Listen where it was entered, if that makes sense."""
        try:
            where = self._where()
        except ValueError:
            self._show_meaning()
            return
        self._listen(str(where))
        super().accept()


def _listening_before(url: str) -> ListenUrl:
    if is_listen_url(url):
        try:
            return parse_listen_url(url)
        except PortUnknown:
            pass  # it was typed
    return ListenUrl(_EVERYWHERE, DEFAULT_PORT)


def _advice(where: ListenUrl) -> str:
    if where.host == _HERE:
        return "Only a simulated meter, or another program on this computer, can post."
    host = (own_address() or "this computer") if where.host == _EVERYWHERE else where.host
    return (
        f"Each meter must post to {host}, port {where.port}: set that once by USB, under Memory "
        "and settings, Network. The protocol has no password: anyone in the allowed networks can "
        "post in the name of a meter."
    )


def _words(text: str, look: str) -> PlainLabel:
    label = PlainLabel(text)
    label.setProperty("look", look)
    label.setWordWrap(True)
    return label
