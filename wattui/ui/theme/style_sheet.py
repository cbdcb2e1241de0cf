# SPDX-License-Identifier: GPL-3.0-or-later
"""The look of the window: one style sheet and one Qt palette, made from a Palette.

Importing this loads Qt and nothing from Enthought: a dark palette takes effect only if
it is set on the application before ``traitsui`` is imported.
"""

from __future__ import annotations

import importlib.resources
from string import Template
from typing import Final

from PyQt5.QtGui import QColor, QFontInfo, QPalette
from PyQt5.QtWidgets import QApplication, QStyleFactory

from wattui.ui.theme.palette import Palette, mix

#: The grid, and the margin of a window, in pixels.
GRID: Final = 8
MARGIN: Final = 12

#: The smallest base font size, in pixels.
SMALLEST_TYPE: Final = 13

_SHEET: Final = Template("""
* { font-size: ${base}px; }
QDialog, QMainWindow, QMessageBox { background: $ground; }
QLabel, QCheckBox, QRadioButton { color: $text; background: transparent; }
QLabel:disabled, QCheckBox:disabled, QRadioButton:disabled { color: $faint; }

QMenuBar { background: $panel; color: $text; border: 0; padding: 2px 8px 0 8px; }
QMenuBar::item { padding: 4px 8px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $panel; color: $text; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 5px 28px 5px 26px; border-radius: 4px; }
QMenu::item:selected { background: $hover; }
QMenu::item:disabled { color: $faint; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QMenu::indicator { width: 12px; height: 12px; left: 8px; }
QMenu::indicator:checked { image: url("$tick"); }

#topBar { background: $panel; border: 0; border-bottom: 1px solid $line; }
#sidePanel { background: $panel; border: 1px solid $line; border-radius: 8px; }
#statusBar { background: $panel; border: 0; border-top: 1px solid $line; }
#statusBar QLabel { font-size: ${small}px; }
#statusBar QPushButton { min-height: 20px; max-height: 20px; padding: 0 8px;
    font-size: ${small}px; }
#body { background: $ground; }
#card { background: $panel; border: 1px solid $line; border-radius: 8px; }

QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QPushButton, QComboBox, QLineEdit, QSpinBox {
    background: $panel; color: $text; border: 1px solid $line; border-radius: 6px;
    min-height: 28px; padding: 0 11px; }
QPushButton:hover, QComboBox:hover { background: $hover; border-color: $edge; }
QPushButton:pressed { background: $press; }
QPushButton:focus, QComboBox:focus, QLineEdit:focus { border-color: $accent; }
QPushButton:disabled, QComboBox:disabled, QLineEdit:disabled { color: $faint; background: $panel; }
QPushButton[role="primary"] { background: $accent; border-color: $accent; color: $on_accent; }
QPushButton[role="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[role="primary"]:focus { border-color: $text; }
QPushButton[role="primary"]:disabled { background: $panel; border-color: $line; color: $faint; }
QPushButton[role="offer"] { border-color: $accent; color: $accent_text; }
QPushButton[role="large"] { min-height: 36px; padding: 0 16px; }
QPushButton[role="large-primary"] { min-height: 36px; padding: 0 16px;
    background: $accent; border-color: $accent; color: $on_accent; }
QPushButton[role="large-primary"]:hover { background: $accent_hover; }
QPushButton[role="flat"] { border-color: transparent; background: transparent;
    color: $accent_text; padding: 0; text-align: left; }
QPushButton[role="flat"]:disabled { color: $faint; }
QPushButton[role="flat"]:hover { color: $text; }
QPushButton[role="flat"]:focus { color: $text; }
QPushButton[role="danger"] { border-color: $red_line; color: $red_text; }
QPushButton[role="danger"]:hover { background: $red_ground; border-color: $red_line; }
QPushButton[role="danger"]:focus { border-color: $red_text; }
QPushButton[role="danger"]:disabled { border-color: $line; color: $faint; }
QPushButton[role="page"], QPushButton[role="page-on"] { border-color: transparent;
    background: transparent; color: $muted; min-height: 26px; padding: 0 12px; }
QPushButton[role="page"]:hover { color: $text; background: $hover; }
QPushButton[role="page"]:disabled { color: $faint; }
QPushButton[role="page-on"] { background: $hover; color: $accent_text; font-weight: 600; }
QPushButton[small="true"] { min-height: 20px; max-height: 20px; padding: 0 8px; }
QPushButton[small="true"]::menu-indicator { image: none; width: 0; }
QLineEdit[small="true"] { min-height: 20px; max-height: 20px; padding: 0 5px; border-radius: 4px; }
QPushButton[small="true"][role="page"], QPushButton[small="true"][role="page-on"] {
    padding: 0 6px; }
QPushButton[role="small-on"] { background: $hover; border-color: $accent; color: $accent_text; }
#figuresPanel { background: $panel; border: 1px solid $line; border-radius: 6px; }
#figuresPanel QTableWidget { border: 0; }
QPushButton[role="page"]:focus, QPushButton[role="page-on"]:focus { border-color: $accent; }

QComboBox { padding-right: 4px; combobox-popup: 0; }
#topBar QComboBox:disabled { color: $text; }
QComboBox::drop-down { border: 0; width: 26px; subcontrol-position: center right; }
QComboBox::down-arrow { image: url("$chevron"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $panel; color: $text; border: 1px solid $line;
    padding: 4px; outline: 0; selection-background-color: $hover; selection-color: $text; }
QComboBox QAbstractItemView::item { min-height: 26px; padding: 0 6px; border-radius: 4px;
    border: 0; }
QComboBox QAbstractItemView::item:selected { background: $hover; color: $text; }

QCheckBox, QRadioButton { spacing: 8px; min-height: 22px; }
QCheckBox::indicator, QRadioButton::indicator, QListWidget::indicator { width: 14px; height: 14px;
    border: 1px solid $edge; border-radius: 4px; background: $panel; }
QCheckBox::indicator:checked, QListWidget::indicator:checked { background: $accent;
    border-color: $accent; image: url("$tick_on"); }
QListWidget::item { padding: 3px; }
QRadioButton::indicator { border-radius: 8px; }
QRadioButton::indicator:checked { border: 4px solid $accent; width: 8px; height: 8px;
    border-radius: 8px; background: $on_accent; }
QCheckBox:focus, QRadioButton:focus { color: $accent_text; }

QProgressBar { background: $line; border: 0; border-radius: 3px; min-height: 6px;
    max-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QToolTip { background: $panel; color: $text; border: 1px solid $line; padding: 4px; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: $edge; border-radius: 3px; min-height: 24px;
    margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle:horizontal { background: $edge; border-radius: 3px; min-width: 24px;
    margin: 2px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: 0; }
QTextBrowser, QPlainTextEdit { background: $panel; color: $text; border: 1px solid $line;
    border-radius: 6px; padding: 8px; selection-background-color: $accent;
    selection-color: $on_accent; }
QTableWidget, QTreeWidget, QListWidget { background: $panel; color: $text;
    border: 1px solid $line; border-radius: 6px; gridline-color: $line; }
QHeaderView::section { background: $panel; color: $muted; border: 0;
    border-bottom: 1px solid $line; padding: 4px 8px; }
#statusDetails { background: $panel; border: 1px solid $edge; border-radius: 6px; }
#meterPanel, #markPanel { background: $panel; border: 1px solid $line; border-radius: 6px; }
QTableView#sessionTable { background: $panel; color: $text; border: 1px solid $line;
    border-radius: 6px; outline: 0; selection-background-color: $chosen; selection-color: $text; }
QTableView#sessionTable::item { padding: 0 5px; border: 0; }
QTableView#sessionTable::item:selected { background: $chosen; color: $text; }
QTableView#sessionTable QHeaderView { background: transparent; }
QTableView#sessionTable QHeaderView::section { background: transparent; font-size: ${small}px;
    padding: 5px 8px; }
QTableView#meterTable { background: transparent; color: $text; border: 0; outline: 0;
    selection-background-color: $chosen; selection-color: $text; }
QTableView#meterTable::item { padding: 0 5px; border: 0; }
QTableView#meterTable::item:selected { background: $chosen; color: $text; }
QTableView#meterTable QHeaderView, QTableView#meterTable QHeaderView::section {
    background: transparent; font-size: ${small}px; }
QTableView#meterTable QHeaderView::section { padding: 0 5px; }
QTableView#markTable { background: transparent; color: $text; border: 0; outline: 0;
    selection-background-color: $chosen; selection-color: $text; }
QTableView#markTable::item { padding: 0 3px; border: 0; }
QTableView#markTable::item:selected { background: $chosen; color: $text; }
QTableView#markTable QHeaderView, QTableView#markTable QHeaderView::section {
    background: transparent; font-size: ${small}px; }
QTableView#markTable QHeaderView::section { padding: 0 6px; }
#markPanel QPushButton { padding: 2px 10px; min-height: 20px; }
QLineEdit[look="cell"] { min-height: 20px; max-height: 22px; padding: 0 4px;
    border-radius: 4px; border-color: $accent; }

QLabel[look="heading"] { color: $muted; font-size: ${small}px; letter-spacing: 0.4px; }
QLabel[look="muted"] { color: $muted; }
QLabel[look="small"] { color: $muted; font-size: ${small}px; }
QLabel[look="title"] { font-size: ${title}px; font-weight: 600; }
QLabel[look="refusal"] { color: $red_text; font-size: ${small}px; }
QLabel[look="strong"] { font-weight: 600; }
QLabel[look="question"] { font-size: ${lead}px; font-weight: 600; }
QLabel[look="lead"] { color: $muted; font-size: ${lead}px; }
QFrame[look="rule"] { background: $line; border: 0; max-height: 1px; min-height: 1px; }
QFrame[notice="error"] { background: $red_ground; border: 1px solid $red_line;
    border-radius: 6px; }
QFrame[notice="warning"] { background: $amber_ground; border: 1px solid $amber_line;
    border-radius: 6px; }
QFrame[notice="info"] { background: $info_ground; border: 1px solid $info_line;
    border-radius: 6px; }
QFrame[notice] QLabel { border: 0; }
""")


