# SPDX-License-Identifier: GPL-3.0-or-later
"""The state that is saved for the next start: size, port, channels, preferences."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from traits.api import TraitError

from wattui.errors import WattuiError
from wattui.measurement.fields import CHANNEL
from wattui.ui.dialogs.preferences import PREFERENCES, Preference
from wattui.ui.theme.palette import LIGHT

if TYPE_CHECKING:
    from wattui.desktop.preferences_file import PreferencesFile
    from wattui.ui.window.window_model import WindowModel

_log = logging.getLogger(__name__)

#: A file that was replayed is not a port to connect to next time.
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
        for row in PREFERENCES:
            value = getattr(settings, row.key, settings.unknown.get(row.key))
            if value is not None:
                _try_to_set(*_target(model, row), value)
        model.bench.colours = list(LIGHT.meters)
        model.bench.identities = {key: dict(one) for key, one in settings.meters.items()}
        channels = [name for name in settings.channels if name in CHANNEL]
        if channels:
            model.channels = channels
        if len(settings.window) == 4:
            width, height = settings.window[2:]
            if LEAST[0] <= width <= MOST[0] and LEAST[1] <= height <= MOST[1]:
                model.trait_set(width=width, height=height)
        model.remember_port(settings.port)

    def save(self, model: WindowModel) -> None:
        """Save the settings on a separate thread; closing the bench waits for it."""
        settings = self.settings
        for row in PREFERENCES:
            value = getattr(*_target(model, row))
            if hasattr(settings, row.key):
                setattr(settings, row.key, value)
            else:
                settings.unknown[row.key] = value
        settings.meters = {key: dict(one) for key, one in model.bench.identities.items()}
        settings.channels = list(model.channels)
        if not _REPLAYED.search(model.port):
            settings.port = model.port
        settings.window = [0, 0, int(model.width), int(model.height)]
        model.bench.main_thread.run("settings", lambda: _write(settings))


def _target(model: WindowModel, row: Preference) -> tuple[Any, str]:
    """Return the object and the name of the trait that a preference sets."""
    owner, _, name = row.trait.partition(".")
    return {"model": model, "bench": model.bench, "watch": model.watch}[owner], name


def _write(settings: PreferencesFile) -> None:
    try:
        settings.save()
    except WattuiError as error:
        # The window closes even if the disk does not accept data.
        _log.warning("%s", error)


def _try_to_set(target: Any, name: str, value: object) -> None:
    try:
        setattr(target, name, value)
    except TraitError:
        _log.info("the saved %s = %r no longer makes sense", name, value)
