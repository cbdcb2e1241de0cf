# SPDX-License-Identifier: GPL-3.0-or-later
"""Twelve curves look different, also to people with colour-blindness.

Each kind is simulated as by Machado, Oliveira and Fernandes (2009), and differences are those
of CIEDE2000: 2 is just seen side by side, 10 at a glance.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from wattui.ui.theme.palette import DARK, LIGHT, contrast, rgb

#: From linear RGB to linear RGB as it is seen, at full severity.
VISIONS = {
    "full": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}

#: From linear RGB to CIE XYZ, and the white of sRGB.
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = TO_XYZ @ np.ones(3)

THEMES = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
SEEN = pytest.mark.parametrize("vision", VISIONS.values(), ids=VISIONS)


def lab(colour, vision):
    """Return L*, a* and b* of a colour as it is seen."""
    parts = np.array(rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    ratio = TO_XYZ @ np.clip(vision @ linear, 0, 1) / WHITE
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return float(116 * y - 16), float(500 * (x - y)), float(200 * (y - z))


def difference(one, other):
    """Return the CIEDE2000 difference of two colours in L*a*b*."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    chroma = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * math.sqrt(chroma**7 / (chroma**7 + 25**7))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = (math.degrees(math.atan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    hue = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    light, mean = (l1 + l2) / 2, (c1 + c2) / 2
    weight = 1 - 0.17 * _cos(hue - 30) + 0.24 * _cos(2 * hue)
    weight += 0.32 * _cos(3 * hue + 6) - 0.20 * _cos(4 * hue - 63)
    by_light = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / math.sqrt(20 + (light - 50) ** 2))
    by_chroma = (c2 - c1) / (1 + 0.045 * mean)
    by_hue = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn) / 2) / (1 + 0.015 * mean * weight)
    angle = 60 * math.exp(-(((hue - 275) / 25) ** 2))
    twist = -math.sin(math.radians(angle)) * 2 * math.sqrt(mean**7 / (mean**7 + 25**7))
    return math.sqrt(by_light**2 + by_chroma**2 + by_hue**2 + twist * by_chroma * by_hue)


def _cos(degrees):
    return math.cos(math.radians(degrees))


def seen_apart(one, other, vision):
    return difference(lab(one, vision), lab(other, vision))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
        ((50.0, 2.5, 0.0), (61.0, -5.0, 29.0), 22.8977),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_differences_are_those_published_by_sharma_and_others(one, other, expected):
    assert difference(one, other) == pytest.approx(expected, abs=1e-4)


@SEEN
@THEMES
def test_any_two_of_twelve_curves_look_different(palette, vision):
    for one, other in itertools.combinations(palette.meters, 2):
        assert seen_apart(one, other, vision) >= 10, (one, other)


@SEEN
@THEMES
def test_curves_of_meters_that_follow_one_another_look_very_different(palette, vision):
    for one, other in itertools.pairwise(palette.meters):
        assert seen_apart(one, other, vision) >= 15, (one, other)


@SEEN
@THEMES
def test_the_first_six_look_very_different(palette, vision):
    for one, other in itertools.combinations(palette.meters[:6], 2):
        assert seen_apart(one, other, vision) >= 13.5, (one, other)


@SEEN
@THEMES
def test_no_meter_looks_like_the_total(palette, vision):
    for colour in palette.meters:
        assert seen_apart(colour, palette.text, vision) >= 8, colour


@THEMES
def test_every_curve_stands_out_from_its_ground(palette):
    for colour in palette.meters:
        for ground in (palette.plot, palette.gap):
            assert contrast(colour, ground) >= (3.0 if ground is palette.plot else 2.5), colour