def base_size(application: QApplication) -> int:
    """Return the base font size in pixels: slightly less than that of the system's menus."""
    return max(SMALLEST_TYPE, round(0.87 * QFontInfo(application.font()).pixelSize()))


def style_sheet(palette: Palette, base: int = SMALLEST_TYPE) -> str:
    """Return the style sheet of a palette, for a base font size in pixels."""
    p = palette
    blend = 0.16 if p.dark else 0.08
    colours = {name: getattr(p, name) for name in ("ground", "panel", "line", "text", "muted")}
    colours |= {
        "accent": p.accent,
        "on_accent": p.on_accent,
        "accent_hover": mix(p.accent, p.text, 0.15),
        # Text in the accent, on the panel: the contrast suffices in both themes.
        "accent_text": p.accent,
        "hover": mix(p.panel, p.accent, blend),
        # The selected row of a table.
        "chosen": mix(p.panel, p.accent, 0.2 if p.dark else 0.12),
        "press": mix(p.panel, p.accent, 2 * blend),
        "edge": mix(p.line, p.muted, 0.45),
        "faint": mix(p.muted, p.panel, 0.35),
        "red_text": mix(p.red, p.text, 0.15),
    }
    for name, colour in (("red", p.red), ("amber", p.amber), ("info", p.accent)):
        colours[f"{name}_ground"] = mix(p.panel, colour, blend)
        colours[f"{name}_line"] = mix(p.panel, colour, 0.5)
    sizes = {"base": base, "small": base - 2, "lead": base + 2, "title": base + 7}
    images = {
        "chevron": _image(f"chevron-{p.name}.svg"),
        "tick_on": _image(f"check-{p.name}.svg"),
        # Beside a menu item the tick is on the panel, not on the accent.
        "tick": _image(f"check-{'light' if p.dark else 'dark'}.svg"),
    }
    return _SHEET.substitute(colours, **sizes, **images)


