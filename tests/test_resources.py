# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from importlib import resources


def test_the_resources_are_installed() -> None:
    assert (resources.files("wattui.resources") / "__init__.py").is_file()
