# SPDX-License-Identifier: GPL-3.0-or-later
"""The folders of wattui: data for sessions, configuration for preferences, logs, and a cache.

They follow the system's conventions (``platformdirs``); the environment variables
``WATTUI_DATA`` and ``WATTUI_CONFIG`` name other folders.  Nothing here creates a folder.
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
    """Return the folder for everything that must not be lost."""
    chosen = os.environ.get(DATA_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    return Path(platformdirs.user_data_dir("wattui", appauthor=False))


def sessions_folder() -> Path:
    """Return the folder that every run is recorded into.

    It need not exist yet.  ``WATTUI_DATA`` in the environment moves it.

    Returns
    -------
    Path
        The folder ``sessions`` of the user's data folder.

    Examples
    --------
    >>> recordings = sorted(sessions_folder().glob("*.wattui"))
    """
    return data_folder() / "sessions"


def config_folder() -> Path:
    """Return the folder of the preferences."""
    chosen = os.environ.get(CONFIG_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    return Path(platformdirs.user_config_dir("wattui", appauthor=False))


def cache_folder() -> Path:
    """Return the folder for what can be made again: deleting it loses nothing."""
    return Path(platformdirs.user_cache_dir("wattui", appauthor=False))


def log_folder() -> Path:
    """Return the folder of the program's logs: in the data folder if ``WATTUI_DATA`` names it."""
    if os.environ.get(DATA_VARIABLE):
        return data_folder() / "log"
    return Path(platformdirs.user_log_dir("wattui", appauthor=False))


def preferences_path() -> Path:
    """Return the path of the preferences."""
    return config_folder() / "settings.json"
