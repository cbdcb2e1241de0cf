# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

import pytest

from wattui.ui.theme.palette import DARK, LIGHT, contrast, mix
from wattui.ui.theme.style_sheet import style_sheet
from wattui.ui.theme.system_theme import choose


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
def test_text_is_readable(palette):
    blend = 0.16 if palette.dark else 0.08
    for written, ground in (
        (palette.text, palette.panel),
        (palette.muted, palette.panel),
        (palette.accent, palette.panel),
        (palette.on_accent, palette.accent),
        *((palette.text, mix(palette.panel, c, blend)) for c in (palette.red, palette.accent)),
    ):
        assert contrast(written, ground) >= 4.5, (written, ground)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
def test_every_image_of_the_style_sheet_is_there(palette):
    from pathlib import Path

    paths = re.findall(r'url\("([^"]+)"\)', style_sheet(palette))
    assert len(paths) >= 3
    assert all(Path(path).is_file() for path in paths)


def test_the_theme_follows_the_system_unless_it_was_chosen():
    assert choose("system", True) is DARK
    assert choose("system", False) is LIGHT
    assert choose("light", True) is LIGHT
    assert choose("dark", False) is DARK
    assert choose("nonsense", False) is LIGHT
