# SPDX-License-Identifier: GPL-3.0-or-later
"""The colours of the window, light and dark: read by the style sheet and by the plots.

Colours are ``#rrggbb``.  Text has a contrast of at least 4.5 to 1 on what it is
written on, a curve one of at least 3 to 1 on its plot.  No toolkit is needed here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from wattui.measurement.fields import CHANNELS


def rgb(colour: str) -> tuple[float, float, float]:
    """Give ``#rrggbb`` as red, green and blue from 0 to 1."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red / 255, green / 255, blue / 255


def rgba(colour: str, alpha: float = 1.0) -> tuple[float, float, float, float]:
    """Give ``#rrggbb`` as red, green, blue and *alpha* from 0 to 1."""
    return (*rgb(colour), alpha)


def mix(colour: str, other: str, share: float) -> str:
    """Give *colour* with a *share* (0 to 1) of *other* in it."""
    pairs = zip(rgb(colour), rgb(other), strict=True)
    return "#" + "".join(f"{round((a + (b - a) * share) * 255):02x}" for a, b in pairs)


def luminance(colour: str) -> float:
    """Give the relative luminance from 0 to 1 (WCAG 2.1)."""
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour: str, other: str) -> float:
    """Give the contrast of two colours, from 1 to 21 (WCAG 2.1)."""
    low, high = sorted((luminance(colour), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme."""

    #: ``light`` or ``dark``.
    name: str
    #: Behind everything.
    ground: str
    #: Bars, panels, fields to type into.
    panel: str
    #: Behind a curve.
    plot: str
    #: Borders and separators.
    line: str
    #: Lines across a plot, fainter than its border.
    grid: str
    #: What is to be read.
    text: str
    #: Labels, units, what matters less.
    muted: str
    #: The button that is on, the selection, the view in the strip.
    accent: str
    #: Text upon the accent.
    on_accent: str
    #: State: recording; also good news.
    ok: str
    #: State: unplugged, trying again.
    amber: str
    #: State: failed; the disk refuses.
    red: str
    #: Behind a curve where records are missing.
    gap: str
    #: A channel's colour when there is one meter.
    channels: dict[str, str] = field(repr=False)
    #: One colour a meter when there are several.
    meters: tuple[str, ...] = field(repr=False)

    @property
    def dark(self) -> bool:
        """Tell whether this is the dark theme."""
        return luminance(self.ground) < 0.5

    @property
    def power(self) -> str:
        """The colour of power."""
        return self.channels["power"]

    @property
    def current(self) -> str:
        """The colour of current."""
        return self.channels["current"]

    @property
    def voltage(self) -> str:
        """The colour of voltage."""
        return self.channels["voltage"]

    @property
    def energy(self) -> str:
        """The colour of energy."""
        return self.channels["integrated_energy"]

    def channel(self, name: str) -> str:
        """Give a channel's colour; the text's for a name that is none."""
        return self.channels.get(name, self.text)

    def meter(self, index: int) -> str:
        """Give the colour of the meter at *index*; they repeat after the last."""
        return self.meters[index % len(self.meters)]

    def shown(self, colour: str) -> str:
        """Give a meter's colour as it is shown in this theme: its own of the same place.

        A colour that is none of the twelve is kept as long as it shows on a plot.
        """
        for colours in METER_COLOURS.values():
            if colour.lower() in colours:
                return self.meters[colours.index(colour.lower())]
        try:
            faint = contrast(colour, self.plot) < 2.5
        except ValueError:
            return ""
        return mix(colour, self.text, 0.45) if faint else colour


def _channels(colours: str) -> dict[str, str]:
    """Pair the colours with the channels, in the order of CHANNELS."""
    names = (channel.name for channel in CHANNELS)
    return dict(zip(names, colours.split(), strict=True))


#: Twelve colours for meters on white.  The first seven stay apart for colour-blind
#: people; later ones differ from their neighbours in lightness as well.
_METERS_LIGHT: Final = (
    *("#0072b2", "#d55e00", "#009e73", "#9b4f96", "#b07d00", "#2b3a8c"),
    *("#c0392b", "#3b8fc7", "#5b7c1d", "#6a51c7", "#c2558f", "#6f5a46"),
)
_METERS_DARK: Final = (
    *("#56b4e9", "#ff8b4a", "#2fce9f", "#d08ccb", "#f0c243", "#5c7cfa"),
    *("#ff7a6e", "#8fd0ff", "#a5cf5a", "#a797ff", "#ff9ccb", "#c7ab8f"),
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
    channels=_channels(
        "#e07a00 #009e73 #0072b2 #9b4f96 "
        "#b5487d #5f7f1f #c0492b #6a51c7 #7a6a1f "
        "#7d5fb8 #8a7a2f #3f7f8c #5f6b78 "
        "#c25f00 #1f8563 #2f62a3 #b8862f #4a9a5b #3f8fc4"
    ),
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
    channels=_channels(
        "#ffa83d #2fce9f #56b4e9 #d08ccb "
        "#f08fb8 #a9cc5e #ff8a6b #a797ff #d8c65a "
        "#b9a3f0 #cfbf6b #7cc4d1 #a8b3be "
        "#ff8f3d #5fdcb8 #86a9f5 #f2c879 #8fdc9c #8fd0ff"
    ),
    meters=_METERS_DARK,
)

#: The themes, by name.
PALETTES: Final[dict[str, Palette]] = {"light": LIGHT, "dark": DARK}
