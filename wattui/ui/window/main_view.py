# SPDX-License-Identifier: GPL-3.0-or-later
"""The main window: a TraitsUI view of the window's model."""

from __future__ import annotations

import itertools

from enable.component_editor import ComponentEditor
from pyface.qt import QtCore, QtGui
from traitsui.api import ButtonEditor, EnumEditor, HGroup, UItem, VGroup, View, spring

from wattui.ui.figures.figures_panel import FiguresEditor, HeightShare
from wattui.ui.figures.span_bar import SpanBarEditor
from wattui.ui.marks.mark_panel import MarksEditor
from wattui.ui.meters.meter_table import MetersEditor
from wattui.ui.theme.style_sheet import GRID, MARGIN
from wattui.ui.widgets.action import CAN_FETCH
from wattui.ui.widgets.bar_room import BarRoom
from wattui.ui.widgets.form_layout import dress_window
from wattui.ui.widgets.notices import NoticesEditor
from wattui.ui.widgets.port_chooser import PortChooser
from wattui.ui.widgets.screen_fit import scroll_above
from wattui.ui.widgets.status_bar import StatusEditor
from wattui.ui.window.actions import ACTION
from wattui.ui.window.channel_list import ChannelEditor
from wattui.ui.window.large_readings import LargeEditor
from wattui.ui.window.placard import PlacardEditor
from wattui.ui.window.readings import ReadingsEditor
from wattui.ui.window.window_model import WindowModel

#: The groups with a special look: name in the style sheet, margins, spacing.
_PANELS = {
    "frame": ("frame", (0, 0, 0, 0), 0),
    "top_bar": ("topBar", (MARGIN, GRID, MARGIN, GRID), GRID),
    "body": ("body", (MARGIN, MARGIN, MARGIN, MARGIN), MARGIN),
    "side_panel": ("sidePanel", (18, 18, 18, MARGIN), MARGIN),
    "stage": ("stage", (0, 0, 0, 0), GRID),
}

#: TraitsUI makes a group with a condition a widget, which can have a look.
_ALWAYS = "True"

#: What is shown where the power is not in large letters.
_SMALL = "not object.shows_large"

#: Where the plots are shown.
_PLOTS = f"object.place == 'plots' and {_SMALL}"

#: Limits of the side panel's width in pixels.
SIDE_WIDTH = (282, 430)

#: The least height of the plots in pixels: the table of the meters gives way before they do.
LEAST_PLOTS = 150

#: Limits of the port chooser's width.
PORT_WIDTH = (102, 304)


def _interval_text(seconds: int) -> str:
    if seconds >= 60:
        minutes = seconds // 60
        return f"every {minutes} min"
    return f"every {seconds} s"


def _button(name: str, action: str, label: str = "", **traits: object) -> UItem:
    editor = ButtonEditor(label=label) if label else ButtonEditor(**traits.pop("shown"))
    return UItem(name, editor=editor, tooltip=ACTION[action].hint, **traits)


def _top_bar() -> HGroup:
    return HGroup(
        UItem(
            "port",
            editor=PortChooser(),
            enabled_when="not object.connected or object.recording",
            tooltip="Where the meter is plugged in",
        ),
        _button("connect_button", "connect", shown={"label_value": "connect_label"}),
        UItem(
            "interval",
            editor=EnumEditor(name="object.intervals", format_func=_interval_text),
            tooltip="Time between two records",
        ),
        UItem("16"),
        _button("mark_button", "mark", "Mark", enabled_when="object.marking"),
        _button("fetch_button", "fetch", "Fetch memory…", enabled_when=CAN_FETCH),
        _button("export_button", "export", "Export…", enabled_when="object.has_session"),
        spring,
        UItem(
            "clock_mode",
            editor=EnumEditor(values={"elapsed": "1:Elapsed", "clock": "2:Clock"}),
            tooltip="Count the time from the start, or show the time of day",
        ),
        _button("fit_button", "fit", "Fit", enabled_when="object.has_session"),
        _button(
            "live_button",
            "live",
            shown={"label_value": "live_label"},
            enabled_when="object.marking",
        ),
        id="top_bar",
        visible_when=_SMALL,
    )


