# SPDX-License-Identifier: GPL-3.0-or-later
"""The menus of the right mouse button: what can be done with what is there.

They are made from the table of actions, whose entries look and work the same everywhere, and
from entries that need to know the place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyface.qt import QtCore, QtGui

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import CHANNEL
from wattui.measurement.text import axis_unit
from wattui.session import Mark, Span
from wattui.ui.dialogs.range_dialog import ask_range
from wattui.ui.marks.mark_actions import name_on_plots
from wattui.ui.meters.meter_actions import COLOUR, RENAME
from wattui.ui.plots.plot_place import PlotPart, PlotPlace, place_at
from wattui.ui.plots.plot_row import PlotRow
from wattui.ui.widgets.action import Action, WindowContext
from wattui.ui.widgets.plain_text import menu_text
from wattui.ui.window.actions import ACTION
from wattui.ui.window.menus import MenuBar

#: Names of the actions that a menu offers; None for a line.
Names = tuple[str | None, ...]

_MOVING: Final[Names] = ("back", "forward", None, "fit", "live", None)

#: The actions in the menu of each part of the plots, after those of the place itself.
_NAMES: Final[dict[PlotPart, Names]] = {
    PlotPart.PLOT: ("zoom_in", "zoom_out", *_MOVING, "select_view", "select_all", "export"),
    PlotPart.CURVE: ("zoom_in", "zoom_out", *_MOVING, "select_view", "select_all", "export"),
    PlotPart.SELECTION: (
        *("zoom_selection", "figures", "keep_span", "compare", "export", "clear_selection"),
        *(None, *_MOVING),
    ),
    PlotPart.NOTE: ("mark_list", "undo", None, *_MOVING),
    PlotPart.TIME_AXIS: ("elapsed", "clock", None, *_MOVING),
    PlotPart.VALUE_AXIS: (),
    PlotPart.STRIP: _MOVING,
}


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """An entry of a menu that needs to know the place."""

    label: str
    #: Performs it.
    do: Callable[[WindowContext], object]
    enabled: bool = True
    #: Whether it is checked; None if it cannot be.
    checked: bool | None = None


@dataclass(frozen=True, slots=True)
class Submenu:
    """A menu in a menu."""

    label: str
    items: Sequence[str | MenuEntry | None]


#: What a menu consists of: names of actions, entries, other menus, and None for a line.
MenuItem = str | MenuEntry | Submenu | None


def add_context_menus(context: WindowContext) -> None:
    """Open menus on the plots and on the list of fields of a window."""
    policy = QtCore.Qt.ContextMenuPolicy.CustomContextMenu
    plots, fields = context.info.component.control, context.info.channels.panel
    for widget, asked in ((plots, _asked_on_plots), (fields, _asked_on_fields)):
        widget.setContextMenuPolicy(policy)
        widget.customContextMenuRequested.connect(
            lambda at, asked=asked: context.run(lambda _context: asked(context, at))
        )


# -- what is offered ------------------------------------------------------------------------


def plot_items(context: WindowContext, place: PlotPlace) -> list[MenuItem]:
    """Return what can be done at a place of the plots."""
    row, items = place.row, list[MenuItem]()
    if place.part is PlotPart.VALUE_AXIS:
        return [*axis_items(row), None, *_field_items(context, row.name)]
    if place.part is PlotPart.CURVE:
        items += [*_meter_items(context, place), None]
    if place.note is not None:
        items += [*_note_items(context, place.note), None]
    if place.part is PlotPart.STRIP:
        items += [
            MenuEntry("Show this part", lambda _context: _centre(_view(context), place)),
            None,
        ]
    items += _NAMES[place.part]
    if row is not None:
        items += [None, *_moment_items(context, place), None, *_field_items(context, row.name)]
        items.append(Submenu("Value axis", axis_items(row)))
    return items


def _view(context: WindowContext) -> Any:
    return context.model.plots.view


def axis_items(row: PlotRow) -> list[str | MenuEntry | None]:
    """Return what can be done with a value axis."""
    return [
        MenuEntry(
            "Automatic range", lambda _context: row.release_values(), checked=row.chosen is None
        ),
        MenuEntry("Fixed range…", lambda context: _ask_range(context, row)),
        None,
        MenuEntry("Linear", lambda _context: _scale(row, False), checked=not row.logarithmic),
        MenuEntry("Logarithmic", lambda _context: _scale(row, True), checked=row.logarithmic),
    ]


def field_items(context: WindowContext, name: str) -> list[MenuItem]:
    """Return what can be done with a field in the list."""
    rows = [row for row in context.model.plots.shown_rows() if row.name == name]
    shown = name in context.model.channels
    toggle = MenuEntry("Hide" if shown else "Show", lambda _context: _toggle(context, name))
    items: list[MenuItem] = [toggle, *_field_items(context, name)[1:]]
    return [*items, None, *axis_items(rows[0])] if rows else items


def _field_items(context: WindowContext, name: str) -> list[MenuItem]:
    label = CHANNEL[name].label.lower()
    only = context.model.channels == [name]
    return [
        MenuEntry(f"Hide {label}", lambda _context: _toggle(context, name), enabled=not only),
        MenuEntry(
            f"Plot only {label}",
            lambda _context: context.model.trait_set(channels=[name]),
            enabled=not only,
        ),
    ]


def _meter_items(context: WindowContext, place: PlotPlace) -> list[MenuItem]:
    """Return what can be done with the meter of a curve."""
    model = context.model
    rows = [number for number, one in enumerate(model.bench.meters) if one.key == place.key]
    if not rows:
        return []
    number = rows[0]
    label = model.bench.meters[number].label

    def choose_and(action: Action) -> Callable[[WindowContext], object]:
        def do(_context: WindowContext) -> None:
            model.choose_row(number)
            context.run(action.do)

        return do

    return [
        MenuEntry(f"Rename {label}…", choose_and(RENAME)),
        MenuEntry(f"Colour of {label}…", choose_and(COLOUR)),
        MenuEntry(f"Hide {label} in the plots", lambda _context: model.toggle_meter(number)),
    ]


def _note_items(context: WindowContext, note: Mark | Span) -> list[MenuItem]:
    """Return what can be done with a mark or a span."""
    marks = context.model.marks
    text = (note.text if isinstance(note, Mark) else note.name) or "the mark"

    def remove(_context: WindowContext) -> None:
        marks.chosen = note
        marks.remove()

    can = marks.notes.changeable
    found: list[MenuItem] = [
        MenuEntry(f"Rename {text}…", lambda _context: name_on_plots(context, note), enabled=can),
        MenuEntry(f"Remove {text}", remove, enabled=can),
    ]
    if isinstance(note, Span):
        found.insert(0, MenuEntry(f"Zoom to {text}", lambda _context: marks.go_to(note, zoom=True)))
    return found


def _moment_items(context: WindowContext, place: PlotPlace) -> list[MenuItem]:
    """Return what can be done with a moment."""
    notes, view = context.model.bench.notes, _view(context)
    return [
        MenuEntry(
            "Mark this moment",
            lambda _context: notes.add_mark(round(place.moment * MICROSECONDS)),
            enabled=notes.changeable,
        ),
        MenuEntry("Select from here on", lambda _context: view.select(place.moment, view.last)),
    ]


def _toggle(context: WindowContext, name: str) -> None:
    context.model.toggle_channel(name)


def _scale(row: PlotRow, logarithmic: bool) -> None:
    row.choose_scale(logarithmic=logarithmic)
    row.stack.redraw()


def _ask_range(context: WindowContext, row: PlotRow) -> None:
    factor = axis_unit(row.field.unit, row.plot.value_range.high)[1]

    def chosen(found: Any) -> None:
        row.choose_range(found)
        row.stack.redraw()

    context.dialog = ask_range(row, factor, context.window, chosen)


def _centre(view: Any, place: PlotPlace) -> None:
    view.show(place.moment - view.width / 2, place.moment + view.width / 2)


# -- menus of Qt ----------------------------------------------------------------------------


def make_menu(context: WindowContext, items: Iterable[MenuItem]) -> QtGui.QMenu:
    """Make a menu; the actions of the menu bar are the same objects in it."""
    menu = QtGui.QMenu(context.window)
    menu.setToolTipsVisible(True)
    _fill(menu, context, items, _menu_bar_actions(context))
    return menu


def _fill(
    menu: QtGui.QMenu,
    context: WindowContext,
    items: Iterable[MenuItem],
    shared: Mapping[str, QtGui.QAction],
) -> None:
    for item in items:
        if item is None:
            # Qt shows no line at the top, at the end or beside another one.
            menu.addSeparator()
        elif isinstance(item, Submenu):
            _fill(menu.addMenu(item.label), context, item.items, shared)
        elif isinstance(item, MenuEntry):
            _add(menu, context, menu_text(item.label), item.do, item)
        elif item in shared:
            menu.addAction(shared[item])
        else:
            _add(menu, context, ACTION[item].label, ACTION[item].do)


def _add(
    menu: QtGui.QMenu,
    context: WindowContext,
    label: str,
    do: Callable[[WindowContext], object],
    entry: MenuEntry | None = None,
) -> None:
    added = menu.addAction(label)
    # The menu is still about to close: a dialog must not open before.
    run = lambda: QtCore.QTimer.singleShot(0, lambda: context.run(do))  # noqa: E731
    added.triggered.connect(lambda _on=False: run())
    if entry is not None:
        added.setEnabled(entry.enabled)
        added.setCheckable(entry.checked is not None)
        added.setChecked(bool(entry.checked))


def _menu_bar_actions(context: WindowContext) -> dict[str, QtGui.QAction]:
    """Return the entries of the menu bar, by the names of their actions."""
    bar = context.window.findChild(MenuBar)
    if bar is None:
        return {}
    bar.update_entries()
    return bar.entries


def _asked_on_plots(context: WindowContext, at: QtCore.QPoint) -> None:
    control, plots = context.info.component.control, context.model.plots
    place = place_at(plots, at.x(), control.height() - at.y())
    if place is not None:
        _open(context, plot_items(context, place), control.mapToGlobal(at))


def _asked_on_fields(context: WindowContext, at: QtCore.QPoint) -> None:
    control = context.info.channels.panel
    name = context.info.channels.name_at(control.mapToGlobal(at))
    if name:
        _open(context, field_items(context, name), control.mapToGlobal(at))


def _open(context: WindowContext, items: Iterable[MenuItem], at: QtCore.QPoint) -> None:
    context.popup = make_menu(context, items)
    context.popup.popup(at)
