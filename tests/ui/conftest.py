# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches every test of a window: traits are set by the main thread, and no disk is waited for."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from traits.api import HasTraits
from traits.ctraits import CHasTraits
from traits.trait_dict_object import TraitDictObject
from traits.trait_list_object import TraitListObject

import wattui

_PACKAGE = Path(wattui.__file__).parent

#: The program and the system: without their disk there is no window at all.
_SYSTEM = (
    *(str(_PACKAGE.parent), sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix)),
    *("/usr", "/etc", "/proc", "/sys", "/dev", "/run", "/lib", "/sbin"),
)

#: Where the main thread may wait for a disk, and why.
_ALLOWED = {
    "ui/app.py application": "there is no window yet",
    "ui/window/handler.py shut_down": "there is no window any longer",
    "ui/figure/figure_file.py save": "`wattui plot` has no window",
}

_AUDITED = frozenset(
    ("open", "sqlite3.connect", "os.listdir", "os.scandir", "os.remove", "os.rename", "os.mkdir")
)


class _Watch:
    """Collects what a test does on the wrong thread."""

    def __init__(self) -> None:
        self.on = False
        self.faults: list[str] = []

    def trait_set(self, owner: object, name: str) -> None:
        """Remember that a trait of *owner* is set."""
        if not self.on or threading.current_thread() is threading.main_thread():
            return
        if not isinstance(owner, HasTraits) or not owner.traits_inited():
            return
        places = _places()
        # Without a window, the thread that posts a call runs it.
        if "model/main_thread.py _hand_over" not in places:
            thread = threading.current_thread().name
            self.faults.append(f"{thread} sets {type(owner).__name__}.{name}: {places}")

    def disk(self, what: str, path: object) -> None:
        """Remember that a disk is waited for."""
        if not self.on or threading.current_thread() is not threading.main_thread():
            return
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        name = os.fsdecode(path)
        if name in ("", ":memory:") or name.startswith(_SYSTEM) or "site-packages" in name:
            return
        self.on = False  # Reading the source lines of the stack is not a fault.
        places = _places()
        self.on = True
        # Modules are loaded on first use, from the disk of the program.
        if any(place.endswith("<module>") for place in places):
            return
        of_window = any(place.startswith(("ui/", "model/")) for place in places)
        if of_window and not _ALLOWED.keys() & set(places):
            self.faults.append(f"{what} of {name} on the main thread: {places}")


def _places() -> list[str]:
    """Return the functions of wattui that led here, outermost first."""
    frames = [frame for frame, _line in traceback.walk_stack(sys._getframe())]
    codes = [frame.f_code for frame in reversed(frames)]
    start = len(str(_PACKAGE)) + 1
    ours = [code for code in codes if code.co_filename.startswith(str(_PACKAGE))]
    return [f"{code.co_filename[start:]} {code.co_name}" for code in ours]


_watch = _Watch()


def _on_audit(event: str, arguments: tuple) -> None:
    if _watch.on and event in _AUDITED:
        _watch.disk(event, arguments[0])


sys.addaudithook(_on_audit)


def _watch_traits(patch: pytest.MonkeyPatch, found: type) -> None:
    def setting(self: object, name: str, value: object) -> None:
        _watch.trait_set(self, name)
        CHasTraits.__setattr__(self, name, value)

    patch.setattr(found, "__setattr__", setting, raising=False)


def _watch_items(patch: pytest.MonkeyPatch, kind: type) -> None:
    original = kind.notify

    def notify(self, *arguments, **named):
        _watch.trait_set(self.object(), self.name)
        return original(self, *arguments, **named)

    patch.setattr(kind, "notify", notify)


def _watch_disk(patch: pytest.MonkeyPatch, name: str) -> None:
    original = getattr(os, name)

    def waiting(path, *arguments, **named):
        _watch.disk(f"os.{name}", path)
        return original(path, *arguments, **named)

    patch.setattr(os, name, waiting)


def _first_of_wattui() -> Iterator[type]:
    """Yield the classes of the model and the window whose base is a library's."""
    pending: list[type] = [HasTraits]
    while pending:
        for found in pending.pop().__subclasses__():
            if found.__module__.startswith(("wattui.model", "wattui.ui")):
                yield found
            else:
                pending.append(found)


@pytest.fixture(autouse=True)
def _each_thread_keeps_to_its_work(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that sets a trait off the main thread, or waits for a disk on it."""
    for found in set(_first_of_wattui()):
        _watch_traits(monkeypatch, found)
    for kind in (TraitListObject, TraitDictObject):
        _watch_items(monkeypatch, kind)
    for name in ("stat", "lstat", "access", "fsync"):
        _watch_disk(monkeypatch, name)
    _watch.faults.clear()
    _watch.on = True
    yield
    _watch.on = False
    assert not _watch.faults, "\n".join(_watch.faults[:5])
