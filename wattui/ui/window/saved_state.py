# SPDX-License-Identifier: GPL-3.0-or-later
"""The state that is saved until the next start: size, port, channels, preferences."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from traits.api import TraitError

from wattui.errors import WattuiError
from wattui.measurement.fields import CHANNEL
from wattui.ui.theme.palette import LIGHT

if TYPE_CHECKING:
    from wattui.desktop.preferences_file import PreferencesFile
    from wattui.ui.window.window_model import WindowModel

_log = logging.getLogger(__name__)

#: Preferences, and the traits of the window's model that they are kept in.
_OF_MODEL = {
    "theme": "theme",
    "interval": "interval",
    "time_axis": "clock_mode",
    "energy_unit": "energy_unit",
}

#: Preferences of the bench.
_OF_BENCH = ("rate", "currency")

#: A file that was replayed is not the port to connect to the next time.
_REPLAYED = re.compile(r"^sim://.*[?&]replay=")

#: The least and the largest window that makes sense, in pixels.
LEAST = (800, 520)
MOST = (10_000, 10_000)


class SavedState:
    """Restores the settings in the model of a new window, and saves them when it closes."""

    def __init__(self, settings: PreferencesFile) -> None:
        #: The settings themselves.
        self.settings = settings

    def restore(self, model: WindowModel) -> None:
        """Restore the settings; values that no longer make sense are left out."""
        settings = self.settings
        for name, trait in _OF_MODEL.items():
            _try_to_set(model, trait, getattr(settings, name))
        for name in _OF_BENCH:
            _try_to_set(model.bench, name, getattr(settings, name))
        model.bench.colours = list(LIGHT.meters)
        model.bench.identities = {key: dict(one) for key, one in settings.meters.items()}
        _try_to_set(model, "arrangement", settings.arrangement)
        channels = [name for name in settings.channels if name in CHANNEL]
        if channels:
            model.channels = channels
        if len(settings.window) == 4:
            width, height = settings.window[2:]
            if LEAST[0] <= width <= MOST[0] and LEAST[1] <= height <= MOST[1]:
                model.trait_set(width=width, height=height)
        model.maximized = settings.unknown.get("maximized") is True
        model.remember_port(settings.port)

    def save(self, model: WindowModel) -> None:
        """Save the settings on a thread of their own; closing the bench waits for it."""
        settings = self.settings
        for name, trait in _OF_MODEL.items():
            setattr(settings, name, getattr(model, trait))
        for name in _OF_BENCH:
            setattr(settings, name, getattr(model.bench, name))
        settings.meters = {key: dict(one) for key, one in model.bench.identities.items()}
        settings.arrangement = model.arrangement
        settings.channels = list(model.channels)
        if not _REPLAYED.search(model.port):
            settings.port = model.port
        settings.window = [0, 0, int(model.width), int(model.height)]
        settings.unknown["maximized"] = bool(model.maximized)
        model.bench.main_thread.run("settings", lambda: _write(settings))


def _write(settings: PreferencesFile) -> None:
    try:
        settings.save()
    except WattuiError as error:
        # The window closes although the disk does not accept data.
        _log.warning("%s", error)


def _try_to_set(target: Any, name: str, value: object) -> None:
    try:
        setattr(target, name, value)
    except TraitError:
        _log.info("the saved %s = %r no longer makes sense", name, value)
