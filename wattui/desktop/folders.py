# SPDX-License-Identifier: GPL-3.0-or-later
"""Where wattui keeps things: sessions in the data folder, settings in the configuration.

Both follow the system's conventions (``platformdirs``); the environment variables
``WATTUI_DATA`` and ``WATTUI_CONFIG`` put another folder in their place.  Nothing
here creates a folder: whoever writes does.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import platformdirs

#: Environment variable that names another data folder.
DATA_VARIABLE: Final = "WATTUI_DATA"

#: Environment variable that names another configuration folder.
CONFIG_VARIABLE: Final = "WATTUI_CONFIG"


def data_folder() -> Path:
    """Give the folder of what must be kept."""
    chosen = os.environ.get(DATA_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    return Path(platformdirs.user_data_dir("wattui", appauthor=False))


def sessions_folder() -> Path:
    """Give the folder into which every run is recorded."""
    return data_folder() / "sessions"


def config_folder() -> Path:
    """Give the folder of the settings."""
    chosen = os.environ.get(CONFIG_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    return Path(platformdirs.user_config_dir("wattui", appauthor=False))


def settings_file() -> Path:
    """Give the path of the settings."""
    return config_folder() / "settings.json"