def qt_palette(palette: Palette) -> QPalette:
    """Return the Qt palette, for everything that a style sheet does not affect."""
    result = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, palette.ground),
        (role.WindowText, palette.text),
        (role.Base, palette.panel),
        (role.AlternateBase, palette.ground),
        (role.ToolTipBase, palette.panel),
        (role.ToolTipText, palette.text),
        (role.Text, palette.text),
        (role.PlaceholderText, palette.muted),
        (role.Button, palette.panel),
        (role.ButtonText, palette.text),
        (role.BrightText, palette.red),
        (role.Link, palette.accent),
        (role.Highlight, palette.accent),
        (role.HighlightedText, palette.on_accent),
        (role.Light, palette.panel),
        (role.Midlight, palette.line),
        (role.Mid, palette.line),
        (role.Dark, palette.muted),
        (role.Shadow, palette.line),
    ):
        result.setColor(which, QColor(colour))
    disabled = QColor(mix(palette.muted, palette.panel, 0.35))
    for which in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, which, disabled)
    return result


def apply(application: QApplication, palette: Palette) -> None:
    """Apply the colours of *palette* to the application and all of its windows."""
    if application.style().objectName().lower() != "fusion":
        # The only style that takes all colours from its palette on every system.
        application.setStyle(QStyleFactory.create("Fusion"))
    application.setPalette(qt_palette(palette))
    application.setStyleSheet(style_sheet(palette, base_size(application)))
    application.setProperty("palette", palette.name)


def _image(name: str) -> str:
    """Return the path of an image among the resources, in the form for a style sheet."""
    return str(importlib.resources.files("wattui.resources") / name).replace("\\", "/")
