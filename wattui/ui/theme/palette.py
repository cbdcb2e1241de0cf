# SPDX-License-Identifier: GPL-3.0-or-later
"""The colours of the window, light and dark, for the style sheet and the plots.

Colours are ``#rrggbb``.  The contrast of text is at least 4.5 to 1, and the contrast of a
curve on its plot at least 3 to 1.  No toolkit is needed here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


def rgb(colour: str) -> tuple[float, float, float]:
    """Convert ``#rrggbb`` to red, green and blue from 0 to 1."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red / 255, green / 255, blue / 255


def rgba(colour: str, alpha: float = 1.0) -> tuple[float, float, float, float]:
    """Convert ``#rrggbb`` to red, green, blue and *alpha* from 0 to 1."""
    return (*rgb(colour), alpha)


def mix(colour: str, other: str, share: float) -> str:
    """Mix a *share* (0 to 1) of the *other* colour into *colour*."""
    pairs = zip(rgb(colour), rgb(other), strict=True)
    return "#" + "".join(f"{round((a + (b - a) * share) * 255):02x}" for a, b in pairs)


def luminance(colour: str) -> float:
    """Return the relative luminance from 0 to 1 (WCAG 2.1)."""
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.1)."""
    low, high = sorted((luminance(colour), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme."""

    #: ``light`` or ``dark``.
    name: str
    #: Behind everything.
    ground: str
    #: Bars, panels, input fields.
    panel: str
    #: Behind a curve.
    plot: str
    #: Borders and separators.
    line: str
    #: Lines across a plot, fainter than its border.
    grid: str
    #: Text.
    text: str
    #: Labels, units, less important text.
    muted: str
    #: A button that is on, the selection, the view in the strip.
    accent: str
    #: Text on the accent.
    on_accent: str
    #: State: recording; also success.
    ok: str
    #: State: unplugged, trying again.
    amber: str
    #: State: failed, or the disk is not accepting data.
    red: str
    #: Behind a curve where records are missing.
    gap: str
    #: Colours of the curves of a single meter, by channel.
    channels: dict[str, str] = field(repr=False)
    #: Colours of the curves of several meters.
    meters: tuple[str, ...] = field(repr=False)

    @property
    def dark(self) -> bool:
        """Whether this is the dark theme."""
        return luminance(self.ground) < 0.5

    def channel(self, name: str) -> str:
        """Return the colour of a channel; that of text for an unknown name."""
        return self.channels.get(name, self.text)

    def meter(self, index: int) -> str:
        """Return the colour of the meter at *index*; they repeat after the last one."""
        return self.meters[index % len(self.meters)]

    def shown(self, colour: str) -> str:
        """Return a meter's colour in this theme, for one that was chosen in any theme.

        A colour that is not one of the twelve stays as it is if it is visible on a plot.
        """
        for colours in METER_COLOURS.values():
            if colour.lower() in colours:
                return self.meters[colours.index(colour.lower())]
        try:
            faint = contrast(colour, self.plot) < 2.5
        except ValueError:
            return ""
        return mix(colour, self.text, 0.45) if faint else colour


#: The colours of the channels, by name: on light and on dark ground.
CHANNEL_COLOURS: Final[dict[str, tuple[str, str]]] = {
    "power": ("#e07a00", "#ffa83d"),
    "current": ("#009e73", "#2fce9f"),
    "voltage": ("#0072b2", "#56b4e9"),
    "integrated_energy": ("#9b4f96", "#d08ccb"),
    "power_factor": ("#b5487d", "#f08fb8"),
    "frequency": ("#5f7f1f", "#a9cc5e"),
    "apparent_power": ("#c0492b", "#ff8a6b"),
    "energy": ("#6a51c7", "#a797ff"),
    "cost": ("#7a6a1f", "#d8c65a"),
    "energy_per_month": ("#7d5fb8", "#b9a3f0"),
    "cost_per_month": ("#8a7a2f", "#cfbf6b"),
    "duty_cycle": ("#3f7f8c", "#7cc4d1"),
    "power_cycles": ("#5f6b78", "#a8b3be"),
    "power_max": ("#c25f00", "#ff8f3d"),
    "current_max": ("#1f8563", "#5fdcb8"),
    "voltage_max": ("#2f62a3", "#86a9f5"),
    "power_min": ("#b8862f", "#f2c879"),
    "current_min": ("#4a9a5b", "#8fdc9c"),
    "voltage_min": ("#3f8fc4", "#8fd0ff"),
}

#: Twelve colours for meters on white and on dark ground.  Any two of them, and the colour of
#: the total, look different with each kind of colour-blindness; the first six, and those that
#: follow one another, more so.  ``tests/ui/theme/test_colour_blindness.py`` measures it.
_METERS_LIGHT: Final = (
    *("#3e73a1", "#df6a16", "#29a576", "#864668", "#a41e00", "#243288"),
    *("#c5452f", "#188df4", "#5d8051", "#6342f8", "#c17192", "#573423"),
)
_METERS_DARK: Final = (
    *("#b8d6ff", "#d85d1f", "#0cebaf", "#b98dbc", "#f89d02", "#627fff"),
    *("#bb7570", "#5db6fa", "#b3dc76", "#8c72b7", "#f4abc9", "#b6ac7f"),
)

#: Twelve colours for meters, by theme.
METER_COLOURS: Final[dict[str, tuple[str, ...]]] = {"light": _METERS_LIGHT, "dark": _METERS_DARK}

LIGHT: Final = Palette(
    name="light",
    ground="#f4f5f7",
    panel="#ffffff",
    plot="#ffffff",
    line="#dfe3e8",
    grid="#eceff2",
    text="#1f2933",
    muted="#65717e",
    accent="#1f6fc4",
    on_accent="#ffffff",
    ok="#1a7f37",
    amber="#a35f00",
    red="#cf2f2f",
    gap="#e8ebed",
    channels={name: light for name, (light, _dark) in CHANNEL_COLOURS.items()},
    meters=_METERS_LIGHT,
)

DARK: Final = Palette(
    name="dark",
    ground="#1e2227",
    panel="#262b31",
    plot="#1a1d21",
    line="#3a4149",
    grid="#2b3037",
    text="#e6e9ec",
    muted="#9aa4ae",
    accent="#4c9be8",
    on_accent="#0e1620",
    ok="#3fb950",
    amber="#e3a33b",
    red="#ff6b61",
    gap="#31363c",
    channels={name: dark for name, (_light, dark) in CHANNEL_COLOURS.items()},
    meters=_METERS_DARK,
)
