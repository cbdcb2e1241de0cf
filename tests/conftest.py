# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of every test: no screen, and no file outside a temporary folder.

The variables are set before anything that reads them is imported, and the programs
that tests start inherit them.
"""

from __future__ import annotations

import atexit
import gc
import logging
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QT_API"] = "pyqt5"
os.environ["ETS_TOOLKIT"] = "qt.qpainter"
for _name in ("QT_SCALE_FACTOR", "QT_STYLE_OVERRIDE", "QT_PLUGIN_PATH", "WATTUI_THEME"):
    os.environ.pop(_name, None)

# Tests start the program hundreds of times, and it is compiled once.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Until the tests are collected there is no garbage: the collector would only look for it.
gc.disable()

#: The test files that take longest, longest first.
_LONGEST = (
    "test_no_key_ends_a_recording",
    "test_app",
    "test_damage",
    "test_memory_window",
    "test_meters_table",
    "test_memory_fetch",
    "test_file_options",
    "test_closing",
    "test_every_dialog",
    "test_formats_reading",
    "test_meter_view",
    "test_marks_in_window",
    "test_small_screens",
    "test_sharing",
    "test_odd_places",
    "test_full_disk",
    "test_clock_faults",
    "test_unplugging",
    "test_window_faults",
    "test_line_faults",
    "test_kills",
    "test_real_servers",
    "test_no_number_is_cut",
    "test_export",
    "test_file_opener",
    "test_envelope",
    "test_window_sessions",
    "test_log_process",
    "test_closed_streams",
    "test_csv_file",
    "test_fetch",
    "test_hostile_names",
    "test_layers",
    "test_language",
    "test_main_window",
    "test_session_browser",
    "test_import_dialog",
    "test_context_menus",
    "test_client_faults",
    "test_readout",
)

#: A temporary home; removed at the end.
_HOME = Path(tempfile.mkdtemp(prefix="wattui-tests-"))
_MAIN_PROCESS = os.getpid()


@atexit.register
def _remove_home() -> None:
    if os.getpid() == _MAIN_PROCESS:
        shutil.rmtree(_HOME, ignore_errors=True)


def _point_into(folder: Path) -> dict[str, str]:
    """Return the environment variables that put files into *folder*."""
    names = {
        "WATTUI_DATA": "data",
        "WATTUI_CONFIG": "config",
        "XDG_DATA_HOME": "share",
        "XDG_CONFIG_HOME": "etc",
        "XDG_STATE_HOME": "state",
        "XDG_CACHE_HOME": "cache",
    }
    return {name: str(folder / leaf) for name, leaf in names.items()}


os.environ.update(_point_into(_HOME))

# A slow machine is not a failure.  The examples are the same in every run; WATTUI_THOROUGH=1
# tries more of them, and different ones each time.
settings.register_profile("usual", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=1000, deadline=None)
_THOROUGH = os.environ.get("WATTUI_THOROUGH", "") not in ("", "0")
settings.load_profile("thorough" if _THOROUGH else "usual")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest files first, so that no worker waits for another at the end."""
    place = {name: number for number, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


def pytest_collection_finish() -> None:
    """Start to collect garbage: that of the tests only, and not after every few objects."""
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Iterator[Any]:
    """Replace what is not UTF-8 in a report: it would end the whole run."""
    return _encodable((yield))


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_encodable(name): _encodable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_encodable(one) for one in value)
    return value


@pytest.fixture(autouse=True)
def _level_of_logs() -> Iterator[None]:
    """Restore the level of logs, which ``--debug`` sets."""
    levels = {name: logging.getLogger(name).level for name in ("", "wattui")}
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(autouse=True)
def _folders_of_its_own() -> Iterator[None]:
    """Point each test to new data and settings folders."""
    folder = Path(tempfile.mkdtemp(dir=_HOME))
    before = dict(os.environ)
    os.environ.update(_point_into(folder))
    yield
    for name in _point_into(folder):
        os.environ[name] = before[name]
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _no_thread_outlives_its_test() -> Iterator[None]:
    """Fail a test that leaves a thread of the program running: later ones would answer for it."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 60.0
    left = [one for one in set(threading.enumerate()) - before if one.name.startswith("wattui")]
    windows = sys.modules.get("opened_window")
    if windows is not None and windows.OPEN:  # one that several tests of a file share
        return
    for thread in left:
        thread.join(max(0.0, deadline - time.monotonic()))
        assert not thread.is_alive(), f"{thread.name} is still running"


@pytest.fixture(autouse=True, scope="session")
def _traits_handlers_raise() -> Iterator[None]:
    """Fail a test when a trait handler raises, which Traits only logs."""
    try:
        from traits import api
        from traits.observation import api as observation
    except ModuleNotFoundError:  # wattui-headless
        yield
        return
    api.push_exception_handler(lambda *_: None, reraise_exceptions=True, main=True)
    observation.push_exception_handler(lambda *_: None, reraise_exceptions=True)
    yield
    observation.pop_exception_handler()
    api.pop_exception_handler()


@pytest.fixture
def captures() -> Path:
    """Return the folder of the real captures, which are not part of the project."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "samples"
    if not (folder / "fan.raw").exists():
        pytest.skip(f"the captures of a real meter are not at {folder}")
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the timeouts of clients that are created without their own."""
    from wattui.client import Timing, meter_client

    times = Timing(answer=0.5, retry_first=0.02, retry_last=0.1)
    monkeypatch.setattr(meter_client, "Timing", lambda: times)


@pytest.fixture
def program() -> list[str]:
    """Return the command line that runs wattui as users run it."""
    return [sys.executable, "-m", "wattui"]