def _plots() -> list[UItem]:
    """Return the plots, the bar above them, and the figures below."""
    grows = {"resizable": True, "springy": True}
    figures_shown = f"{_PLOTS} and object.shows_figures"
    return [
        UItem("plots", editor=SpanBarEditor(), visible_when=_PLOTS),
        UItem("component", editor=ComponentEditor(), visible_when=_PLOTS, **grows),
        UItem("figures", editor=FiguresEditor(), visible_when=figures_shown),
    ]


def _body() -> HGroup:
    return HGroup(
        VGroup(
            UItem("readings", editor=ReadingsEditor()),
            UItem("channels", editor=ChannelEditor(), resizable=True, springy=True),
            id="side_panel",
            visible_when=_SMALL,
        ),
        VGroup(
            UItem("notices", editor=NoticesEditor()),
            UItem("meter_rows", editor=MetersEditor(), visible_when=f"object.several and {_SMALL}"),
            UItem(
                "place",
                editor=PlacardEditor(),
                resizable=True,
                springy=True,
                visible_when="object.place != 'plots'",
            ),
            *_plots(),
            UItem(
                "marks",
                editor=MarksEditor(),
                visible_when=f"object.shows_marks and object.place == 'plots' and {_SMALL}",
            ),
            UItem(
                "shows_large",
                editor=LargeEditor(),
                resizable=True,
                springy=True,
                visible_when="object.shows_large",
            ),
            id="stage",
            visible_when=_ALWAYS,
        ),
        id="body",
        visible_when=_ALWAYS,
    )


def parts() -> VGroup:
    """Return what the main window shows below its menus; see :func:`dress`."""
    return VGroup(
        _top_bar(),
        _body(),
        UItem("status", editor=StatusEditor()),
        id="frame",
        visible_when=_ALWAYS,
    )


def main_view(model: WindowModel) -> View:
    """Make the view of the main window."""
    return View(
        parts(),
        title=model.title,
        width=int(model.width),
        height=int(model.height),
        resizable=True,
    )


def dress(info: object) -> None:
    """Set margins, names and widths of the groups of a new window."""
    for group, (name, margins, spacing) in _PANELS.items():
        widget = getattr(info, group).control
        widget.setObjectName(name)
        widget.setAttribute(QtCore.Qt.WidgetAttribute.WA_StyledBackground)
        layout = widget.layout()
        layout.setContentsMargins(*margins)
        layout.setSpacing(spacing)
        # TraitsUI keeps its groups at the top left, at their minimum size.
        layout.setAlignment(QtCore.Qt.AlignmentFlag(0))
        for index in range(layout.count()):
            item = layout.itemAt(index)
            item.setAlignment(QtCore.Qt.AlignmentFlag(0))
    # TraitsUI puts an item beside groups into a group with margins.
    status = info.status.control  # type: ignore[attr-defined]
    status.parentWidget().layout().setContentsMargins(0, 0, 0, 0)
    # TraitsUI removes the margins of every editor.
    status.layout().setContentsMargins(MARGIN, 0, MARGIN, 0)
    dress_window(info.ui.control)  # type: ignore[attr-defined]
    _set_widths(info)
    # Enable returns floats, which Qt does not accept.
    info.component.control.sizeHint = lambda: QtCore.QSize(640, 400)  # type: ignore[attr-defined]
    for name in TOP_BUTTONS:
        # A click does not move the focus, so that the space bar cannot end a recording.
        getattr(info, name).control.setFocusPolicy(QtCore.Qt.FocusPolicy.TabFocus)
    info.ui.control.setFocus()  # type: ignore[attr-defined]
    for name, words in _SPOKEN.items():
        getattr(info, name).control.setAccessibleName(words)
    order = [getattr(info, name).control for name in _TAB_ORDER]
    for before, after in itertools.pairwise(order):
        QtGui.QWidget.setTabOrder(before, after)


