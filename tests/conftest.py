# SPDX-License-Identifier: GPL-3.0-or-later
"""What every test stands on: no screen, no file outside of a temporary folder.

The variables are set before anything is imported that reads them, and are
inherited by the programs that tests start.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QT_API"] = "pyqt5"
os.environ["ETS_TOOLKIT"] = "qt.qpainter"
for _name in ("QT_SCALE_FACTOR", "QT_STYLE_OVERRIDE", "QT_PLUGIN_PATH", "WATTUI_THEME"):
    os.environ.pop(_name, None)

#: Stands in for the home of whoever runs the tests; gone at the end.
_HOME = Path(tempfile.mkdtemp(prefix="wattui-tests-"))
_MAIN_PROCESS = os.getpid()


@atexit.register
def _remove_home() -> None:
    if os.getpid() == _MAIN_PROCESS:
        shutil.rmtree(_HOME, ignore_errors=True)


def _point_into(folder: Path) -> dict[str, str]:
    """Give the variables that say where files go."""
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


@pytest.fixture(autouse=True)
def _folders_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give each test data and settings folders that nobody has used."""
    folder = tmp_path_factory.mktemp("home", numbered=True)
    before = dict(os.environ)
    os.environ.update(_point_into(folder))
    yield
    for name in _point_into(folder):
        os.environ[name] = before[name]
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True, scope="session")
def _traits_handlers_raise() -> Iterator[None]:
    """Let an exception in a handler of a trait fail its test; Traits only logs it."""
    from traits import api
    from traits.observation import api as observation

    api.push_exception_handler(lambda *_: None, reraise_exceptions=True, main=True)
    observation.push_exception_handler(lambda *_: None, reraise_exceptions=True)
    yield
    observation.pop_exception_handler()
    api.pop_exception_handler()


@pytest.fixture
def captures() -> Path:
    """Give the folder of the real captures, which are not part of the project."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "samples"
    if not (folder / "fan.raw").exists():
        pytest.skip(f"the captures of a real meter are not at {folder}")
    return folder


@pytest.fixture
def program() -> list[str]:
    """Give the start of a command line that runs wattui as its users do."""
    return [sys.executable, "-m", "wattui"]
