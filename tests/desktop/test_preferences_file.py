# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered, and the folders in which things are kept."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.desktop import folders
from wattui.desktop.preferences_file import PreferencesFile
from wattui.errors import DiskRefused


def test_settings_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.json"
    settings = PreferencesFile.load(path)
    settings.port = "/dev/ttyUSB0"
    settings.rate = 0.31
    settings.currency = "€"
    settings.window = [10, 20, 1200, 800]
    settings.meters["A80012"] = {"name": "desk", "colour": "#009e73"}
    settings.save()
    assert PreferencesFile.load(path) == settings
    assert [one.name for one in path.parent.iterdir()] == ["settings.json"]


def test_a_file_whose_name_is_not_utf_8_is_remembered(tmp_path: Path) -> None:
    settings = PreferencesFile.load(tmp_path / "settings.json")
    settings.remember_session(Path("/") / os.fsdecode(b"caf\xe9.wattui"))
    settings.save()
    assert PreferencesFile.load(settings.path) == settings


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = PreferencesFile.load(tmp_path / "settings.json")
    assert (settings.rate, settings.interval, settings.theme) == (0.08, 1, "system")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text", ["", "{", "[1, 2]", "\xff\xfe", "null", '{"rate": 1e999}', "[" * 99]
)
def test_a_broken_file_counts_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text, encoding="latin-1")
    assert PreferencesFile.load(path) == PreferencesFile(path=path)


def test_values_of_the_wrong_type_are_left_out_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    values = {"interval": "fast", "rate": True, "window": [1, "x"], "port": "sim://", "meters": 3}
    path.write_text(json.dumps(values))
    assert PreferencesFile.load(path) == PreferencesFile(path=path, port="sim://")


def test_what_a_later_version_wrote_stays(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"hologram": {"depth": 3}, "rate": 1}))
    settings = PreferencesFile.load(path)
    settings.currency = "€"
    settings.save()
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["hologram"] == {"depth": 3}
    assert (found["rate"], found["currency"]) == (1, "€")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(list(PreferencesFile(path=Path()).to_dict())), _json))
def test_no_value_whatever_breaks_them(values: dict[str, object]) -> None:
    settings, defaults = PreferencesFile(path=Path()), PreferencesFile(path=Path())
    settings.update(values)
    for name, default in defaults.to_dict().items():
        kind = (int, float) if isinstance(default, float) else type(default)
        assert isinstance(getattr(settings, name), kind)


def test_settings_that_cannot_be_written_leave_the_old_ones(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = PreferencesFile.load(tmp_path / "file" / "settings.json")
    with pytest.raises(DiskRefused) as caught:
        settings.save()
    assert caught.value.hint


def test_recent_sessions_are_few_and_the_latest_first(tmp_path: Path) -> None:
    settings = PreferencesFile(path=tmp_path / "s.json")
    for number in (*range(12), 5):
        settings.remember_session(Path(f"{number}.wattui"))
    assert settings.recent[:2] == [
        str(Path("5.wattui").absolute()),
        str(Path("11.wattui").absolute()),
    ]
    assert len(settings.recent) == len(settings.recent_times) == 10


def test_a_recent_session_was_listed_once_for_each_way_of_writing_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = PreferencesFile(path=tmp_path / "s.json", recent=["run.wattui", "old.wattui"])
    assert settings.recent_sessions() == [("run.wattui", 0), ("old.wattui", 0)]
    for name in ("run.wattui", "./run.wattui", str(tmp_path / "x" / ".." / "run.wattui")):
        settings.remember_session(Path(name))
        assert settings.recent == [str(tmp_path / "run.wattui"), str(tmp_path / "old.wattui")]
    settings.save()
    times = [when > 0 for _name, when in PreferencesFile.load(settings.path).recent_sessions()]
    assert times == [True, False]


def test_folders_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATTUI_DATA", "/somewhere")
    monkeypatch.setenv("WATTUI_CONFIG", "~/else")
    assert folders.sessions_folder() == Path("/somewhere/sessions")
    assert folders.preferences_path() == Path.home() / "else" / "settings.json"
    monkeypatch.delenv("WATTUI_DATA")
    monkeypatch.delenv("WATTUI_CONFIG")
    assert folders.data_folder().name == "wattui"
    assert folders.config_folder().name == "wattui"