def _set_widths(info: object) -> None:
    policy = QtGui.QSizePolicy.Policy
    expanding = QtGui.QSizePolicy(policy.Expanding, policy.Expanding)
    for name in ("frame", "body", "stage"):
        getattr(info, name).control.setSizePolicy(expanding)
    for name in ("place", "component", "shows_large"):
        getattr(info, name).control.setSizePolicy(expanding)
    for name in ("top_bar", "status", "notices", "meter_rows", "plots", "figures", "marks"):
        getattr(info, name).control.setSizePolicy(policy.Expanding, policy.Maximum)
    for name in ("port", *TOP_BUTTONS, "interval", "clock_mode"):
        getattr(info, name).control.setSizePolicy(policy.Maximum, policy.Fixed)
    # The port shrinks in a narrow window; its list shows the whole name.
    info.port.control.setMinimumWidth(PORT_WIDTH[0])  # type: ignore[attr-defined]
    info.port.control.setMaximumWidth(PORT_WIDTH[1])  # type: ignore[attr-defined]
    info.port.control.setSizePolicy(policy.Preferred, policy.Fixed)  # type: ignore[attr-defined]
    for name in ("interval", "clock_mode"):
        # As wide as its longest text, in the font of this desktop.
        box = getattr(info, name).control
        box.setSizeAdjustPolicy(QtGui.QComboBox.SizeAdjustPolicy.AdjustToContents)
        box.setSizePolicy(policy.Fixed, policy.Fixed)
    _widen_for(info.connect_button.control, "Disconnect")  # type: ignore[attr-defined]
    _let_shrink(info.top_bar.control.layout())  # type: ignore[attr-defined]
    giving_way = [getattr(info, name).control for name in _GIVING_WAY]
    BarRoom(info.top_bar.control, giving_way)  # type: ignore[attr-defined]
    side = info.side_panel.control  # type: ignore[attr-defined]
    side.setMinimumWidth(SIDE_WIDTH[0])
    side.setMaximumWidth(SIDE_WIDTH[1])
    side.setSizePolicy(policy.Preferred, policy.Expanding)
    body = info.body.control.layout()  # type: ignore[attr-defined]
    body.setStretch(0, 22)
    body.setStretch(1, 78)
    column = side.layout()
    column.setStretch(0, 0)
    column.setStretch(1, 1)
    scroll_above(column, fixed=0, low=True)
    info.component.control.setMinimumHeight(LEAST_PLOTS)  # type: ignore[attr-defined]
    meter_rows, stage = info.meter_rows.control, info.stage.control  # type: ignore[attr-defined]
    stage.layout().setStretchFactor(info.component.control, 1)  # type: ignore[attr-defined]
    meter_rows.give_way_in(stage, LEAST_PLOTS)
    HeightShare(stage, info.figures.control, meter_rows)  # type: ignore[attr-defined]


def _widen_for(button: QtGui.QPushButton, longest: str) -> None:
    """Make a button wide enough for its longest text, in the font of this desktop."""
    button.ensurePolished()
    frame = button.sizeHint().width() - button.fontMetrics().horizontalAdvance(button.text())
    button.setMinimumWidth(frame + button.fontMetrics().horizontalAdvance(longest) + 2)


def _let_shrink(layout: QtGui.QBoxLayout) -> None:
    """Let Qt shrink the space between groups of buttons in a narrow window."""
    for index in range(layout.count()):
        space = layout.itemAt(index).spacerItem()
        if space is not None and 0 < space.sizeHint().width() <= 2 * GRID:
            policy = QtGui.QSizePolicy.Policy
            space.changeSize(space.sizeHint().width(), 1, policy.Maximum, policy.Minimum)
    layout.invalidate()


TOP_BUTTONS = (
    *("connect_button", "mark_button", "fetch_button", "export_button"),
    *("fit_button", "live_button"),
)

#: What a narrow window hides of the top bar, the first one first; the menus have it too.
_GIVING_WAY = ("clock_mode", "export_button", "fetch_button", "fit_button", "mark_button")

_TAB_ORDER = (
    *("port", "connect_button", "interval", "mark_button", "fetch_button", "export_button"),
    *("clock_mode", "fit_button", "live_button"),
)

_SPOKEN = {
    "connect_button": "Connect or disconnect",
    "interval": "Time between two records",
    "mark_button": "Mark this moment",
    "fetch_button": "Fetch the meter's memory",
    "export_button": "Export",
    "clock_mode": "Elapsed or clock time",
    "fit_button": "Show the whole recording",
    "live_button": "Follow the latest sample",
    "component": "Plots",
}
