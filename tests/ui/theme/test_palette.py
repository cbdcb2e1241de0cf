# SPDX-License-Identifier: GPL-3.0-or-later
"""The colours: complete, readable, distinguishable."""

from __future__ import annotations

import pytest

from wattui.measurement.fields import CHANNELS
from wattui.ui.theme.palette import (
    CHANNEL_COLOURS,
    DARK,
    LIGHT,
    METER_COLOURS,
    contrast,
    luminance,
    mix,
    rgba,
)

BOTH = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])


@BOTH
def test_text_is_readable_on_every_ground(palette):
    for ground in (palette.ground, palette.panel, palette.plot):
        assert contrast(palette.text, ground) >= 4.5
        assert contrast(palette.muted, ground) >= 4.5
    assert contrast(palette.on_accent, palette.accent) >= 4.5


@BOTH
def test_every_channel_has_a_colour_that_shows_on_the_plot(palette):
    for channel in CHANNELS:
        assert contrast(palette.channel(channel.name), palette.plot) >= 2.9, channel.name


@BOTH
def test_twelve_meters_have_colours_of_their_own(palette):
    assert len(set(palette.meters)) == 12
    assert palette.meters == METER_COLOURS[palette.name]
    assert palette.meter(12) == palette.meter(0)
    for colour in palette.meters:
        assert contrast(colour, palette.plot) >= 2.9, colour


@BOTH
def test_no_meter_has_the_colour_of_the_total(palette):
    """The sixth one was drawn like the total of all, in the colour of text."""
    for colour in palette.meters:
        red, green, blue = rgba(colour)[:3]
        assert max(red, green, blue) - min(red, green, blue) > 0.15, colour
        assert colour != palette.text
        assert palette.shown(colour) == colour


@BOTH
def test_the_four_main_quantities_are_all_different(palette):
    names = ("power", "current", "voltage", "integrated_energy")
    assert len({palette.channel(name) for name in names}) == 4


def test_every_channel_has_a_colour_in_both_themes():
    assert set(CHANNEL_COLOURS) == {channel.name for channel in CHANNELS}
    assert DARK.dark
    assert not LIGHT.dark


def test_colours_can_be_converted_and_mixed():
    assert rgba("#ff0000", 0.5) == (1.0, 0.0, 0.0, 0.5)
    assert mix("#000000", "#ffffff", 0.5) == "#808080"
    assert luminance("#ffffff") == pytest.approx(1.0)
    assert LIGHT.channel("no such channel") == LIGHT.text
